#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "accounts/audit/trail.h"
#include "http/message.h"
#include "protocol/event.h"

namespace cofre::gateway {

/// What the audit trail will say of one request: recorded when the last who knows of it lets go. Any thread.
class Trace {
 public:
  Trace(accounts::audit::Trail& trail, const http::Request& request, std::string_view route);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  void asked_by(const std::string& who);
  /// It is this line of a batch's input file.
  void of_batch(const std::string& batch, std::uint64_t line);
  /// The first status stands, but for what ended() tells.
  void answered(int status);
  /// The names of content rules.
  void matched(const std::vector<std::string>& rules);
  /// What was asked and answered, as far as a retention rule of the caller keeps it.
  void held(accounts::audit::Content content);
  void ended(const std::string& model, int status, std::string_view outcome, const protocol::Usage& usage);

 private:
  accounts::audit::Trail& trail_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::mutex mutex_;  ///< of what follows
  accounts::audit::Entry entry_;
  int status_ = 0;
};

/// Records what the gateway does and refuses. Without a trail it does nothing.
class Auditor {
 public:
  /// Strangers fill no disk: of one address so many refusals in a minute are recorded one by one, the rest as a count.
  static constexpr std::uint64_t refusals_of_address = 60;

  explicit Auditor(accounts::audit::Trail* trail) : trail_(trail) {}
  ~Auditor();
  Auditor(const Auditor&) = delete;
  Auditor& operator=(const Auditor&) = delete;

  /// False: the disk takes no records, and requests should be refused until it does.
  bool accepts() const { return trail_ == nullptr || trail_->accepts(); }
  /// False: the disk takes no records, and they wait in memory.
  bool is_writing() const { return trail_ == nullptr || trail_->backlog().trouble.empty(); }
  /// Null without a trail.
  std::shared_ptr<Trace> trace(const http::Request& request, std::string_view route) const;
  /// A request that reached no handler. `who`: empty where nobody was known.
  void refused(const http::Request& request, std::string_view route, int status, std::string_view why,
               const std::string& who);

 private:
  using Clock = std::chrono::steady_clock;
  struct Count {
    Clock::time_point since;
    std::uint64_t refusals = 0;
  };
  bool is_within_limit(const std::string& address);
  void tell(const std::string& address, const Count& count);

  accounts::audit::Trail* trail_;
  std::mutex mutex_;  ///< of what follows
  std::unordered_map<std::string, Count> counts_;
};

}  // namespace cofre::gateway
