#pragma once

#include <optional>
#include <string_view>

namespace cofre::grammar {

/// The regular expression of a format of JSON Schema (draft 2020-12, §7.3), for a whole text; nothing where the name is
/// unknown. Narrower than the RFCs where these allow what nobody writes.
std::optional<std::string_view> format_pattern(std::string_view name);

}  // namespace cofre::grammar
