#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"

namespace cofre::http {

/// Why a request was not understood, with the status that says so.
struct Refusal {
  int status;
  std::string message;
};

/// One HTTP/1 request out of the bytes of a connection (RFC 9112); a new one for each message. Boost.Beast parses; what
/// Beast lets pass and a proxy in front might read another way is refused: two kinds of length, a transfer coding other
/// than chunked alone, no Host or two.
class RequestParser {
 public:
  explicit RequestParser(std::uint32_t header_bytes_max);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Takes from the front of `bytes` and tells how much; bytes of headers that have not ended are not taken, so offer
  /// them again with more behind. Stops at the end of the headers, then at the end of the message. Throws Refusal.
  std::size_t feed(std::string_view bytes);

  bool head_done() const;
  bool done() const;
  /// Once head_done(): the most that the body may have. Throws Refusal(413) where the headers already say more.
  void limit_body(std::uint64_t bytes_max);
  /// Once head_done(): method, target and headers.
  Request head() const;
  /// What has come of the body since the last call; once done(), what is left of it.
  std::string take_body();

  bool keep_alive() const;
  bool http_1_0() const;
  /// The client waits for "100 Continue" before it sends its body.
  bool expects_continue() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cofre::http
