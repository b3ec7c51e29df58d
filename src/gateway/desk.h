#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "gateway/services.h"

namespace cofre::gateway {

/// Does what waits for the disk, one job after the other, on a thread of its own. Jobs must not throw.
class Desk {
 public:
  /// `most`: jobs that may wait before ask() refuses.
  explicit Desk(std::size_t most = 4096);
  /// Does what is still to be done.
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// Throws Error(unavailable) where too many wait.
  void ask(std::function<void()> job);
  /// For what must not be lost: each such job belongs to an answer that was begun, and those are counted.
  void put(std::function<void()> job);

 private:
  void work();

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool ending_ = false;
  std::thread thread_;
};

/// Goes on at the desk with a call whose caller is still who it was; what `work` throws is its answer.
void at_desk(Desk& desk, Call&& call, std::function<void(Call&&)> work);

}  // namespace cofre::gateway
