#include "accounts/retention.h"

#include <algorithm>

#include "accounts/named.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr std::array<std::string_view, 5> level_names{"box", "tenant", "department", "user", "key"};
constexpr std::array<std::string_view, 6> kept_names{"chats", "responses", "batches", "files", "logs", "contents"};

}  // namespace

std::string_view name_of(Level level) { return level_names[static_cast<std::size_t>(level)]; }
Level level_named(std::string_view name) { return named<Level>(level_names, name, "level"); }
std::string_view name_of(Kept kind) { return kept_names[static_cast<std::size_t>(kind)]; }
Kept kept_named(std::string_view name) { return named<Kept>(kept_names, name, "kind"); }

Retention::Retention(store::Database& database, std::mutex& database_mutex, const Directory& directory, Clock clock)
    : database_(database), database_mutex_(database_mutex), directory_(directory), clock_(std::move(clock)) {
  const std::lock_guard hold(database_mutex_);
  for (auto row = database_.query("SELECT id, level, subject, kind, days FROM retention_rules ORDER BY id");
       row.next();) {
    rules_.push_back(
        {row.integer(0), level_named(row.text(1)), row.integer(2), kept_named(row.text(3)), row.integer(4)});
  }
}

RetentionRule Retention::set(RetentionRule rule) {
  CHECK(rule.days >= 1 && rule.days <= days_most && rule.level != Level::key);
  if (rule.kind == Kept::logs && rule.level != Level::box) {
    fail_field(Code::invalid, "kind", "kind: logs are the box's: their rule is of no tenant, department or user");
  }
  const std::lock_guard hold(database_mutex_);
  database_.run(
      "INSERT INTO retention_rules (level, subject, kind, days, created) VALUES (?, ?, ?, ?, ?) "
      "ON CONFLICT (level, subject, kind) DO UPDATE SET days = excluded.days, created = excluded.created",
      name_of(rule.level), rule.subject, name_of(rule.kind), rule.days, clock_());
  auto row = database_.query("SELECT id FROM retention_rules WHERE level = ? AND subject = ? AND kind = ?",
                             name_of(rule.level), rule.subject, name_of(rule.kind));
  CHECK(row.next());
  rule.id = row.integer(0);
  const std::unique_lock change(mutex_);
  std::erase_if(rules_, [&](const RetentionRule& one) { return one.id == rule.id; });
  rules_.push_back(rule);
  return rule;
}

void Retention::remove(std::int64_t id) {
  rule(id);
  const std::lock_guard hold(database_mutex_);
  database_.run("DELETE FROM retention_rules WHERE id = ?", id);
  const std::unique_lock change(mutex_);
  std::erase_if(rules_, [&](const RetentionRule& one) { return one.id == id; });
}

RetentionRule Retention::rule(std::int64_t id) const {
  const std::shared_lock hold(mutex_);
  for (const auto& one : rules_) {
    if (one.id == id) return one;
  }
  fail_field(Code::not_found, "rule", "rule: there is no such rule");
}

std::vector<RetentionRule> Retention::list() const {
  const std::shared_lock hold(mutex_);
  auto all = rules_;
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return all;
}

/// With mutex_ held.
std::optional<std::int64_t> Retention::find(Kept kind, Level level, std::int64_t subject) const {
  for (const auto& one : rules_) {
    if (one.kind == kind && one.level == level && one.subject == subject) return one.days;
  }
  return std::nullopt;
}

std::optional<std::int64_t> Retention::days(Kept kind, std::int64_t owner) const {
  {
    const std::shared_lock hold(mutex_);
    const bool any = std::any_of(rules_.begin(), rules_.end(), [&](const auto& rule) { return rule.kind == kind; });
    if (!any)
      return std::nullopt;  // each request asks for its contents: mostly there is no rule to look an owner up for
  }
  const auto known = directory_.find_owner(owner);
  const std::shared_lock hold(mutex_);
  if (known) {
    if (auto days = find(kind, Level::user, owner)) return days;
    if (auto days = find(kind, Level::department, known->department)) return days;
    if (auto days = find(kind, Level::tenant, known->tenant)) return days;
  }
  return find(kind, Level::box, 0);
}

std::optional<std::int64_t> Retention::days_of_box(Kept kind) const {
  const std::shared_lock hold(mutex_);
  return find(kind, Level::box, 0);
}

std::optional<std::int64_t> Retention::least_days(Kept kind) const {
  const std::shared_lock hold(mutex_);
  std::optional<std::int64_t> least;
  for (const auto& one : rules_) {
    if (one.kind == kind) least = std::min(least.value_or(one.days), one.days);
  }
  return least;
}

}  // namespace cofre::accounts
