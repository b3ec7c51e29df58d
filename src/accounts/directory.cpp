#include "accounts/directory.h"

#include <algorithm>
#include <chrono>

#include "accounts/names.h"
#include "base/error.h"
#include "crypto/secret.h"
#include "text/calendar.h"

namespace cofre::accounts {
namespace {

State state_of(const store::Statement& row, int suspended, int deleted) {
  if (!row.is_null(deleted)) return State::deleted;
  return row.is_null(suspended) ? State::active : State::suspended;
}

void check_currency(std::string_view currency) {
  const bool is_code = currency.size() == 3 &&
                       std::all_of(currency.begin(), currency.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!is_code) fail_field(Code::invalid, "currency", "currency: three capital letters, like CNY (ISO 4217)");
}

Scopes scopes_or_none(const std::string& text) { return text.empty() ? Scopes() : Scopes::parse(text); }

}  // namespace

std::int64_t system_seconds() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

std::string_view name_of(State state) {
  switch (state) {
    case State::active: return "active";
    case State::suspended: return "suspended";
    case State::deleted: return "deleted";
  }
  CHECK(false);
  return {};
}

std::string_view name_of(Owner::Kind kind) { return kind == Owner::Kind::user ? "user" : "service"; }

Directory::Directory(store::Database& database, std::mutex& database_mutex, Clock clock)
    : database_(database), database_mutex_(database_mutex), clock_(std::move(clock)) {
  const std::lock_guard hold(database_mutex_);
  read();
}

void Directory::read() {
  make_tenant_keys();
  for (auto row = database_.query("SELECT id, name, zone, currency, created, suspended, deleted FROM tenants");
       row.next();) {
    tenants_[row.integer(0)] = {row.integer(0), row.text(1),         row.text(2),
                                row.text(3),    state_of(row, 5, 6), row.integer(4)};
  }
  for (auto row = database_.query("SELECT id, tenant, name, created, NULL, deleted FROM departments"); row.next();) {
    departments_[row.integer(0)] = {row.integer(0), row.integer(1), row.text(2), state_of(row, 4, 5), row.integer(3)};
  }
  for (auto row = database_.query("SELECT id, tenant, department, kind, name, label, roles, scopes, maker, created, "
                                  "suspended, deleted FROM owners");
       row.next();) {
    Owner owner;
    owner.id = row.integer(0);
    owner.tenant = row.integer(1);
    owner.department = row.integer(2);
    owner.kind = row.text(3) == "user" ? Owner::Kind::user : Owner::Kind::service;
    owner.name = row.text(4);
    owner.label = row.text(5);
    owner.roles = Roles::parse(words_of(row.text(6)));
    owner.granted = scopes_or_none(row.text(7));
    owner.maker = row.integer(8);
    owner.created = row.integer(9);
    owner.state = state_of(row, 10, 11);
    if (owner.state != State::deleted) by_name_[{owner.tenant, owner.name}] = owner.id;
    owners_.emplace(owner.id, std::move(owner));
  }
}

/// Of tenants from before there were any.
void Directory::make_tenant_keys() {
  std::vector<std::int64_t> without;
  for (auto row = database_.query("SELECT id FROM tenants WHERE key IS NULL AND deleted IS NULL"); row.next();)
    without.push_back(row.integer(0));
  for (const auto id : without)
    database_.run("UPDATE tenants SET key = ? WHERE id = ?", crypto::Secret::random().bytes(), id);
}

Tenant Directory::create_tenant(std::string_view name, std::string_view zone, std::string_view currency) {
  check_name(name);
  text::check_zone(zone, "zone");
  check_currency(currency);
  Tenant tenant{0, std::string(name), std::string(zone), std::string(currency), State::active, clock_()};
  const std::lock_guard hold(database_mutex_);
  if (database_.query("SELECT 1 FROM tenants WHERE name = ? AND deleted IS NULL", name).next()) {
    fail_field(Code::invalid, "name", "name: there is a tenant {} already", name);
  }
  const auto key = crypto::Secret::random();
  database_.run("INSERT INTO tenants (name, zone, currency, created, key) VALUES (?, ?, ?, ?, ?)", name, zone, currency,
                tenant.created, key.bytes());
  tenant.id = database_.last_id();
  const std::unique_lock change(mutex_);
  return tenants_[tenant.id] = tenant;
}

Tenant Directory::tenant(std::int64_t id) const {
  const std::shared_lock hold(mutex_);
  const auto found = tenants_.find(id);
  if (found == tenants_.end() || found->second.state == State::deleted) {
    fail_field(Code::not_found, "tenant", "tenant: there is no such tenant");
  }
  return found->second;
}

std::optional<Tenant> Directory::find_tenant(std::int64_t id) const {
  const std::shared_lock hold(mutex_);
  const auto found = tenants_.find(id);
  return found == tenants_.end() ? std::nullopt : std::optional(found->second);
}

Tenant Directory::tenant_named(std::string_view name) const {
  const std::shared_lock hold(mutex_);
  for (const auto& [id, tenant] : tenants_) {
    if (tenant.name == name && tenant.state != State::deleted) return tenant;
  }
  fail_field(Code::not_found, "tenant", "tenant: there is no tenant {}", name);
}

std::vector<Tenant> Directory::tenants() const {
  const std::shared_lock hold(mutex_);
  std::vector<Tenant> all;
  for (const auto& [id, tenant] : tenants_) {
    if (tenant.state != State::deleted) all.push_back(tenant);
  }
  return all;
}

std::set<std::string> Directory::currencies() const {
  const std::shared_lock hold(mutex_);
  std::set<std::string> all;
  for (const auto& [id, tenant] : tenants_) all.insert(tenant.currency);
  return all;
}

void Directory::change_tenant(std::int64_t id, const std::optional<std::string>& zone,
                              const std::optional<std::string>& currency) {
  if (zone) text::check_zone(*zone, "zone");
  if (currency) check_currency(*currency);
  tenant(id);
  const std::lock_guard hold(database_mutex_);
  database_.run("UPDATE tenants SET zone = coalesce(?, zone), currency = coalesce(?, currency) WHERE id = ?", zone,
                currency, id);
  const std::unique_lock change(mutex_);
  if (zone) tenants_[id].zone = *zone;
  if (currency) tenants_[id].currency = *currency;
}

void Directory::set_tenant_state(std::int64_t id, State state) {
  tenant(id);
  if (id == home_tenant) {
    fail_field(Code::invalid, "tenant", "tenant: the home tenant administers the box and stays");
  }
  const std::int64_t now = clock_();
  std::vector<std::int64_t> ended;
  {
    const std::lock_guard hold(database_mutex_);
    database_.run(
        "UPDATE tenants SET suspended = iif(?1, NULL, coalesce(suspended, ?2)), deleted = iif(?3, ?2, NULL), "
        "key = iif(?3, NULL, key) WHERE id = ?4",
        state == State::active, now, state == State::deleted, id);
    if (state == State::deleted) database_.empty_log();
    const std::unique_lock change(mutex_);
    tenants_[id].state = state;
    if (state != State::active) ended = owners_of_tenant(id);
  }
  tell(ended);
}

Department Directory::create_department(std::int64_t tenant_id, std::string_view name) {
  check_name(name);
  tenant(tenant_id);
  Department department{0, tenant_id, std::string(name), State::active, clock_()};
  const std::lock_guard hold(database_mutex_);
  if (database_.query("SELECT 1 FROM departments WHERE tenant = ? AND name = ? AND deleted IS NULL", tenant_id, name)
          .next()) {
    fail_field(Code::invalid, "name", "name: there is a department {} already", name);
  }
  database_.run("INSERT INTO departments (tenant, name, created) VALUES (?, ?, ?)", tenant_id, name,
                department.created);
  department.id = database_.last_id();
  const std::unique_lock change(mutex_);
  return departments_[department.id] = department;
}

Department Directory::department(std::int64_t id) const {
  const std::shared_lock hold(mutex_);
  const auto found = departments_.find(id);
  if (found == departments_.end() || found->second.state == State::deleted) {
    fail_field(Code::not_found, "department", "department: there is no such department");
  }
  return found->second;
}

std::optional<Department> Directory::find_department(std::int64_t id) const {
  const std::shared_lock hold(mutex_);
  const auto found = departments_.find(id);
  return found == departments_.end() ? std::nullopt : std::optional(found->second);
}

Department Directory::department_named(std::int64_t tenant, std::string_view name) const {
  const std::shared_lock hold(mutex_);
  for (const auto& [id, department] : departments_) {
    if (department.tenant == tenant && department.name == name && department.state != State::deleted) {
      return department;
    }
  }
  fail_field(Code::not_found, "department", "department: there is no department {}", name);
}

std::vector<Department> Directory::departments(std::int64_t tenant) const {
  const std::shared_lock hold(mutex_);
  std::vector<Department> all;
  for (const auto& [id, department] : departments_) {
    if (department.tenant == tenant && department.state != State::deleted) all.push_back(department);
  }
  return all;
}

void Directory::delete_department(std::int64_t id) {
  department(id);
  const std::lock_guard hold(database_mutex_);
  if (database_.query("SELECT 1 FROM owners WHERE department = ? AND deleted IS NULL LIMIT 1", id).next()) {
    fail_field(Code::invalid, "department", "department: somebody belongs to it still");
  }
  database_.run("UPDATE departments SET deleted = ? WHERE id = ?", clock_(), id);
  const std::unique_lock change(mutex_);
  departments_[id].state = State::deleted;
}

std::vector<std::int64_t> Directory::owners_of_tenant(std::int64_t tenant) const {
  std::vector<std::int64_t> ids;
  for (const auto& [id, owner] : owners_) {
    if (owner.tenant == tenant) ids.push_back(id);
  }
  return ids;
}

std::optional<Directory::Standing> Directory::standing(std::int64_t id) const {
  const std::shared_lock hold(mutex_);
  const auto found = owners_.find(id);
  if (found == owners_.end() || found->second.state != State::active) return std::nullopt;
  const Owner& owner = found->second;
  const auto tenant = tenants_.find(owner.tenant);
  if (tenant == tenants_.end() || tenant->second.state != State::active) return std::nullopt;
  return Standing{owner.tenant, owner.department, owner.kind, owner.roles, owner.scopes()};
}

void Directory::watch(std::function<void(const std::vector<std::int64_t>&)> told) {
  const std::unique_lock change(mutex_);
  watchers_.push_back(std::move(told));
}

void Directory::tell(const std::vector<std::int64_t>& owners) const {
  if (owners.empty()) return;
  std::vector<std::function<void(const std::vector<std::int64_t>&)>> watchers;
  {
    const std::shared_lock hold(mutex_);
    watchers = watchers_;
  }
  for (const auto& told : watchers) told(owners);
}

}  // namespace cofre::accounts
