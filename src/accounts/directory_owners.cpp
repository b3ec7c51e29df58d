#include <algorithm>

#include "accounts/directory.h"
#include "accounts/names.h"
#include "base/error.h"

namespace cofre::accounts {

void Directory::check_roles(const Owner& owner) const {
  if (apart_ && !owner.roles.are_apart()) {
    fail_field(Code::invalid, "roles",
               "roles: this box keeps system administrator, security administrator and auditor apart: nobody holds two "
               "of them (accounts.roles_apart)");
  }
}

void Directory::check_owner(const Owner& wanted) const {
  check_name(wanted.name);
  if (!wanted.label.empty()) check_name(wanted.label, "label");
  tenant(wanted.tenant);
  if (wanted.department != 0 && department(wanted.department).tenant != wanted.tenant) {
    fail_field(Code::not_found, "department", "department: there is no such department");
  }
  check_roles(wanted);
  if (find_owner(wanted.tenant, wanted.name)) {
    fail_field(Code::invalid, "name", "name: there is a user or service account {} already", wanted.name);
  }
}

Owner Directory::create_owner(Owner wanted) {
  return create_owners({std::move(wanted)}, [](const Owner&) {}).front();
}

std::vector<Owner> Directory::create_owners(std::vector<Owner> wanted, const std::function<void(const Owner&)>& also) {
  const auto now = clock_();
  const auto or_null = [](std::int64_t id) { return id == 0 ? std::nullopt : std::optional(id); };
  const std::lock_guard hold(database_mutex_);
  store::Transaction transaction(database_);
  for (auto& owner : wanted) {
    check_owner(owner);
    owner.created = now;
    owner.state = State::active;
    database_.run(
        "INSERT INTO owners (tenant, department, kind, name, label, roles, scopes, maker, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        owner.tenant, or_null(owner.department), name_of(owner.kind), owner.name, owner.label,
        text_of(owner.roles.names()), owner.granted.text(), or_null(owner.maker), owner.created);
    owner.id = database_.last_id();
    also(owner);
  }
  transaction.commit();
  const std::unique_lock change(mutex_);
  for (const auto& owner : wanted) {
    by_name_[{owner.tenant, owner.name}] = owner.id;
    owners_[owner.id] = owner;
  }
  return wanted;
}

Owner Directory::owner(std::int64_t id) const {
  const std::shared_lock hold(mutex_);
  const auto found = owners_.find(id);
  if (found == owners_.end() || found->second.state == State::deleted) {
    fail_field(Code::not_found, "user", "user: there is no such user or service account");
  }
  return found->second;
}

std::optional<Owner> Directory::find_owner(std::int64_t tenant, std::string_view name) const {
  const std::shared_lock hold(mutex_);
  const auto found = by_name_.find(std::pair(tenant, std::string(name)));
  if (found == by_name_.end()) return std::nullopt;
  return owners_.at(found->second);
}

std::optional<Owner> Directory::find_owner(std::int64_t id) const {
  const std::shared_lock hold(mutex_);
  const auto found = owners_.find(id);
  return found == owners_.end() ? std::nullopt : std::optional(found->second);
}

std::int64_t Directory::tenant_of(std::int64_t id) const {
  const std::shared_lock hold(mutex_);
  const auto found = owners_.find(id);
  return found == owners_.end() ? 0 : found->second.tenant;
}

Owner Directory::owner_named(std::int64_t tenant, std::string_view name) const {
  auto found = find_owner(tenant, name);
  if (!found) fail_field(Code::not_found, "user", "user: there is no user or service account {}", name);
  return std::move(*found);
}

std::vector<Owner> Directory::owners(std::int64_t tenant, Owner::Kind kind) const {
  const std::shared_lock hold(mutex_);
  std::vector<Owner> all;
  for (auto at = by_name_.lower_bound(std::pair(tenant, std::string())); at != by_name_.end(); ++at) {
    if (at->first.first != tenant) break;
    const auto& owner = owners_.at(at->second);
    if (owner.kind == kind) all.push_back(owner);
  }
  return all;
}

std::vector<Owner> Directory::owners_of(std::int64_t tenant) const {
  const std::shared_lock hold(mutex_);
  std::vector<Owner> all;
  for (const auto& [id, owner] : owners_) {
    if (owner.tenant == tenant) all.push_back(owner);
  }
  return all;
}

bool Directory::has_role(Role role) const {
  const std::shared_lock hold(mutex_);
  return std::any_of(owners_.begin(), owners_.end(), [&](const auto& item) {
    const Owner& owner = item.second;
    return owner.tenant == home_tenant && owner.state == State::active && owner.roles.has(role);
  });
}

void Directory::change_owner(std::int64_t id, const std::optional<std::string>& label,
                             const std::optional<std::int64_t>& department_id) {
  const auto before = owner(id);
  if (label && !label->empty()) check_name(*label, "label");
  if (department_id && *department_id != 0 && department(*department_id).tenant != before.tenant) {
    fail_field(Code::not_found, "department", "department: there is no such department");
  }
  const std::int64_t department_now = department_id.value_or(before.department);
  const std::string label_now = label.value_or(before.label);
  const std::lock_guard hold(database_mutex_);
  database_.run("UPDATE owners SET label = ?, department = nullif(?, 0) WHERE id = ?", label_now, department_now, id);
  const std::unique_lock change(mutex_);
  auto& owner_now = owners_.at(id);
  owner_now.label = label_now;
  owner_now.department = department_now;
}

void Directory::set_roles(std::int64_t id, Roles roles) {
  auto wanted = owner(id);
  if (wanted.kind != Owner::Kind::user) {
    fail_field(Code::invalid, "roles", "roles: a service account has scopes, not roles");
  }
  wanted.roles = roles;
  check_roles(wanted);
  {
    const std::lock_guard hold(database_mutex_);
    database_.run("UPDATE owners SET roles = ? WHERE id = ?", text_of(roles.names()), id);
    const std::unique_lock change(mutex_);
    owners_.at(id).roles = roles;
  }
  tell({id});
}

void Directory::set_granted(std::int64_t id, Scopes granted) {
  if (owner(id).kind != Owner::Kind::service) {
    fail_field(Code::invalid, "scopes", "scopes: a user has roles, not scopes");
  }
  {
    const std::lock_guard hold(database_mutex_);
    database_.run("UPDATE owners SET scopes = ? WHERE id = ?", granted.text(), id);
    const std::unique_lock change(mutex_);
    owners_.at(id).granted = granted;
  }
  tell({id});
}

void Directory::set_owner_state(std::int64_t id, State state) {
  const auto before = owner(id);
  const std::int64_t now = clock_();
  {
    const std::lock_guard hold(database_mutex_);
    database_.run(
        "UPDATE owners SET suspended = iif(?, NULL, coalesce(suspended, ?)), deleted = iif(?, ?, NULL) "
        "WHERE id = ?",
        state == State::active, now, state == State::deleted, now, id);
    const std::unique_lock change(mutex_);
    owners_.at(id).state = state;
    if (state == State::deleted) by_name_.erase(std::pair(before.tenant, before.name));
  }
  if (state != State::active) tell({id});
}

void Directory::erase_owner(std::int64_t id) {
  const auto name = fmt::format("erased-{}", id);
  const std::lock_guard hold(database_mutex_);
  store::Transaction transaction(database_);
  for (const auto& table : tables_of_owners(database_)) {
    if (table != "keys") database_.run(fmt::format("DELETE FROM \"{}\" WHERE owner = ?", table), id);
  }
  database_.run(
      "UPDATE owners SET name = ?, label = '', roles = '', scopes = '', department = NULL, erased = ? "
      "WHERE id = ? AND deleted IS NOT NULL",
      name, clock_(), id);
  CHECK(database_.changes() == 1);
  transaction.commit();
  const std::unique_lock change(mutex_);
  auto& owner = owners_.at(id);
  owner.name = name;
  owner.label = {};
  owner.roles = {};
  owner.granted = {};
  owner.department = 0;
}

std::vector<std::string> tables_of_owners(store::Database& database) {
  std::vector<std::string> tables;
  for (auto row = database.query("SELECT t.name FROM pragma_table_list AS t, pragma_foreign_key_list(t.name) AS f "
                                 "WHERE t.type = 'table' AND f.\"table\" = 'owners' AND f.\"from\" = 'owner' "
                                 "ORDER BY t.name");
       row.next();)
    tables.push_back(row.text(0));
  return tables;
}

}  // namespace cofre::accounts
