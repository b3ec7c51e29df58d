#include "accounts/actions/lookup.h"
#include "accounts/actions/rows.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

using json::Array;
using json::Object;

constexpr std::int64_t amount_most = std::int64_t{1} << 50;

/// The tenant that a quota is about; 0: the box.
std::int64_t tenant_of(Accounts& accounts, const Quota& quota) {
  switch (quota.level) {
    case Quota::Level::box: return 0;
    case Quota::Level::tenant: return quota.subject;
    case Quota::Level::department: {
      const auto department = accounts.directory.find_department(quota.subject);
      return department ? department->tenant : 0;
    }
    case Quota::Level::user: return accounts.directory.tenant_of(quota.subject);
    case Quota::Level::key: {
      const auto key = accounts.keys.find(quota.subject);
      return key ? accounts.directory.tenant_of(key->owner) : 0;
    }
  }
  CHECK(false);
  return 0;
}

json::Value subject_name(Accounts& accounts, const Quota& quota) {
  const auto name_or_null = [](const auto& found) { return found ? json::Value(found->name) : json::Value(nullptr); };
  switch (quota.level) {
    case Quota::Level::box: return nullptr;
    case Quota::Level::tenant: return name_or_null(accounts.directory.find_tenant(quota.subject));
    case Quota::Level::department: return name_or_null(accounts.directory.find_department(quota.subject));
    case Quota::Level::user: return name_or_null(accounts.directory.find_owner(quota.subject));
    case Quota::Level::key: return name_or_null(accounts.keys.find(quota.subject));
  }
  CHECK(false);
  return nullptr;
}

Object shown(Accounts& accounts, const Quota& quota) {
  return {{"id", quota.id},
          {"level", name_of(quota.level)},
          {"subject", subject_name(accounts, quota)},
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
    const auto its = tenant_of(accounts, standing.quota);
    if ((its == 0 && actor.tenant != home_tenant) || (its != 0 && !actor.reaches(its)) ||
        (tenant != 0 && its != tenant)) {
      continue;
    }
    quotas.emplace_back(shown(accounts, standing));
  }
  return {{"quotas", std::move(quotas)}};
}

/// Whom the fields "box", "tenant", "department", "user", "key" name: the narrowest of them.
void read_subject(Accounts& accounts, const Actor& actor, Fields& fields, Quota& quota) {
  if (fields.has("key")) {
    quota.level = Quota::Level::key;
    quota.subject = key_of(accounts, actor, fields).id;
  } else if (fields.has("user")) {
    quota.level = Quota::Level::user;
    quota.subject = owner_of(accounts, actor, fields).id;
  } else if (fields.has("department")) {
    const auto tenant = accounts::tenant_of(accounts, actor, fields);
    quota.level = Quota::Level::department;
    quota.subject = department_of(accounts, actor, fields, tenant.id).id;
  } else if (fields.has("tenant")) {
    quota.level = Quota::Level::tenant;
    quota.subject = accounts::tenant_of(accounts, actor, fields).id;
  } else if (actor.tenant != home_tenant) {
    fail_field(Code::not_found, "tenant", "tenant: only the home tenant's administrators limit the whole box");
  }
}

/// The fields "metric", "period", and "amount" or "money".
void read_amount(Fields& fields, Quota& quota) {
  const auto money = fields.text_if_any("money");
  quota.metric = metric_named(fields.text_if_any("metric").value_or(money ? "money" : ""));
  const bool at_once = quota.metric == Quota::Metric::concurrency, is_money = quota.metric == Quota::Metric::money;
  quota.period = period_named(fields.text_if_any("period").value_or(at_once ? "now" : ""));
  if (at_once != (quota.period == Quota::Period::now)) {
    fail_field(Code::invalid, "period", "period: minute, day or month; none for concurrency");
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
  const auto its = tenant_of(accounts, quota);
  if (its == 0) {
    fail_field(Code::invalid, "tenant", "tenant: a quota of money is of one tenant, or of who belongs to it");
  }
  const auto currency = accounts.directory.tenant(its).currency;
  if (accounts.prices.has_any(quota.model, currency)) return;
  fail_field(Code::invalid, "money",
             "money: there is no price {}in {}, the tenant's currency, to count by: cofre price set",
             quota.model.empty() ? "" : "of " + quota.model + " ", currency);
}

Object set_quota(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  Quota quota;
  read_subject(accounts, actor, fields, quota);
  quota.model = fields.text_if_any("model").value_or("");
  read_amount(fields, quota);
  fields.done();
  if (quota.model.size() > 256) fail_field(Code::invalid, "model", "model: is too long");
  check_money(accounts, quota);
  return shown(accounts, accounts.quotas.set(std::move(quota)));
}

Object remove_quota(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto id = fields.number("quota", 1, amount_most);
  fields.done();
  const auto quota = accounts.quotas.quota(id);
  const auto its = tenant_of(accounts, quota);
  if (its == 0 ? actor.tenant != home_tenant : !actor.reaches(its)) {
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
