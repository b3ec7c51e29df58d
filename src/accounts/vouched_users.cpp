#include "accounts/vouched_users.h"

#include <algorithm>

#include "accounts/actions/actions.h"
#include "accounts/actions/lookup.h"
#include "accounts/names.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr std::string_view everybody = "*";

}  // namespace

VouchedUsers::VouchedUsers(store::Database& database, std::mutex& database_mutex, Accounts& accounts, Options options)
    : database_(database), database_mutex_(database_mutex), accounts_(accounts), options_(std::move(options)) {
  accounts_.sign_in.vouchers.insert(options_.source);
}

std::optional<std::int64_t> VouchedUsers::admit(std::int64_t tenant_id, const Vouched& person) {
  const auto tenant = accounts_.directory.find_tenant(tenant_id);
  if (!tenant || tenant->state != State::active) return std::nullopt;
  auto owner = owner_of(tenant_id, person);
  if (owner && !may_vouch_for(*owner, person)) return std::nullopt;
  const auto grant = grant_of(*tenant, person);
  if (!grant) {
    if (owner && known(owner->id)) give(*owner, person, {});
    return std::nullopt;
  }
  if (!owner && !options_.creates_users) return std::nullopt;
  if (!owner) owner = create(*tenant, person.name);
  give(*owner, person, *grant);
  return owner->id;
}

std::optional<std::int64_t> VouchedUsers::admit(const Vouched& person) {
  const auto tenant = tenant_of(person);
  // Where else they were let in before, they keep what their groups give there now, and no more.
  for (const auto owner : owners_of_subject(person.subject)) {
    if (const auto other = accounts_.directory.tenant_of(owner); other != tenant) admit(other, person);
  }
  return tenant ? admit(*tenant, person) : std::nullopt;
}

/// Of the first group that lets them in.
std::optional<std::int64_t> VouchedUsers::tenant_of(const Vouched& person) const {
  const auto leads = std::find_if(options_.groups.begin(), options_.groups.end(),
                                  [&](const Group& group) { return is_member(group, person); });
  if (leads == options_.groups.end()) return std::nullopt;
  try {
    return accounts_.directory.tenant_named(leads->tenant).id;
  } catch (const Error& error) {
    lead_nowhere(error);
  }
}

bool VouchedUsers::is_member(const Group& group, const Vouched& person) const {
  return group.name == everybody ||
         std::find(person.groups.begin(), person.groups.end(), group.name) != person.groups.end();
}

/// What the person's groups give in this tenant; nothing where none of them leads there.
std::optional<VouchedUsers::Grant> VouchedUsers::grant_of(const Tenant& tenant, const Vouched& person) const {
  std::optional<Grant> grant;
  for (const auto& group : options_.groups) {
    if (group.tenant != tenant.name || !is_member(group, person)) continue;
    if (!grant) grant.emplace();
    grant->roles.add(group.roles);
    if (grant->department.empty()) grant->department = group.department;
  }
  return grant;
}

std::optional<VouchedUsers::Known> VouchedUsers::known(std::int64_t owner) const {
  const std::lock_guard hold(database_mutex_);
  auto row = database_.query("SELECT source, subject, roles FROM vouched_users WHERE owner = ?", owner);
  if (!row.next()) return std::nullopt;
  return Known{row.text(0), row.text(1), Roles::parse(words_of(row.text(2)))};
}

std::vector<std::int64_t> VouchedUsers::owners_of_subject(const std::string& subject) const {
  std::vector<std::int64_t> owners;
  if (subject.empty()) return owners;
  const std::lock_guard hold(database_mutex_);
  auto row =
      database_.query("SELECT owner FROM vouched_users WHERE source = ? AND subject = ?", options_.source, subject);
  while (row.next()) owners.push_back(row.integer(0));
  return owners;
}

/// Whom the subject was before, under whatever name; else who has the name.
std::optional<Owner> VouchedUsers::owner_of(std::int64_t tenant, const Vouched& person) const {
  for (const auto id : owners_of_subject(person.subject)) {
    auto owner = accounts_.directory.find_owner(id);
    if (owner && owner->tenant == tenant && owner->state != State::deleted) return owner;
  }
  return accounts_.directory.find_owner(tenant, person.name);
}

/// Not for somebody whom an administrator of this box made more than a user: the other system's administrators would
/// become them by making such a name. Nor for whom it did not mean by that name: names pass from one to another.
bool VouchedUsers::may_vouch_for(const Owner& owner, const Vouched& person) const {
  if (owner.kind != Owner::Kind::user || accounts_.sign_in.has_password(owner.id)) return false;
  if (const auto before = known(owner.id)) {
    return before->source == options_.source && before->subject == person.subject;
  }
  return owner.roles.without({Role::user}) == Roles();
}

/// Without a role: give() says which.
Owner VouchedUsers::create(const Tenant& tenant, const std::string& name) const {
  Owner wanted;
  wanted.tenant = tenant.id;
  wanted.name = name;
  return accounts_.directory.create_owner(std::move(wanted));
}

void VouchedUsers::give(const Owner& owner, const Vouched& person, const Grant& grant) {
  auto& directory = accounts_.directory;
  const auto before = known(owner.id);
  const Roles gave = before ? before->roles : Roles();
  const Roles by_hand = owner.roles.without(gave);
  Roles roles = by_hand;
  roles.add(grant.roles);
  const bool are_apart = !directory.keeps_roles_apart() || roles.are_apart();
  if (!are_apart) roles = by_hand;
  std::int64_t department = owner.department;
  if (are_apart && !grant.department.empty()) department = department_named(owner.tenant, grant.department);
  if (!before || roles != owner.roles || department != owner.department) {
    const auto change = [&] {
      // What is kept says more for a moment, never less: roles that groups gave never become those given by hand.
      Roles most = gave;
      most.add(roles.without(by_hand));
      keep(owner.id, person, most);
      directory.set_roles(owner.id, roles);
      directory.change_owner(owner.id, std::nullopt, department);
      keep(owner.id, person, roles.without(by_hand));
      return json::Object();
    };
    // What the audit trail calls it when groups change somebody.
    const auto name = options_.source + ".user";
    const Action by_groups{name, Scope::account, true, nullptr};
    const Actor actor{.user = owner.id, .tenant = owner.tenant, .scopes = {}, .from = options_.source};
    const json::Object request{
        {"user", owner.name}, {"roles", listed(roles.names())}, {"department", grant.department}};
    accounts_.recorder ? accounts_.recorder(actor, by_groups, request, change) : change();
  }
  if (!are_apart) {
    fail_field(Code::invalid, "roles", "roles: the company's groups give two that this box keeps apart: none is given");
  }
}

std::int64_t VouchedUsers::department_named(std::int64_t tenant, const std::string& name) const {
  try {
    return accounts_.directory.department_named(tenant, name).id;
  } catch (const Error& error) {
    lead_nowhere(error);
  }
}

void VouchedUsers::lead_nowhere(const Error& error) const {
  if (options_.note) options_.note(fmt::format("[[{}.group]]: {}", options_.source, error.what()));
  fail(Code::unavailable,
       "the settings of the company's groups lead to no tenant or department: tell the administrator");
}

/// A link by which they could set a password of this box would take them out of the other system's hands.
void VouchedUsers::keep(std::int64_t owner, const Vouched& person, Roles given) {
  const std::lock_guard hold(database_mutex_);
  store::Transaction transaction(database_);
  database_.run("INSERT OR REPLACE INTO vouched_users (owner, source, subject, roles) VALUES (?, ?, ?, ?)", owner,
                options_.source, person.subject, text_of(given.names()));
  database_.run("DELETE FROM links WHERE owner = ?", owner);
  transaction.commit();
}

}  // namespace cofre::accounts
