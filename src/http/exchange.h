#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "http/message.h"
#include "http/websocket.h"

namespace cofre::http {

/// What stands between a handler (any thread) and its connection (one strand): the answer so far.
class Exchange {
 public:
  /// `wake` is called from any thread when there is something new for the connection; it must not block.
  Exchange(std::uint64_t bytes_max, std::function<void()> wake) : bytes_max_(bytes_max), wake_(std::move(wake)) {}

  // The handler's side, as Responder tells it.
  void answer(Response response);
  void begin(Response head, std::string idle_text, std::int64_t idle_ms);
  bool write(std::string_view bytes);
  void end();
  WebSocket upgrade(const Request& request, Upgrade upgrade);
  void abandon();
  bool closed() const;
  std::size_t buffered() const;
  void on_close(std::function<void()> call);
  void on_stop(std::function<void()> call);
  void on_drained(std::function<void()> call);

  // The connection's side.
  struct Taken {
    bool begun = false;                ///< head() may be read
    bool whole = false;                ///< it was answered at once: `bytes` is the body
    bool ended = false;                ///< nothing follows `bytes`
    bool broken = false;               ///< abandoned, or its reader too slow
    std::shared_ptr<Channel> channel;  ///< it is a WebSocket; null: it is none
    std::string bytes;
  };
  /// Everything new.
  Taken take();
  /// The connection has taken what take() gave.
  void drained();
  const Response& head() const { return head_; }
  const std::string& idle_text() const { return idle_text_; }
  std::int64_t idle_ms() const { return idle_ms_; }
  /// The client left: handlers are told.
  void close();
  /// The answer was sent to its end: callbacks are dropped.
  void finish();
  void stop();

 private:
  enum class State : std::uint8_t { waiting, begun, ended, broken };
  void wake(std::unique_lock<std::mutex>& lock);

  mutable std::mutex mutex_;
  const std::uint64_t bytes_max_;
  const std::function<void()> wake_;
  State state_ = State::waiting;
  bool has_head_ = false, whole_ = false, closed_ = false, stopping_ = false, woken_ = false;
  Response head_;
  std::string pending_, idle_text_;
  std::int64_t idle_ms_ = 0;
  std::shared_ptr<Channel> channel_;
  std::size_t taking_ = 0;
  std::function<void()> on_close_, on_stop_, on_drained_;
};

}  // namespace cofre::http
