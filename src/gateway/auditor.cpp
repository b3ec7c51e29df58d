#include "gateway/auditor.h"

#include <utility>

namespace cofre::gateway {
namespace {

constexpr std::chrono::minutes window{1};
constexpr std::size_t addresses_max = 10'000;

}  // namespace

Trace::Trace(accounts::audit::Trail& trail, const http::Request& request, std::string_view route) : trail_(trail) {
  entry_.action = "request";
  entry_.from = request.peer;
  entry_.facts = {{"id", request.id}, {"method", request.method}, {"route", route}};
}

Trace::~Trace() {
  using std::chrono::milliseconds;
  const auto took = std::chrono::steady_clock::now() - began_;
  if (status_ != 0) entry_.facts["status"] = status_;
  entry_.facts["ms"] = std::chrono::duration_cast<milliseconds>(took).count();
  if (entry_.outcome.empty()) entry_.outcome = status_ < 400 ? "ok" : "refused";
  trail_.record(std::move(entry_));
}

void Trace::asked_by(const std::string& who) {
  const std::scoped_lock lock(mutex_);
  entry_.who = who;
}

void Trace::of_batch(const std::string& batch, std::uint64_t line) {
  const std::scoped_lock lock(mutex_);
  entry_.facts["batch"] = batch;
  entry_.facts["line"] = line;
}

void Trace::answered(int status) {
  const std::scoped_lock lock(mutex_);
  if (status_ == 0) status_ = status;
}

void Trace::matched(const std::vector<std::string>& rules) {
  if (rules.empty()) return;
  const std::scoped_lock lock(mutex_);
  auto& names = entry_.facts["rules"];
  if (!names.is_array()) names = json::Array();
  for (const auto& rule : rules) names.get_array().emplace_back(rule);
}

void Trace::held(accounts::audit::Content content) {
  const std::scoped_lock lock(mutex_);
  entry_.content = std::move(content);
}

void Trace::ended(const std::string& model, int status, std::string_view outcome, const protocol::Usage& usage) {
  const std::scoped_lock lock(mutex_);
  status_ = status;
  entry_.outcome = outcome;
  entry_.facts["model"] = model;
  entry_.facts["prompt_tokens"] = usage.prompt_tokens;
  entry_.facts["cached_tokens"] = usage.cached_tokens;
  entry_.facts["completion_tokens"] = usage.completion_tokens;
  entry_.facts["reasoning_tokens"] = usage.reasoning_tokens;
}

Auditor::~Auditor() {
  for (const auto& [address, count] : counts_) tell(address, count);
}

std::shared_ptr<Trace> Auditor::trace(const http::Request& request, std::string_view route) const {
  return trail_ == nullptr ? nullptr : std::make_shared<Trace>(*trail_, request, route);
}

void Auditor::refused(const http::Request& request, std::string_view route, int status, std::string_view why,
                      const std::string& who) {
  if (trail_ == nullptr || !is_within_limit(request.peer)) return;
  trail_->record({.action = status == 401 ? "login" : "request",
                  .outcome = "refused",
                  .who = who,
                  .from = request.peer,
                  .facts = {{"id", request.id}, {"route", route}, {"status", status}, {"why", why}}});
}

bool Auditor::is_within_limit(const std::string& address) {
  const auto now = Clock::now();
  const std::scoped_lock lock(mutex_);
  if (counts_.size() >= addresses_max) {
    for (const auto& [known, count] : counts_) tell(known, count);
    counts_.clear();
  }
  auto& count = counts_[address];
  if (now - count.since > window) {
    tell(address, count);
    count = {now, 0};
  }
  return ++count.refusals <= refusals_of_address;
}

/// Those that were not recorded one by one.
void Auditor::tell(const std::string& address, const Count& count) {
  if (trail_ == nullptr || count.refusals <= refusals_of_address) return;
  trail_->record({.action = "requests.refused",
                  .outcome = "refused",
                  .from = address,
                  .facts = {{"count", count.refusals - refusals_of_address}}});
}

}  // namespace cofre::gateway
