#include "http/exchange.h"

#include <utility>

#include "base/error.h"
#include "http/channel.h"

namespace cofre::http {

void Exchange::wake(std::unique_lock<std::mutex>& lock) {
  const bool first = !std::exchange(woken_, true);
  lock.unlock();
  if (first) wake_();
}

void Exchange::answer(Response response) {
  std::unique_lock lock(mutex_);
  CHECK(state_ == State::waiting);
  pending_ = std::move(response.body);
  head_ = std::move(response);
  whole_ = has_head_ = true;
  state_ = State::ended;
  wake(lock);
}

void Exchange::begin(Response head, std::string idle_text, std::int64_t idle_ms) {
  std::unique_lock lock(mutex_);
  CHECK(state_ == State::waiting);
  pending_ = std::move(head.body);
  head_ = std::move(head);
  idle_text_ = std::move(idle_text);
  idle_ms_ = idle_ms;
  has_head_ = true;
  state_ = State::begun;
  wake(lock);
}

bool Exchange::write(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  if (closed_ || state_ == State::broken) return false;
  CHECK(state_ == State::begun);
  if (pending_.size() + bytes.size() > bytes_max_) {
    state_ = State::broken;
    pending_ = {};
    wake(lock);
    return false;
  }
  pending_ += bytes;
  wake(lock);
  return true;
}

void Exchange::end() {
  std::unique_lock lock(mutex_);
  if (state_ != State::begun) return;
  state_ = State::ended;
  wake(lock);
}

WebSocket Exchange::upgrade(const Request& request, Upgrade upgrade) {
  const auto channel = std::make_shared<Channel>(request, std::move(upgrade), bytes_max_, wake_);
  std::unique_lock lock(mutex_);
  CHECK(state_ == State::waiting);
  state_ = State::ended;
  channel_ = channel;
  wake(lock);
  return WebSocket(channel);
}

void Exchange::abandon() {
  std::unique_lock lock(mutex_);
  if (state_ == State::ended || state_ == State::broken) return;
  state_ = State::broken;
  wake(lock);
}

bool Exchange::closed() const {
  const std::scoped_lock lock(mutex_);
  return closed_ || state_ == State::broken;
}

std::size_t Exchange::buffered() const {
  const std::scoped_lock lock(mutex_);
  return pending_.size() + taking_;
}

void Exchange::on_close(std::function<void()> call) {
  {
    const std::scoped_lock lock(mutex_);
    if (!closed_) {
      on_close_.swap(call);  // what was there is freed outside the lock
      return;
    }
  }
  call();
}

void Exchange::on_stop(std::function<void()> call) {
  {
    const std::scoped_lock lock(mutex_);
    if (!stopping_) {
      on_stop_.swap(call);  // what was there is freed outside the lock
      return;
    }
  }
  call();
}

void Exchange::on_drained(std::function<void()> call) {
  {
    const std::scoped_lock lock(mutex_);
    if (!pending_.empty() || taking_ > 0) {
      on_drained_.swap(call);
      return;
    }
  }
  call();
}

Exchange::Taken Exchange::take() {
  const std::scoped_lock lock(mutex_);
  woken_ = false;
  Taken taken;
  taken.begun = has_head_;
  taken.whole = whole_;
  taken.ended = state_ == State::ended;
  taken.broken = state_ == State::broken;
  taken.channel = channel_;
  taken.bytes = std::exchange(pending_, {});
  taking_ = taken.bytes.size();
  return taken;
}

void Exchange::drained() {
  std::function<void()> call;
  {
    const std::scoped_lock lock(mutex_);
    taking_ = 0;
    if (pending_.empty()) call = std::exchange(on_drained_, nullptr);
  }
  if (call) call();
}

void Exchange::close() {
  std::function<void()> call, stop, drained;
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(closed_, true)) return;
    pending_ = {};
    taking_ = 0;
    call = std::exchange(on_close_, nullptr);
    stop = std::exchange(on_stop_, nullptr);
    drained = std::exchange(on_drained_, nullptr);
  }
  if (call) call();
}

void Exchange::finish() {
  std::function<void()> close, stop, drained;  // freed outside the lock: they may hold the last Responder
  const std::scoped_lock lock(mutex_);
  close = std::exchange(on_close_, nullptr);
  stop = std::exchange(on_stop_, nullptr);
  drained = std::exchange(on_drained_, nullptr);
}

void Exchange::stop() {
  std::function<void()> call;
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    call = std::exchange(on_stop_, nullptr);
  }
  if (call) call();
}

}  // namespace cofre::http
