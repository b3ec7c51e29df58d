#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace cofre::http {

/// A request that this box sends to another server. Redirects are not followed, proxies not asked.
struct Outgoing {
  std::string url;
  std::string body{};                     ///< of a POST
  std::string type = "application/json";  ///< of the body; empty: a GET
  std::string key{};                      ///< bearer token; empty: none
  std::string user{}, password{};         ///< sent as they are (RFC 7617) where `user` is not empty
  std::string ca_file{};                  ///< an authority trusted beside the system's; empty: none
  bool trusts_ca_file_alone = false;      ///< not the system's authorities
};

/// What a server said. The status may be any.
struct Incoming {
  long status = 0;
  std::string body{};
};

/// Asks and waits for the answer: not on a thread that serves connections. Throws Error(unavailable) telling how the
/// connection failed, where it takes longer than `patience`, or where the body has more bytes than that.
Incoming ask(const Outgoing& request, std::chrono::seconds patience, std::size_t bytes_max);

/// Many requests at once on a thread of its own, their answers as they come. calls.cpp alone knows the library.
class Calls {
 public:
  struct Call : Outgoing {
    long silence_s = 600;  ///< without a byte for so long, the connection is dead
    /// Bytes of a 200 answer. On the thread of the calls: quick, must not throw.
    std::function<void(std::string_view bytes)> bytes;
    /// Comes once. Status 0: the connection failed or broke, `text` tells how; else `text` is the body of an answer
    /// other than 200.
    std::function<void(long status, std::string text)> ended;
  };

  Calls();
  ~Calls();
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  /// Any thread. Returns the call's number.
  std::uint64_t start(Call call);
  /// Any thread. Closes the connection; a function of the call that has begun ends on its own.
  void cancel(std::uint64_t number);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cofre::http
