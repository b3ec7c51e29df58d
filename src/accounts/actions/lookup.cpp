#include "accounts/actions/lookup.h"

#include "base/error.h"

namespace cofre::accounts {

Tenant tenant_of(Accounts& accounts, const Actor& actor, Fields& fields) {
  const auto wanted = fields.reference_if_any("tenant");
  if (!wanted) return accounts.directory.tenant(actor.tenant);
  auto tenant = wanted->id != 0 ? accounts.directory.tenant(wanted->id) : accounts.directory.tenant_named(wanted->name);
  if (!actor.reaches(tenant.id)) fail_field(Code::not_found, "tenant", "tenant: there is no such tenant");
  return tenant;
}

Department department_of(Accounts& accounts, const Actor& actor, Fields& fields, std::int64_t tenant) {
  const auto wanted = fields.reference_if_any("department");
  if (!wanted) fail_field(Code::invalid, "department", "department: must be given");
  auto department = wanted->id != 0 ? accounts.directory.department(wanted->id)
                                    : accounts.directory.department_named(tenant, wanted->name);
  if (!actor.reaches(department.tenant)) {
    fail_field(Code::not_found, "department", "department: there is no such department");
  }
  return department;
}

Owner owner_of(Accounts& accounts, const Actor& actor, Fields& fields) {
  const auto wanted = fields.reference_if_any("user");
  if (!wanted) fail_field(Code::invalid, "user", "user: must be given");
  const auto tenant = tenant_of(accounts, actor, fields);
  auto owner =
      wanted->id != 0 ? accounts.directory.owner(wanted->id) : accounts.directory.owner_named(tenant.id, wanted->name);
  if (!actor.reaches(owner.tenant)) {
    fail_field(Code::not_found, "user", "user: there is no such user or service account");
  }
  return owner;
}

Key key_of(Accounts& accounts, const Actor& actor, Fields& fields) {
  const auto wanted = fields.reference_if_any("key");
  if (!wanted) fail_field(Code::invalid, "key", "key: must be given");
  const auto none = [] { fail_field(Code::not_found, "key", "key: there is no such key in use"); };
  const auto reached = [&](const Key& key) {
    const auto owner = accounts.directory.find_owner(key.owner);
    return owner && actor.reaches(owner->tenant);
  };
  if (wanted->id != 0) {
    auto key = accounts.keys.key(wanted->id);
    if (!reached(key)) none();
    return key;
  }
  const std::optional<Owner> owner =
      fields.has("user") ? std::optional(owner_of(accounts, actor, fields)) : std::nullopt;
  const auto tenant = tenant_of(accounts, actor, fields);
  std::vector<Key> found;
  const auto in_use = [&](const Key& key) {
    return !key.is_certificate() && !key.revoked && !key.replaced && key.name == wanted->name;
  };
  for (auto& key : accounts.keys.list_where(in_use)) {
    const auto its = accounts.directory.find_owner(key.owner);
    if (!its || its->tenant != tenant.id || (owner && its->id != owner->id)) continue;
    found.push_back(std::move(key));
  }
  if (found.empty()) none();
  if (found.size() > 1) {
    fail_field(Code::invalid, "key", "key: several users have a key {}: say whose, or its id", wanted->name);
  }
  return std::move(found.front());
}

void must_be_person(const Actor& actor) {
  if (actor.key_id < 0) return;
  fail_field(Code::invalid, "session", "session: this is done signed in, not with a key");
}

json::Value time_or_null(const std::optional<std::int64_t>& time) {
  return time ? json::Value(*time) : json::Value(nullptr);
}

std::string link_text(const Accounts& accounts, const std::string& token) {
  return accounts.base_url + "/setup#" + token;
}

json::Array listed(const std::vector<std::string>& texts) {
  json::Array list;
  for (const auto& text : texts) list.emplace_back(text);
  return list;
}

json::Object shown(const Tenant& tenant) {
  return {{"id", tenant.id},
          {"name", tenant.name},
          {"zone", tenant.zone},
          {"currency", tenant.currency},
          {"state", name_of(tenant.state)},
          {"created", tenant.created}};
}

json::Object shown(const Department& department) {
  return {
      {"id", department.id}, {"tenant", department.tenant}, {"name", department.name}, {"created", department.created}};
}

json::Object shown(Accounts& accounts, const Owner& owner) {
  json::Object object{
      {"id", owner.id},       {"tenant", owner.tenant}, {"kind", name_of(owner.kind)},   {"name", owner.name},
      {"label", owner.label}, {"department", nullptr},  {"state", name_of(owner.state)}, {"created", owner.created}};
  if (owner.department != 0) object["department"] = accounts.directory.department(owner.department).name;
  if (owner.kind == Owner::Kind::user) {
    object["roles"] = listed(owner.roles.names());
  } else {
    object["scopes"] = listed(owner.granted.names());
  }
  return object;
}

json::Object shown(Accounts& accounts, const Key& key) {
  const auto owner = accounts.directory.find_owner(key.owner);
  return {{"id", key.id},
          {"name", key.name},
          {"prefix", key.prefix},
          {"user", owner ? json::Value(owner->name) : json::Value(nullptr)},
          {"tenant", owner ? json::Value(owner->tenant) : json::Value(nullptr)},
          {"scopes", listed(key.scopes.names())},
          {"models", listed(key.models)},
          {"addresses", listed(key.addresses)},
          {"created", key.created},
          {"last_used", time_or_null(key.used)},
          {"expires", time_or_null(key.expires)},
          {"replaced", time_or_null(key.replaced)},
          {"revoked", time_or_null(key.revoked)}};
}

}  // namespace cofre::accounts
