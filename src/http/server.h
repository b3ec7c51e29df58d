#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "http/message.h"
#include "http/service.h"
#include "http/tls.h"

namespace cofre::http {

/// Where a server listens.
struct Listen {
  std::string address = "127.0.0.1";  ///< IPv4 or IPv6
  std::uint16_t port = 0;             ///< 0: a free one
  std::filesystem::path unix_socket;  ///< in place of the address; made with mode 0600
};

struct Options {
  Listen listen;
  TlsSettings tls;  ///< without a certificate: plain HTTP
  unsigned threads = 2;
  Limits limits;
  /// Names that a Host header may have beside IP addresses and localhost, without case. Empty: any (behind a check of
  /// one's own). A page of a stranger whose name points at this machine is refused (DNS rebinding).
  std::vector<std::string> hosts;
};

struct Statistics {
  std::uint64_t open = 0;      ///< connections now
  std::uint64_t accepted = 0;  ///< ever
  std::uint64_t refused = 0;   ///< beyond a limit of connections
};

/// HTTP/1.1 (RFC 9110, 9112) over TLS 1.2 and 1.3, or plain. Listens once made; every public function may be called
/// from any thread. `service` outlives it.
class Server {
 public:
  /// Throws Error(unavailable, "listen") where the address cannot be had, Error(invalid) for a wrong certificate.
  Server(Options options, Service& service);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const noexcept;
  /// For connections that come from now on; those whose client showed a certificate that would not be taken any more
  /// are cut. Throws as make_tls() does, and changes nothing.
  void replace_tls(const TlsSettings& settings);
  /// For connections that come from now on, as Options have them.
  void replace_rules(const Limits& limits, std::vector<std::string> hosts);
  /// Takes no more connections, lets answers end for `grace`, then tells the streams (Responder::on_stop), and cuts
  /// what is left after another 2 s. Returns when no connection is left.
  void stop(std::chrono::milliseconds grace);
  Statistics statistics() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cofre::http
