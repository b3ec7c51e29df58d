#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/scopes.h"

namespace cofre::accounts {

/// What a user is to the box. What each may do stands in the table of roles.cpp.
enum class Role : std::uint8_t {
  user,                    ///< asks models
  box_operator,            ///< runs the box: models, its state
  system_administrator,    ///< tenants, departments, users, quotas, settings
  security_administrator,  ///< roles, other people's keys and sessions
  auditor,                 ///< reads what happened, changes nothing
};

std::string_view name_of(Role role);  ///< "operator", "system_administrator", …

/// A set of them.
class Roles {
 public:
  Roles() = default;
  Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) bits_ |= bit(role);
  }
  /// From their names; none is none. Throws Error(invalid, "roles") naming the unknown one.
  static Roles parse(const std::vector<std::string>& names);

  bool has(Role role) const noexcept { return (bits_ & bit(role)) != 0; }
  void add(Roles others) noexcept { bits_ |= others.bits_; }
  /// Those that are not among the others.
  Roles without(Roles others) const noexcept {
    others.bits_ = static_cast<std::uint8_t>(bits_ & ~others.bits_);
    return others;
  }
  std::vector<std::string> names() const;
  /// What they may do together.
  Scopes scopes() const;
  /// Whether no two of system administrator, security administrator and auditor are among them.
  bool are_apart() const noexcept;
  bool operator==(const Roles&) const = default;

 private:
  static std::uint8_t bit(Role role) noexcept { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(role)); }
  std::uint8_t bits_ = 0;
};

}  // namespace cofre::accounts
