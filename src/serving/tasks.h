#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace cofre::serving {

/// Threads that do tasks in the order in which they came.
class Tasks {
 public:
  explicit Tasks(unsigned threads);
  ~Tasks() { stop(); }
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  /// Any thread; after stop() the task is dropped undone. Tasks must not throw.
  void post(std::function<void()> task);
  /// Waits for the tasks that have begun and drops the others.
  void stop();

 private:
  void work();
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace cofre::serving
