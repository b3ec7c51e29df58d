#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"

namespace cofre::accounts {

/// The value whose name stands at its place, or Error(invalid, field) that tells all names.
template <class T, std::size_t size>
T named(const std::array<std::string_view, size>& names, std::string_view name, const char* field) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    fail_field(Code::invalid, field, "{}: must be one of {}", field, fmt::join(names, ", "));
  }
  return static_cast<T>(found - names.begin());
}

}  // namespace cofre::accounts
