#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "http/websocket.h"

namespace cofre::http {

/// What stands between the user of a WebSocket (any thread) and its connection (one strand), as Exchange does for an
/// answer.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  /// `request` can become a WebSocket. `bytes_max`: that may wait for a slow reader. `wake` is called from any thread
  /// when there is something new for the connection; it must not block.
  Channel(const Request& request, Upgrade upgrade, std::uint64_t bytes_max, std::function<void()> wake);

  // The user's side, as WebSocket tells it.
  bool send(WebSocketMessage message);
  void close(CloseCode code, std::string reason);
  bool closed() const;
  std::size_t buffered() const;
  void on_drained(std::function<void()> call);
  const std::string& protocol() const { return protocol_; }

  // The connection's side.
  struct Close {
    CloseCode code = CloseCode::normal;
    std::string reason;
  };
  /// What is to be done next; at most one of these.
  struct Taken {
    std::optional<WebSocketMessage> message;
    std::optional<Close> close;  ///< once
    bool broken = false;         ///< its reader is too slow: cut
  };
  Taken take();
  /// The connection has taken the message that take() gave.
  void drained();
  void received(WebSocketMessage message);
  /// Nothing is sent or received any more. Only the first call counts; returns its code.
  CloseCode over(CloseCode code);
  const std::string& key() const { return key_; }  ///< Sec-WebSocket-Key
  const Headers& headers() const { return headers_; }
  std::size_t message_bytes_max() const { return message_bytes_max_; }

 private:
  enum class State : std::uint8_t { open, closing, broken, over };
  void wake(std::unique_lock<std::mutex>& lock);

  const std::string key_, protocol_;
  const Headers headers_;
  const std::size_t message_bytes_max_;
  const std::uint64_t bytes_max_;
  const std::function<void()> wake_;
  std::function<void(const WebSocket&, WebSocketMessage)> on_message_;  ///< the connection's alone

  mutable std::mutex mutex_;  ///< of what follows
  State state_ = State::open;
  bool woken_ = false;
  std::deque<WebSocketMessage> pending_;
  std::size_t pending_bytes_ = 0, taking_ = 0;
  std::optional<Close> close_;
  CloseCode code_ = CloseCode::none;  ///< of over()
  std::function<void(CloseCode)> on_close_;
  std::function<void()> on_drained_;
};

}  // namespace cofre::http
