#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace cofre::fleet {

/// Many POST requests at once on a thread of its own, their answers as they come. http_calls.cpp alone knows the
/// library.
class HttpCalls {
 public:
  struct Call {
    std::string url, body;
    std::string key;       ///< bearer token; empty: none
    std::string ca_file;   ///< an authority trusted beside the system's; empty: none
    long silence_s = 600;  ///< without a byte for so long, the connection is dead
    /// Bytes of a 200 answer. On the thread of the calls: quick, must not throw.
    std::function<void(std::string_view bytes)> bytes;
    /// Comes once. Status 0: the connection failed or broke, `text` tells how; else `text` is the body of an answer
    /// other than 200.
    std::function<void(long status, std::string text)> ended;
  };

  HttpCalls();
  ~HttpCalls();
  HttpCalls(const HttpCalls&) = delete;
  HttpCalls& operator=(const HttpCalls&) = delete;

  /// Any thread. Returns the call's number.
  std::uint64_t start(Call call);
  /// Any thread. Closes the connection; a function of the call that has begun ends on its own.
  void cancel(std::uint64_t number);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cofre::fleet
