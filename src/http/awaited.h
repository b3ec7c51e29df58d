#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace cofre::http {

/// For tests: a value that one thread gives and another waits for.
template <class T>
class Awaited {
 public:
  void give(T value) {
    const std::scoped_lock lock(mutex_);
    value_ = std::move(value);
    given_.notify_all();
  }
  /// Nothing after 20 s.
  std::optional<T> wait() {
    std::unique_lock lock(mutex_);
    given_.wait_for(lock, std::chrono::seconds(20), [&] { return value_.has_value(); });
    return std::exchange(value_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_;
  std::optional<T> value_;
};

}  // namespace cofre::http
