#pragma once

#include "accounts/vouched_users.h"
#include "ldap/client.h"

namespace cofre::accounts {

/// Users whom a company's directory (LDAP) vouches for, by their name and password.
class LdapUsers {
 public:
  /// Who has this name and password: ldap::Client::verify().
  using Ask = std::function<std::optional<ldap::Person>(const std::string& name, const std::string& password)>;

  /// All outlive it; the tables exist. Names of groups are DNs, any way to write them; `note` is told too why the
  /// directory does not answer. Throws Error(invalid, ldap.group) where a group's name is no DN.
  LdapUsers(store::Database& database, std::mutex& database_mutex, Accounts& accounts, Ask ask,
            VouchedUsers::Options options);

  /// For SignIn::elsewhere. Nothing: not this password, or nobody whom VouchedUsers::admit() lets in. Throws
  /// Error(unavailable) where the directory does not answer; what admit() throws.
  std::optional<std::int64_t> verify(std::int64_t tenant, const std::string& name, const std::string& password);

 private:
  std::optional<ldap::Person> ask(const std::string& name, const std::string& password) const;

  const Ask ask_;
  const std::function<void(const std::string&)> note_;
  VouchedUsers users_;
};

}  // namespace cofre::accounts
