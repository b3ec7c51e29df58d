#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace cofre::gateway {

/// A setting that may change while requests are served. Any thread.
template <class T>
class Live {
 public:
  Live(T value) : value_(std::make_shared<const T>(std::move(value))) {}
  Live(const Live& other) : value_(other.get()) {}
  Live& operator=(const Live& other) {
    set(other.get());
    return *this;
  }
  Live& operator=(T value) {
    set(std::make_shared<const T>(std::move(value)));
    return *this;
  }
  ~Live() = default;

  /// As it is now; later changes leave this alone.
  std::shared_ptr<const T> get() const {
    const std::scoped_lock lock(mutex_);
    return value_;
  }
  operator T() const { return *get(); }

 private:
  void set(std::shared_ptr<const T> value) {
    const std::scoped_lock lock(mutex_);
    value_.swap(value);
  }
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace cofre::gateway
