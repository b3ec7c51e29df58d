#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "accounts/people.h"
#include "store/database.h"

namespace cofre::accounts {

/// Tenants, departments, users and service accounts. Reads come from memory; a change is on the disk before it is
/// seen. Any thread may call anything. What cannot be found is Error(not_found) with the field that names it.
class Directory {
 public:
  /// Reads the tables, which exist. `database` is used under `database_mutex` alone.
  Directory(store::Database& database, std::mutex& database_mutex, Clock clock);

  /// Whether no user may hold two of system administrator, security administrator and auditor. Said once, at the start.
  void keep_roles_apart(bool apart) noexcept { apart_ = apart; }
  bool keeps_roles_apart() const noexcept { return apart_; }

  Tenant create_tenant(std::string_view name, std::string_view zone, std::string_view currency);
  Tenant tenant(std::int64_t id) const;
  std::optional<Tenant> find_tenant(std::int64_t id) const;  ///< deleted ones too
  Tenant tenant_named(std::string_view name) const;
  std::vector<Tenant> tenants() const;
  std::set<std::string> currencies() const;  ///< of all tenants, deleted ones too
  void change_tenant(std::int64_t id, const std::optional<std::string>& zone,
                     const std::optional<std::string>& currency);
  /// Suspended: nobody of it gets in. Deleted: for good, its name is free, and the key under which the keys of its
  /// contents are sealed is destroyed. The home tenant stays as it is.
  void set_tenant_state(std::int64_t id, State state);

  Department create_department(std::int64_t tenant, std::string_view name);
  Department department(std::int64_t id) const;
  std::optional<Department> find_department(std::int64_t id) const;  ///< deleted ones too
  Department department_named(std::int64_t tenant, std::string_view name) const;
  std::vector<Department> departments(std::int64_t tenant) const;
  /// Throws Error(invalid) while somebody belongs to it.
  void delete_department(std::int64_t id);

  /// `wanted` has tenant, department, kind, name, label, roles or granted, maker.
  Owner create_owner(Owner wanted);
  /// All of them or none. `also` is called for each within the transaction, with the mutex of the database held.
  std::vector<Owner> create_owners(std::vector<Owner> wanted, const std::function<void(const Owner&)>& also);
  /// Throws what create_owner() would.
  void check_owner(const Owner& wanted) const;
  Owner owner(std::int64_t id) const;
  /// Of either kind, not deleted.
  Owner owner_named(std::int64_t tenant, std::string_view name) const;
  std::optional<Owner> find_owner(std::int64_t tenant, std::string_view name) const;
  std::optional<Owner> find_owner(std::int64_t id) const;   ///< deleted ones too
  std::int64_t tenant_of(std::int64_t owner) const;         ///< 0: there is no such owner
  std::vector<Owner> owners_of(std::int64_t tenant) const;  ///< deleted ones too
  /// By name; deleted ones are not among them.
  std::vector<Owner> owners(std::int64_t tenant, Owner::Kind kind) const;
  bool has_role(Role role) const;  ///< whether an active user of the home tenant holds it
  void change_owner(std::int64_t id, const std::optional<std::string>& label,
                    const std::optional<std::int64_t>& department);
  void set_roles(std::int64_t id, Roles roles);
  void set_granted(std::int64_t id, Scopes granted);
  void set_owner_state(std::int64_t id, State state);
  /// Leaves nothing of an owner that was deleted but a number. Deletes its rows in every table that refers to it by a
  /// column "owner", but for keys.
  void erase_owner(std::int64_t id);

  /// What an owner may do now, and where it belongs; nothing for who is not active, or whose tenant is not.
  struct Standing {
    std::int64_t tenant = 0, department = 0;
    Owner::Kind kind = Owner::Kind::user;
    Roles roles;
    Scopes scopes;
  };
  std::optional<Standing> standing(std::int64_t owner) const;

  /// `told` is called, on the thread that made the change, with the owners who may do less than before.
  void watch(std::function<void(const std::vector<std::int64_t>& owners)> told);

 private:
  void read();
  void make_tenant_keys();
  void check_roles(const Owner& owner) const;
  std::vector<std::int64_t> owners_of_tenant(std::int64_t tenant) const;
  void tell(const std::vector<std::int64_t>& owners) const;

  store::Database& database_;
  std::mutex& database_mutex_;
  Clock clock_;
  bool apart_ = false;
  mutable std::shared_mutex mutex_;  ///< of what follows; never held while the disk works
  std::map<std::int64_t, Tenant> tenants_;
  std::map<std::int64_t, Department> departments_;
  std::unordered_map<std::int64_t, Owner> owners_;
  std::map<std::pair<std::int64_t, std::string>, std::int64_t, std::less<>> by_name_;
  std::vector<std::function<void(const std::vector<std::int64_t>&)>> watchers_;
};

/// The tables whose column "owner" refers to the owners: what there is of one beside its own row. With the mutex of the
/// database held.
std::vector<std::string> tables_of_owners(store::Database& database);

}  // namespace cofre::accounts
