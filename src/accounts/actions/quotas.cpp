#include "accounts/actions/lookup.h"
#include "accounts/actions/rows.h"
#include "accounts/actions/subject.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

using json::Array;
using json::Object;

constexpr std::int64_t amount_most = std::int64_t{1} << 50;

Subject subject_of(const Quota& quota) { return {quota.level, quota.subject}; }

Object shown(Accounts& accounts, const Quota& quota) {
  return {{"id", quota.id},
          {"level", name_of(quota.level)},
          {"subject", name_or_null(accounts, subject_of(quota))},
          {"subject_id", quota.subject},
          {"model", quota.model},
          {"metric", name_of(quota.metric)},
          {"period", name_of(quota.period)},
          {"amount", quota.amount},
          {"currency", quota.currency.empty() ? json::Value(nullptr) : json::Value(quota.currency)}};
}

Object shown(Accounts& accounts, const Quotas::Standing& standing) {
  auto object = shown(accounts, standing.quota);
  object["used"] = standing.used;
  object["reserved"] = standing.reserved;
  object["ends"] = standing.ends == 0 ? json::Value(nullptr) : json::Value(standing.ends);
  return object;
}

Object list_quotas(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto tenant = fields.has("tenant") ? accounts::tenant_of(accounts, actor, fields).id : 0;
  fields.done();
  Array quotas;
  for (const auto& standing : accounts.quotas.list()) {
    const auto subject = subject_of(standing.quota);
    if (!is_reached(accounts, actor, subject) || (tenant != 0 && accounts::tenant_of(accounts, subject) != tenant)) {
      continue;
    }
    quotas.emplace_back(shown(accounts, standing));
  }
  return {{"quotas", std::move(quotas)}};
}

/// The fields "metric", "period", and "amount" or "money".
void read_amount(Fields& fields, Quota& quota) {
  const auto money = fields.text_if_any("money");
  quota.metric = metric_named(fields.text_if_any("metric").value_or(money ? "money" : ""));
  const bool is_money = quota.metric == Quota::Metric::money, is_storage = quota.metric == Quota::Metric::storage;
  const bool at_once = is_storage || quota.metric == Quota::Metric::concurrency;
  quota.period = period_named(fields.text_if_any("period").value_or(at_once ? "now" : ""));
  if (at_once != (quota.period == Quota::Period::now)) {
    fail_field(Code::invalid, "period", "period: minute, day or month; none for concurrency and storage");
  }
  if (is_money && quota.period == Quota::Period::minute) {
    fail_field(Code::invalid, "period", "period: of money it is day or month");
  }
  if (money && (!is_money || fields.has("amount"))) {
    fail_field(Code::invalid, "money", "money: is the amount of the metric money, in place of \"amount\"");
  }
  quota.amount =
      money ? money_of(*money, "money") : static_cast<std::uint64_t>(fields.number("amount", 0, amount_most));
}

/// A quota of money is a tenant's own, in its currency, and counts by prices that are there.
void check_money(Accounts& accounts, const Quota& quota) {
  if (quota.metric != Quota::Metric::money) return;
  const auto its = accounts::tenant_of(accounts, subject_of(quota));
  if (its == 0) {
    fail_field(Code::invalid, "tenant", "tenant: a quota of money is of one tenant, or of who belongs to it");
  }
  const auto currency = accounts.directory.tenant(its).currency;
  if (accounts.prices.has_any(quota.model, currency)) return;
  fail_field(Code::invalid, "money",
             "money: there is no price {}in {}, the tenant's currency, to count by: cofre price set",
             quota.model.empty() ? "" : "of " + quota.model + " ", currency);
}

/// What is stored belongs to who stored it, whatever key or model was used.
void check_storage(const Quota& quota) {
  if (quota.metric != Quota::Metric::storage) return;
  if (quota.level == Quota::Level::key) {
    fail_field(Code::invalid, "key", "key: a quota of storage is of the key's user or service account");
  }
  if (!quota.model.empty()) fail_field(Code::invalid, "model", "model: a quota of storage counts all together");
}

Object set_quota(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  Quota quota;
  const auto subject = read_subject(accounts, actor, fields);
  quota.level = subject.level;
  quota.subject = subject.id;
  quota.model = fields.text_if_any("model").value_or("");
  read_amount(fields, quota);
  fields.done();
  if (quota.model.size() > 256) fail_field(Code::invalid, "model", "model: is too long");
  check_money(accounts, quota);
  check_storage(quota);
  return shown(accounts, accounts.quotas.set(std::move(quota)));
}

Object remove_quota(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto id = fields.number("quota", 1, amount_most);
  fields.done();
  const auto quota = accounts.quotas.quota(id);
  if (!is_reached(accounts, actor, subject_of(quota))) {
    fail_field(Code::not_found, "quota", "quota: there is no such quota");
  }
  accounts.quotas.remove(id);
  return shown(accounts, quota);
}

/// Those that a user's own requests are counted against.
Object list_own(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields(in).done();
  Array quotas;
  for (const auto& standing : accounts.quotas.list()) {
    const auto& quota = standing.quota;
    const bool is_own =
        (quota.level == Quota::Level::user && quota.subject == actor.user) ||
        (quota.level == Quota::Level::department && quota.subject == actor.department && actor.department != 0) ||
        (quota.level == Quota::Level::tenant && quota.subject == actor.tenant);
    if (is_own) quotas.emplace_back(shown(accounts, standing));
  }
  return {{"quotas", std::move(quotas)}};
}

constexpr Action rows[] = {
    {"quota.list", Scope::directory, false, list_quotas},
    {"quota.set", Scope::people, true, set_quota},
    {"quota.remove", Scope::people, true, remove_quota},
    {"me.quota.list", Scope::account, false, list_own},
};

}  // namespace

std::span<const Action> quota_actions() { return rows; }

}  // namespace cofre::accounts
