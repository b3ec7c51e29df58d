#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "json/json.h"

namespace cofre::gateway::admin {

/// Programs at work for administrators (downloads, imports, benchmarks): each is a process of its own. What it writes
/// on its error stream is its progress: lines {"done": bytes, "total": bytes} and {"say": text}, or plain text; what it
/// prints at its end, a JSON object, is its result. Any thread.
class Jobs {
 public:
  static constexpr std::size_t running_max = 4;
  static constexpr std::size_t kept_max = 50;  ///< of those that have ended

  Jobs() = default;
  /// Ends those that run.
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  struct Plan {
    std::string kind;   ///< "pull"
    std::string model;  ///< that it is about
    std::string by;     ///< who asked
    std::vector<std::string> arguments, environment;
    std::function<void()> ended;  ///< called on the job's thread, however it ended
  };
  /// Throws Error(exhausted) where `running_max` run, Error(invalid, model) where the same runs already.
  json::Object start(Plan plan);
  /// Newest first.
  json::Array list() const;
  /// Throws Error(not_found, job).
  json::Object job(std::uint64_t number) const;
  /// Asks it to end; what has arrived of a download stays, and the next one goes on there.
  json::Object cancel(std::uint64_t number);

 private:
  struct Job;
  std::shared_ptr<Job> find(std::uint64_t number) const;
  void run(Job& job, const std::stop_token& stop);
  void forget_old();

  mutable std::mutex mutex_;               ///< of what follows
  std::deque<std::shared_ptr<Job>> jobs_;  ///< oldest first
  std::uint64_t last_ = 0;
};

}  // namespace cofre::gateway::admin
