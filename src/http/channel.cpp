#include "http/channel.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace cofre::http {
namespace {

constexpr std::size_t reason_bytes_max = 123;  // of a control frame's 125 (RFC 6455 §5.5)
constexpr std::size_t frame_head_bytes = 10;   // at most, unmasked (RFC 6455 §5.2); an empty message takes room too

/// The first of ours that the client offers; empty: none.
std::string choose_protocol(const Request& request, const std::vector<std::string>& ours) {
  const auto offered = list_of(request.headers, "sec-websocket-protocol");
  const auto chosen = std::find_if(ours.begin(), ours.end(), [&](const std::string& one) {
    return std::find(offered.begin(), offered.end(), one) != offered.end();
  });
  return chosen == ours.end() ? std::string() : *chosen;
}

std::size_t size_of(const WebSocketMessage& message) { return message.bytes.size() + frame_head_bytes; }

}  // namespace

Channel::Channel(const Request& request, Upgrade upgrade, std::uint64_t bytes_max, std::function<void()> wake)
    : key_(request.headers.find("sec-websocket-key").value_or("")),
      protocol_(choose_protocol(request, upgrade.protocols)),
      headers_(std::move(upgrade.headers)),
      message_bytes_max_(upgrade.message_bytes_max),
      bytes_max_(bytes_max),
      wake_(std::move(wake)),
      on_message_(std::move(upgrade.on_message)),
      on_close_(std::move(upgrade.on_close)) {}

void Channel::wake(std::unique_lock<std::mutex>& lock) {
  const bool first = !std::exchange(woken_, true);
  lock.unlock();
  if (first) wake_();
}

bool Channel::send(WebSocketMessage message) {
  std::unique_lock lock(mutex_);
  if (state_ != State::open) return false;
  const auto bytes = size_of(message);
  const bool fits = pending_bytes_ + bytes <= bytes_max_;
  if (fits) {
    pending_bytes_ += bytes;
    pending_.push_back(std::move(message));
  } else {
    state_ = State::broken;
    pending_.clear();
    pending_bytes_ = 0;
  }
  wake(lock);
  return fits;
}

void Channel::close(CloseCode code, std::string reason) {
  CHECK(reason.size() <= reason_bytes_max);
  std::unique_lock lock(mutex_);
  if (state_ != State::open) return;
  state_ = State::closing;
  close_ = {code, std::move(reason)};
  wake(lock);
}

bool Channel::closed() const {
  const std::scoped_lock lock(mutex_);
  return state_ != State::open;
}

std::size_t Channel::buffered() const {
  const std::scoped_lock lock(mutex_);
  return pending_bytes_ + taking_;
}

void Channel::on_drained(std::function<void()> call) {
  {
    const std::scoped_lock lock(mutex_);
    if (state_ == State::over) return;
    if (pending_bytes_ + taking_ > 0) {
      on_drained_.swap(call);  // what was there is freed outside the lock
      return;
    }
  }
  call();
}

Channel::Taken Channel::take() {
  const std::scoped_lock lock(mutex_);
  woken_ = false;
  Taken taken;
  taken.broken = state_ == State::broken;
  if (!pending_.empty()) {
    taken.message = std::move(pending_.front());
    pending_.pop_front();
    taking_ = size_of(*taken.message);
    pending_bytes_ -= taking_;
  } else {
    taken.close = std::exchange(close_, std::nullopt);
  }
  return taken;
}

void Channel::drained() {
  std::function<void()> call;
  {
    const std::scoped_lock lock(mutex_);
    taking_ = 0;
    if (pending_.empty()) call = std::exchange(on_drained_, nullptr);
  }
  if (call) call();
}

void Channel::received(WebSocketMessage message) {
  if (on_message_) on_message_(WebSocket(shared_from_this()), std::move(message));
}

CloseCode Channel::over(CloseCode code) {
  std::function<void(CloseCode)> call;
  std::function<void()> drained;  // freed outside the lock, like the others: they may hold the last WebSocket
  const auto message = std::exchange(on_message_, nullptr);
  {
    const std::scoped_lock lock(mutex_);
    if (state_ == State::over) return code_;
    state_ = State::over;
    code_ = code;
    pending_.clear();
    pending_bytes_ = taking_ = 0;
    call = std::exchange(on_close_, nullptr);
    drained = std::exchange(on_drained_, nullptr);
  }
  if (call) call(code);
  return code;
}

}  // namespace cofre::http
