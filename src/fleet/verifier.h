#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace cofre::fleet {

/// Reads whole files on a thread of its own, one after the other, and compares their SHA-256.
class Verifier {
 public:
  Verifier() : thread_([this] { work(); }) {}
  /// Leaves the file it is at.
  ~Verifier();
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  struct Task {
    std::filesystem::path file;
    std::string sha256;
    std::function<void(const std::string& fault)>
        bad;  ///< called on the verifier's thread where the sum is another one
  };
  void post(Task task);

 private:
  void work();
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Task> tasks_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace cofre::fleet
