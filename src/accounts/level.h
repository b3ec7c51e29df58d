#pragma once

#include <cstdint>
#include <string_view>

namespace cofre::accounts {

/// Of whom a limit or a rule speaks: everybody, or all of one tenant or department, one user, one key.
enum class Level : std::uint8_t { box, tenant, department, user, key };
std::string_view name_of(Level level);
Level level_named(std::string_view name);  ///< or Error(invalid, level)

}  // namespace cofre::accounts
