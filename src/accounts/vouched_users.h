#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "base/error.h"

namespace cofre::accounts {

/// Somebody for whom another system vouches.
struct Vouched {
  std::string name;                   ///< as that system writes it
  std::vector<std::string> groups{};  ///< as Group::name writes them
  std::string subject{};  ///< who that is there, whatever they are called; empty: the name alone says who they are
};

/// Users for whom a system of the company vouches: its directory (LDAP), its provider (OpenID Connect). At each sign-in
/// their groups say anew to which department they belong and which roles they have. Roles that were given here by hand
/// stay; what groups gave, they take away again. Any thread may call anything.
class VouchedUsers {
 public:
  /// Where the members of a group get in.
  struct Group {
    std::string name;        ///< "*": everybody of that system
    std::string tenant;      ///< by name
    std::string department;  ///< by name; empty: it says none
    Roles roles;
  };

  struct Options {
    std::string source;  ///< whose users they are, in the table, the audit trail and the settings: "ldap", "oidc"
    std::vector<Group> groups;
    bool creates_users = true;                       ///< who is new becomes a user
    std::function<void(const std::string&)> note{};  ///< for the log: what is wrong with the settings
  };

  /// All outlive it; the tables exist. From now on `accounts` knows that this system keeps how its users sign in.
  VouchedUsers(store::Database& database, std::mutex& database_mutex, Accounts& accounts, Options options);

  /// The user here who that is, made or brought up to date where need be. Nothing: nobody whom a group lets in, or a
  /// name that has a password here, belongs to another system or to another subject of this one, or has roles beyond
  /// `user` that were given before the system knew it, or a service account. Throws Error(unavailable) where a group
  /// leads nowhere; Error(invalid, roles) where the groups give roles that this box keeps apart: then none is given.
  std::optional<std::int64_t> admit(std::int64_t tenant, const Vouched& person);
  /// Likewise, into the tenant of the first group that lets them in.
  std::optional<std::int64_t> admit(const Vouched& person);

 private:
  struct Grant {
    Roles roles;
    std::string department;
  };
  struct Known {
    std::string source, subject;
    Roles roles;  ///< that groups gave
  };
  bool is_member(const Group& group, const Vouched& person) const;
  std::optional<Grant> grant_of(const Tenant& tenant, const Vouched& person) const;
  std::optional<Known> known(std::int64_t owner) const;
  std::optional<Owner> owner_of(std::int64_t tenant, const Vouched& person) const;
  std::vector<std::int64_t> owners_of_subject(const std::string& subject) const;
  bool may_vouch_for(const Owner& owner, const Vouched& person) const;
  std::optional<std::int64_t> tenant_of(const Vouched& person) const;
  std::int64_t department_named(std::int64_t tenant, const std::string& name) const;
  [[noreturn]] void lead_nowhere(const Error& error) const;
  Owner create(const Tenant& tenant, const std::string& name) const;
  void give(const Owner& owner, const Vouched& person, const Grant& grant);
  void keep(std::int64_t owner, const Vouched& person, Roles given);

  store::Database& database_;
  std::mutex& database_mutex_;
  Accounts& accounts_;
  const Options options_;
};

}  // namespace cofre::accounts
