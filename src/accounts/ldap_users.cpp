#include "accounts/ldap_users.h"

#include "base/error.h"
#include "ldap/names.h"

namespace cofre::accounts {
namespace {

/// Two ways to write a DN are one group.
VouchedUsers::Options of_directory(VouchedUsers::Options options) {
  options.source = "ldap";
  for (auto& group : options.groups) {
    if (group.name == "*") continue;
    auto normal = ldap::normal_dn(group.name);
    if (!normal) fail_field(Code::invalid, "ldap.group", "ldap.group: \"{}\" is no name of a group (DN)", group.name);
    group.name = std::move(*normal);
  }
  return options;
}

}  // namespace

LdapUsers::LdapUsers(store::Database& database, std::mutex& database_mutex, Accounts& accounts, Ask ask,
                     VouchedUsers::Options options)
    : ask_(std::move(ask)),
      note_(options.note),
      users_(database, database_mutex, accounts, of_directory(std::move(options))) {}

std::optional<std::int64_t> LdapUsers::verify(std::int64_t tenant, const std::string& name,
                                              const std::string& password) {
  auto person = ask(name, password);
  if (!person) return std::nullopt;
  return users_.admit(tenant, {std::move(person->name), std::move(person->groups)});
}

std::optional<ldap::Person> LdapUsers::ask(const std::string& name, const std::string& password) const {
  try {
    return ask_(name, password);
  } catch (const Error& error) {
    if (note_) note_(error.what());
    fail(Code::unavailable, "the company's directory does not answer: try again, or tell the administrator");
  }
}

}  // namespace cofre::accounts
