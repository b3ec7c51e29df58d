#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "http/responder.h"

namespace cofre::http {

/// What is decided on the headers alone, before a body is read.
struct Admission {
  std::uint64_t body_bytes_max = 0;
  std::optional<Response> refusal{};  ///< in place of an answer
  std::shared_ptr<BodySink> sink{};   ///< takes the body; none: it becomes Request::body
};

/// One answered request, for the access log.
struct Record {
  std::string id, method, path, peer;
  int status = 0;  ///< 499: the client left before the answer
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::chrono::microseconds took{};
  bool cut = false;  ///< the answer was not taken to its end
};

/// What a Server serves. Called on the server's threads, several at once: be brief, never block.
class Service {
 public:
  virtual ~Service() = default;
  /// The headers are there, the body is not.
  virtual Admission admit(const Request& head) = 0;
  /// The request is whole. Answer now or later, from any thread.
  virtual void handle(Request request, Responder responder) = 0;
  /// The answer to what is no HTTP, too much or too slow: 400, 408, 413, 417, 421, 431, 500, 505.
  virtual Response refuse(int status, std::string_view message) = 0;
  virtual void finished(const Record&) {}
};

}  // namespace cofre::http
