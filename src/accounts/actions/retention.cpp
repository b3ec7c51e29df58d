#include "accounts/actions/lookup.h"
#include "accounts/actions/rows.h"
#include "accounts/actions/subject.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

using json::Array;
using json::Object;

constexpr std::int64_t id_most = std::int64_t{1} << 50;

Subject subject_of(const RetentionRule& rule) { return {rule.level, rule.subject}; }

Object shown(Accounts& accounts, const RetentionRule& rule) {
  return {{"id", rule.id},
          {"kind", name_of(rule.kind)},
          {"days", rule.days},
          {"level", name_of(rule.level)},
          {"subject", name_or_null(accounts, subject_of(rule))},
          {"subject_id", rule.subject}};
}

Object list_rules(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields(in).done();
  Array rules;
  for (const auto& rule : accounts.retention.list()) {
    if (is_reached(accounts, actor, subject_of(rule))) rules.emplace_back(shown(accounts, rule));
  }
  return {{"rules", std::move(rules)}};
}

Object set_rule(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  RetentionRule rule;
  rule.kind = kept_named(fields.text("kind"));
  rule.days = fields.number("days", 1, Retention::days_most);
  const auto subject = read_subject(accounts, actor, fields);
  fields.done();
  if (subject.level == Level::key) {
    fail_field(Code::invalid, "key", "key: what a key makes belongs to its user or service account");
  }
  rule.level = subject.level;
  rule.subject = subject.id;
  return shown(accounts, accounts.retention.set(rule));
}

Object remove_rule(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto rule = accounts.retention.rule(fields.number("rule", 1, id_most));
  fields.done();
  if (!is_reached(accounts, actor, subject_of(rule))) {
    fail_field(Code::not_found, "rule", "rule: there is no such rule");
  }
  accounts.retention.remove(rule.id);
  return shown(accounts, rule);
}

constexpr Action rows[] = {
    {"retention.list", Scope::directory, false, list_rules},
    {"retention.set", Scope::people, true, set_rule},
    {"retention.remove", Scope::people, true, remove_rule},
};

}  // namespace

std::span<const Action> retention_actions() { return rows; }

}  // namespace cofre::accounts
