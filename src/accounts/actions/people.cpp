#include "accounts/actions/lookup.h"
#include "accounts/actions/new_owner.h"
#include "accounts/actions/rows.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

using json::Array;
using json::Object;

constexpr std::int64_t page_most = 1000;

void must_be_home(const Actor& actor) {
  if (actor.tenant != home_tenant) {
    fail_field(Code::not_found, "tenant", "tenant: only administrators of the home tenant manage tenants");
  }
}

Object list_tenants(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields(in).done();
  Array tenants;
  for (const auto& tenant : accounts.directory.tenants()) {
    if (actor.reaches(tenant.id)) tenants.emplace_back(shown(tenant));
  }
  return {{"tenants", std::move(tenants)}};
}

Object create_tenant(Accounts& accounts, const Actor& actor, const Object& in) {
  must_be_home(actor);
  Fields fields(in);
  const auto name = fields.text("name");
  const auto zone = fields.text_if_any("zone").value_or("UTC");
  const auto currency = fields.text_if_any("currency").value_or("CNY");
  fields.done();
  return shown(accounts.directory.create_tenant(name, zone, currency));
}

Object get_tenant(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto tenant = tenant_of(accounts, actor, fields);
  fields.done();
  return shown(tenant);
}

/// What was counted in one currency is not told in another.
void check_costs_nothing(Accounts& accounts, const Tenant& tenant) {
  accounts.ledger.flush();
  Ledger::Question question;
  question.tenant = tenant.id;
  if (!accounts.quotas.has_money_of(tenant.id) && accounts.ledger.sum(question).cost == 0) return;
  fail_field(Code::invalid, "currency", "currency: the tenant has costs or a quota of money in {}", tenant.currency);
}

Object change_tenant(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto tenant = tenant_of(accounts, actor, fields);
  const auto zone = fields.text_if_any("zone"), currency = fields.text_if_any("currency");
  fields.done();
  if (currency && *currency != tenant.currency) check_costs_nothing(accounts, tenant);
  accounts.directory.change_tenant(tenant.id, zone, currency);
  return shown(accounts.directory.tenant(tenant.id));
}

template <State state>
Object set_tenant_state(Accounts& accounts, const Actor& actor, const Object& in) {
  must_be_home(actor);
  Fields fields(in);
  if (!fields.has("tenant")) fail_field(Code::invalid, "tenant", "tenant: must be given");
  auto tenant = tenant_of(accounts, actor, fields);
  fields.done();
  accounts.directory.set_tenant_state(tenant.id, state);
  tenant.state = state;
  return shown(tenant);
}

Object list_departments(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto tenant = tenant_of(accounts, actor, fields);
  fields.done();
  Array departments;
  for (const auto& department : accounts.directory.departments(tenant.id)) departments.emplace_back(shown(department));
  return {{"departments", std::move(departments)}};
}

Object create_department(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto tenant = tenant_of(accounts, actor, fields);
  const auto name = fields.text("name");
  fields.done();
  return shown(accounts.directory.create_department(tenant.id, name));
}

Object delete_department(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto tenant = tenant_of(accounts, actor, fields);
  const auto department = department_of(accounts, actor, fields, tenant.id);
  fields.done();
  accounts.directory.delete_department(department.id);
  return shown(department);
}

Object list_users(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto tenant = tenant_of(accounts, actor, fields);
  const auto kind = kind_of(fields);
  const auto after = fields.text_if_any("after");
  const auto limit = static_cast<std::size_t>(fields.number_if_any("limit", 1, page_most).value_or(page_most));
  std::optional<std::int64_t> department;
  if (fields.has("department")) department = department_of(accounts, actor, fields, tenant.id).id;
  fields.done();
  Array users;
  bool more = false;
  for (const auto& owner : accounts.directory.owners(tenant.id, kind)) {
    if ((after && owner.name <= *after) || (department && owner.department != *department)) continue;
    if (users.size() == limit) {
      more = true;
      break;
    }
    users.emplace_back(shown(accounts, owner));
  }
  return {{"users", std::move(users)}, {"more", more}};
}

Object create_user(Accounts& accounts, const Actor& actor, const Object& in) {
  return shown(accounts, accounts.directory.create_owner(new_owner(accounts, actor, in)));
}

Object get_user(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto owner = owner_of(accounts, actor, fields);
  fields.done();
  return shown(accounts, owner);
}

Object change_user(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto owner = owner_of(accounts, actor, fields);
  const auto label = fields.text_if_any("label");
  std::optional<std::int64_t> department;
  if (fields.has("department")) department = department_of(accounts, actor, fields, owner.tenant).id;
  fields.done();
  accounts.directory.change_owner(owner.id, label, department);
  return shown(accounts, accounts.directory.owner(owner.id));
}

template <State state>
Object set_user_state(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  auto owner = owner_of(accounts, actor, fields);
  fields.done();
  if (owner.id == actor.user) fail_field(Code::invalid, "user", "user: nobody does this to themselves");
  accounts.directory.set_owner_state(owner.id, state);
  owner.state = state;
  return shown(accounts, owner);
}

Object set_roles(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields fields(in);
  const auto owner = owner_of(accounts, actor, fields);
  const auto roles = fields.texts_if_any("roles");
  fields.done();
  if (!roles) fail_field(Code::invalid, "roles", "roles: must be given; an empty list takes all away");
  if (owner.id == actor.user) fail_field(Code::invalid, "user", "user: nobody changes their own roles");
  accounts.directory.set_roles(owner.id, Roles::parse(*roles));
  return shown(accounts, accounts.directory.owner(owner.id));
}

Object list_roles(Accounts&, const Actor&, const Object& in) {
  Fields(in).done();
  Array roles;
  for (const Role role :
       {Role::user, Role::box_operator, Role::system_administrator, Role::security_administrator, Role::auditor}) {
    roles.push_back(Object{{"name", name_of(role)}, {"scopes", listed(Roles{role}.scopes().names())}});
  }
  return {{"roles", std::move(roles)}};
}

Object show_me(Accounts& accounts, const Actor& actor, const Object& in) {
  Fields(in).done();
  if (actor.user == 0) return {{"user", nullptr}, {"scopes", listed(actor.scopes.names())}};
  const auto kept_by = accounts.sign_in.kept_by(actor.user);
  return {{"user", shown(accounts, accounts.directory.owner(actor.user))},
          {"tenant", shown(accounts.directory.tenant(actor.tenant))},
          {"scopes", listed(actor.scopes.names())},
          {"kept_by", kept_by ? json::Value(*kept_by) : json::Value(nullptr)}};
}

constexpr Action rows[] = {
    {"me.show", Scope::account, false, show_me},
    {"tenant.list", Scope::directory, false, list_tenants},
    {"tenant.show", Scope::directory, false, get_tenant},
    {"tenant.create", Scope::people, true, create_tenant},
    {"tenant.change", Scope::people, true, change_tenant},
    {"tenant.suspend", Scope::people, true, set_tenant_state<State::suspended>},
    {"tenant.restore", Scope::people, true, set_tenant_state<State::active>},
    {"tenant.delete", Scope::people, true, set_tenant_state<State::deleted>},
    {"department.list", Scope::directory, false, list_departments},
    {"department.create", Scope::people, true, create_department},
    {"department.delete", Scope::people, true, delete_department},
    {"user.list", Scope::directory, false, list_users},
    {"user.show", Scope::directory, false, get_user},
    {"user.create", Scope::people, true, create_user},
    {"user.change", Scope::people, true, change_user},
    {"user.suspend", Scope::people, true, set_user_state<State::suspended>},
    {"user.restore", Scope::people, true, set_user_state<State::active>},
    {"user.delete", Scope::people, true, set_user_state<State::deleted>},
    {"role.list", Scope::directory, false, list_roles},
    {"role.set", Scope::security, true, set_roles},
};

}  // namespace

std::span<const Action> people_actions() { return rows; }

}  // namespace cofre::accounts
