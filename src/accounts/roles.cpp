#include "accounts/roles.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace cofre::accounts {
namespace {

struct Row {
  Role role;
  std::string_view name;
  Scopes scopes;
};

const std::array<Row, 5>& table() {
  using S = Scope;
  static const std::array<Row, 5> rows{{
      {Role::user, "user", {S::inference, S::account}},
      {Role::box_operator, "operator", {S::inference, S::account, S::metrics, S::admin, S::directory, S::usage}},
      {Role::system_administrator,
       "system_administrator",
       {S::inference, S::account, S::metrics, S::admin, S::directory, S::people, S::usage}},
      {Role::security_administrator, "security_administrator", {S::account, S::directory, S::security}},
      {Role::auditor, "auditor", {S::account, S::directory, S::usage, S::audit}},
  }};
  return rows;
}

}  // namespace

std::string_view name_of(Role role) {
  for (const auto& row : table()) {
    if (row.role == role) return row.name;
  }
  CHECK(false);
  return {};
}

Roles Roles::parse(const std::vector<std::string>& names) {
  Roles roles;
  for (const auto& given : names) {
    const auto found = std::find_if(table().begin(), table().end(), [&](const Row& row) { return row.name == given; });
    if (found == table().end()) {
      fail_field(Code::invalid, "roles",
                 "roles: \"{}\" is none of user, operator, system_administrator, security_administrator, auditor",
                 given);
    }
    roles.bits_ |= bit(found->role);
  }
  return roles;
}

std::vector<std::string> Roles::names() const {
  std::vector<std::string> names;
  for (const auto& row : table()) {
    if (has(row.role)) names.emplace_back(row.name);
  }
  return names;
}

Scopes Roles::scopes() const {
  Scopes scopes;
  for (const auto& row : table()) {
    if (has(row.role)) scopes.add(row.scopes);
  }
  return scopes;
}

bool Roles::are_apart() const noexcept {
  return has(Role::system_administrator) + has(Role::security_administrator) + has(Role::auditor) <= 1;
}

}  // namespace cofre::accounts
