#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"
#include "http/websocket.h"

namespace cofre::http {

class Exchange;

/// The answer to one request, given at once by answer(), as a stream: begin(), write() any number of times, end(); or
/// by upgrade(), which makes a WebSocket of the connection.
/// A handle: copies speak of the same answer, from any thread. When the last copy goes without an end, the client gets
/// status 500, or of a begun stream a broken one.
class Responder {
 public:
  Responder() = default;
  explicit Responder(std::shared_ptr<Exchange> exchange);

  void answer(Response response) const;

  /// Status and headers of a stream; `head.body` is its first piece. Where nothing was written for `idle_ms`,
  /// `idle_text` is sent (a comment of an event stream, say), so that what stands between does not think the connection
  /// dead.
  void begin(Response head, std::string idle_text = {}, std::int64_t idle_ms = 15'000) const;
  /// Adds to the stream. False where nobody reads any more: the client left, or read too slowly and was cut.
  bool write(std::string_view bytes) const;
  void end() const;

  /// Answers 101. `request` is the one that is answered; websocket_refusal() has nothing against it.
  WebSocket upgrade(const Request& request, Upgrade upgrade) const;

  bool closed() const;
  /// Bytes written that the connection has not yet taken: who can wait does so while this is much.
  std::size_t buffered() const;

  /// Called once, when the client leaves or is cut before the end; at once where that has happened. On the connection's
  /// thread: be brief. Dropped uncalled when the answer has ended.
  void on_close(std::function<void()> call) const;
  /// Called once, when the server stops and has waited its grace: end the stream now, saying so.
  void on_stop(std::function<void()> call) const;
  /// Called once, when everything written so far has been taken by the connection.
  void on_drained(std::function<void()> call) const;

 private:
  struct Hold;
  std::shared_ptr<Hold> hold_;
};

}  // namespace cofre::http
