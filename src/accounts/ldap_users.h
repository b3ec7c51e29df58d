#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "ldap/client.h"

namespace cofre::accounts {

/// Users whom a company's directory (LDAP) vouches for. At each sign-in their groups say anew to which department they
/// belong and which roles they have. Roles that were given here by hand stay; what groups gave, they take away again.
class LdapUsers {
 public:
  /// Where the members of a group get in.
  struct Group {
    std::string dn;          ///< any way to write it; "*": everybody in the directory
    std::string tenant;      ///< by name
    std::string department;  ///< by name; empty: it says none
    Roles roles;
  };
  /// Who has this name and password: ldap::Client::verify().
  using Ask = std::function<std::optional<ldap::Person>(const std::string& name, const std::string& password)>;

  struct Options {
    std::vector<Group> groups;
    bool creates_users = true;                       ///< who is new becomes a user
    std::function<void(const std::string&)> note{};  ///< for the log: why the directory does not answer
  };

  /// All outlive it; the tables exist. Throws Error(invalid, ldap.group) where a group's name is no DN.
  LdapUsers(store::Database& database, std::mutex& database_mutex, Accounts& accounts, Ask ask, Options options);

  /// For SignIn::elsewhere. Nothing: not this password, or nobody whom a group lets in, or a name that has a password
  /// here, roles beyond `user` that were given before the directory knew it, or a service account. Throws
  /// Error(unavailable) where the directory does not answer or a group leads nowhere; Error(invalid, roles) where the
  /// groups give roles that this box keeps apart: then none is given.
  std::optional<std::int64_t> verify(std::int64_t tenant, const std::string& name, const std::string& password);

 private:
  struct Grant {
    Roles roles;
    std::string department;
  };
  std::optional<ldap::Person> ask(const std::string& name, const std::string& password) const;
  std::optional<Grant> grant_of(const Tenant& tenant, const ldap::Person& person) const;
  std::optional<Roles> given_before(std::int64_t owner) const;
  bool may_vouch_for(const Owner& owner) const;
  std::int64_t department_named(std::int64_t tenant, const std::string& name) const;
  Owner create(const Tenant& tenant, const std::string& name) const;
  void give(const Owner& owner, const Grant& grant);
  void keep(std::int64_t owner, Roles given);

  store::Database& database_;
  std::mutex& database_mutex_;
  Accounts& accounts_;
  const Ask ask_;
  Options options_;
};

}  // namespace cofre::accounts
