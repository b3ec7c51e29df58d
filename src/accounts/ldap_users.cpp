#include "accounts/ldap_users.h"

#include <algorithm>

#include "accounts/actions/actions.h"
#include "accounts/actions/lookup.h"
#include "accounts/names.h"
#include "base/error.h"
#include "ldap/names.h"

namespace cofre::accounts {
namespace {

constexpr std::string_view everybody = "*";

/// What the audit trail calls it when groups change somebody.
constexpr Action by_groups{"ldap.user", Scope::account, true, nullptr};

}  // namespace

LdapUsers::LdapUsers(store::Database& database, std::mutex& database_mutex, Accounts& accounts, Ask ask,
                     Options options)
    : database_(database),
      database_mutex_(database_mutex),
      accounts_(accounts),
      ask_(std::move(ask)),
      options_(std::move(options)) {
  for (auto& group : options_.groups) {
    if (group.dn == everybody) continue;
    auto normal = ldap::normal_dn(group.dn);
    if (!normal) fail_field(Code::invalid, "ldap.group", "ldap.group: \"{}\" is no name of a group (DN)", group.dn);
    group.dn = std::move(*normal);
  }
}

std::optional<std::int64_t> LdapUsers::verify(std::int64_t tenant_id, const std::string& name,
                                              const std::string& password) {
  const auto tenant = accounts_.directory.find_tenant(tenant_id);
  if (!tenant || tenant->state != State::active) return std::nullopt;
  const auto person = ask(name, password);
  if (!person) return std::nullopt;
  auto owner = accounts_.directory.find_owner(tenant_id, person->name);
  if (owner && !may_vouch_for(*owner)) return std::nullopt;
  const auto grant = grant_of(*tenant, *person);
  if (!grant) {
    if (owner && given_before(owner->id)) give(*owner, {});
    return std::nullopt;
  }
  if (!owner && !options_.creates_users) return std::nullopt;
  if (!owner) owner = create(*tenant, person->name);
  give(*owner, *grant);
  return owner->id;
}

std::optional<ldap::Person> LdapUsers::ask(const std::string& name, const std::string& password) const {
  try {
    return ask_(name, password);
  } catch (const Error& error) {
    if (options_.note) options_.note(error.what());
    fail(Code::unavailable, "the company's directory does not answer: try again, or tell the administrator");
  }
}

/// What the person's groups give in this tenant; nothing where none of them leads there.
std::optional<LdapUsers::Grant> LdapUsers::grant_of(const Tenant& tenant, const ldap::Person& person) const {
  std::optional<Grant> grant;
  for (const auto& group : options_.groups) {
    const bool is_member =
        group.dn == everybody || std::find(person.groups.begin(), person.groups.end(), group.dn) != person.groups.end();
    if (group.tenant != tenant.name || !is_member) continue;
    if (!grant) grant.emplace();
    grant->roles.add(group.roles);
    if (grant->department.empty()) grant->department = group.department;
  }
  return grant;
}

std::optional<Roles> LdapUsers::given_before(std::int64_t owner) const {
  const std::lock_guard hold(database_mutex_);
  auto row = database_.query("SELECT roles FROM ldap_users WHERE owner = ?", owner);
  return row.next() ? std::optional(Roles::parse(words_of(row.text(0)))) : std::nullopt;
}

/// Not for somebody whom an administrator of this box made more than a user: the directory's own administrators
/// would become them by making such a name.
bool LdapUsers::may_vouch_for(const Owner& owner) const {
  if (owner.kind != Owner::Kind::user || accounts_.sign_in.has_password(owner.id)) return false;
  return given_before(owner.id) || owner.roles.without({Role::user}) == Roles();
}

/// Without a role: give() says which.
Owner LdapUsers::create(const Tenant& tenant, const std::string& name) const {
  Owner wanted;
  wanted.tenant = tenant.id;
  wanted.name = name;
  return accounts_.directory.create_owner(std::move(wanted));
}

void LdapUsers::give(const Owner& owner, const Grant& grant) {
  auto& directory = accounts_.directory;
  const auto before = given_before(owner.id);
  const Roles by_hand = owner.roles.without(before.value_or(Roles()));
  Roles roles = by_hand;
  roles.add(grant.roles);
  const bool are_apart = !directory.keeps_roles_apart() || roles.are_apart();
  if (!are_apart) roles = by_hand;
  std::int64_t department = owner.department;
  if (are_apart && !grant.department.empty()) department = department_named(owner.tenant, grant.department);
  if (!before || roles != owner.roles || department != owner.department) {
    const auto change = [&] {
      // What is kept says more for a moment, never less: roles that groups gave never become those given by hand.
      Roles most = before.value_or(Roles());
      most.add(roles.without(by_hand));
      keep(owner.id, most);
      directory.set_roles(owner.id, roles);
      directory.change_owner(owner.id, std::nullopt, department);
      keep(owner.id, roles.without(by_hand));
      return json::Object();
    };
    const Actor actor{.user = owner.id, .tenant = owner.tenant, .scopes = {}, .from = "ldap"};
    const json::Object request{
        {"user", owner.name}, {"roles", listed(roles.names())}, {"department", grant.department}};
    accounts_.recorder ? accounts_.recorder(actor, by_groups, request, change) : change();
  }
  if (!are_apart) {
    fail_field(Code::invalid, "roles",
               "roles: the directory's groups give two that this box keeps apart: none is given");
  }
}

std::int64_t LdapUsers::department_named(std::int64_t tenant, const std::string& name) const {
  try {
    return accounts_.directory.department_named(tenant, name).id;
  } catch (const Error& error) {
    if (options_.note) options_.note(fmt::format("[[ldap.group]]: {}", error.what()));
    fail(Code::unavailable, "the settings of the company's directory lead to no department: tell the administrator");
  }
}

/// A link by which they could set a password of this box would take them out of the directory's hands.
void LdapUsers::keep(std::int64_t owner, Roles given) {
  const std::lock_guard hold(database_mutex_);
  store::Transaction transaction(database_);
  database_.run("INSERT OR REPLACE INTO ldap_users (owner, roles) VALUES (?, ?)", owner, text_of(given.names()));
  database_.run("DELETE FROM links WHERE owner = ?", owner);
  transaction.commit();
}

}  // namespace cofre::accounts
