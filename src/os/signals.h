#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <vector>

namespace cofre::os {

/// Signals that the main thread takes one after the other instead of being interrupted by them. Made before the first
/// thread starts: threads inherit that these signals do not reach them.
class SignalQueue {
 public:
  explicit SignalQueue(std::initializer_list<int> signals);
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;
  /// The signals act as before; those that nobody took are dropped.
  ~SignalQueue();

  /// The next one; nothing where none comes for `patience`.
  std::optional<int> wait(std::chrono::milliseconds patience);
  /// As if the process had got it from outside. From any thread.
  static void post(int signal);

 private:
  std::vector<int> signals_;
};

}  // namespace cofre::os
