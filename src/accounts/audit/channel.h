#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "os/spawn.h"

namespace cofre::accounts::audit {

/// A TLS connection (1.2 or 1.3) to a collector whose certificate names it. One thread; SIGPIPE must be ignored.
class Channel {
 public:
  struct Options {
    std::string host, port;
    std::string ca_file;                     ///< the only authority that is trusted; empty: the system's
    std::string certificate_file, key_file;  ///< shown to the collector; empty: none
    std::chrono::milliseconds patience{10'000};
  };
  /// Connects. Throws Error(unavailable) where the collector cannot be had, Error(invalid) for files that cannot be
  /// used, Error(cancelled) soon after `stop`.
  Channel(const Options& options, const std::stop_token& stop);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Returns when this machine has taken all of it. Throws Error(unavailable).
  void send(std::string_view bytes);
  /// Throws Error(unavailable) where the collector has ended the connection.
  void check();
  /// Bytes on the wire: given to this machine's TCP, and of them acknowledged by the collector's.
  std::uint64_t written() const;
  std::uint64_t acknowledged() const;

 private:
  void connect(const Options& options, const std::stop_token& stop);
  void start_tls(const Options& options);
  /// Waits as OpenSSL asks after a call that returned `result`; throws where there is nothing to wait for.
  void wait_for_tls(int result, const std::stop_token& stop);

  struct Free {
    void operator()(SSL_CTX* tls) const { SSL_CTX_free(tls); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  const std::chrono::milliseconds patience_;
  os::Descriptor socket_;
  std::unique_ptr<SSL_CTX, Free> tls_;
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace cofre::accounts::audit
