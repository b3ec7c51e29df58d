#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/roles.h"

namespace cofre::accounts {

/// Seconds since 1970.
using Clock = std::function<std::int64_t()>;
std::int64_t system_seconds();

enum class State : std::uint8_t { active, suspended, deleted };
std::string_view name_of(State state);

/// The tenant that the first start makes: its administrators reach every tenant, those of another only their own.
inline constexpr std::int64_t home_tenant = 1;

/// A company, or a part of one, whose data are its own.
struct Tenant {
  std::int64_t id = 0;
  std::string name;
  std::string zone;      ///< "Asia/Shanghai": says when its day ends
  std::string currency;  ///< "CNY": of its costs
  State state = State::active;
  std::int64_t created = 0;
};

struct Department {
  std::int64_t id = 0, tenant = 0;
  std::string name;
  State state = State::active;
  std::int64_t created = 0;
};

/// Who has keys: a person, or a program.
struct Owner {
  enum class Kind : std::uint8_t { user, service };
  std::int64_t id = 0, tenant = 0;
  std::int64_t department = 0;  ///< 0: none
  Kind kind = Kind::user;
  std::string name;        ///< by which a user signs in; unique within the tenant
  std::string label;       ///< for people to read; may be empty
  Roles roles;             ///< of a user
  Scopes granted;          ///< of a service account
  std::int64_t maker = 0;  ///< the owner who made it; 0: whoever administers the machine
  State state = State::active;
  std::int64_t created = 0;

  Scopes scopes() const { return kind == Kind::user ? roles.scopes() : granted; }
};

std::string_view name_of(Owner::Kind kind);  ///< "user", "service"

}  // namespace cofre::accounts
