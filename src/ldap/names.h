#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cofre::ldap {

/// A text as the value of an assertion in a filter (RFC 4515 §3): what could mean something there stands as \XX.
std::string filter_value(std::string_view text);

/// A text as the value of an attribute in a distinguished name (RFC 4514 §2.4), likewise.
std::string dn_value(std::string_view text);

/// `pattern` with `value` in every place that says `place`: "(uid={user})".
std::string filled(std::string_view pattern, std::string_view place, std::string_view value);

/// A distinguished name in one form, so that two ways to write it are equal: letters small, no spaces around commas.
/// Nothing where it is none, or has no part.
std::optional<std::string> normal_dn(std::string_view text);

}  // namespace cofre::ldap
