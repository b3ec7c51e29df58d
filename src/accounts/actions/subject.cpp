#include "accounts/actions/subject.h"

#include "accounts/actions/lookup.h"
#include "base/error.h"

namespace cofre::accounts {

Subject read_subject(Accounts& accounts, const Actor& actor, Fields& fields) {
  if (fields.has("key")) return {Level::key, key_of(accounts, actor, fields).id};
  if (fields.has("user")) return {Level::user, owner_of(accounts, actor, fields).id};
  if (fields.has("department")) {
    const auto tenant = tenant_of(accounts, actor, fields);
    return {Level::department, department_of(accounts, actor, fields, tenant.id).id};
  }
  if (fields.has("tenant")) return {Level::tenant, tenant_of(accounts, actor, fields).id};
  if (actor.tenant != home_tenant) {
    fail_field(Code::not_found, "tenant", "tenant: only the home tenant's administrators rule the whole box");
  }
  return {};
}

std::int64_t tenant_of(Accounts& accounts, const Subject& subject) {
  switch (subject.level) {
    case Level::box: return 0;
    case Level::tenant: return subject.id;
    case Level::department: {
      const auto department = accounts.directory.find_department(subject.id);
      return department ? department->tenant : 0;
    }
    case Level::user: return accounts.directory.tenant_of(subject.id);
    case Level::key: {
      const auto key = accounts.keys.find(subject.id);
      return key ? accounts.directory.tenant_of(key->owner) : 0;
    }
  }
  CHECK(false);
  return 0;
}

bool is_reached(Accounts& accounts, const Actor& actor, const Subject& subject) {
  const auto its = tenant_of(accounts, subject);
  return its == 0 ? actor.tenant == home_tenant : actor.reaches(its);
}

json::Value name_or_null(Accounts& accounts, const Subject& subject) {
  const auto name = [](const auto& found) { return found ? json::Value(found->name) : json::Value(nullptr); };
  switch (subject.level) {
    case Level::box: return nullptr;
    case Level::tenant: return name(accounts.directory.find_tenant(subject.id));
    case Level::department: return name(accounts.directory.find_department(subject.id));
    case Level::user: return name(accounts.directory.find_owner(subject.id));
    case Level::key: return name(accounts.keys.find(subject.id));
  }
  CHECK(false);
  return nullptr;
}

}  // namespace cofre::accounts
