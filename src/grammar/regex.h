#pragma once

#include <string_view>

#include "grammar/builder.h"
#include "grammar/characters.h"

namespace cofre::grammar {

enum class Anchoring : std::uint8_t {
  whole,   ///< the expression is the whole text; ^ and $ at its ends change nothing
  search,  ///< it may stand anywhere in the text, as JSON Schema's `pattern`, unless ^ or $ hold it
};

/// Adds a regular expression of ECMA-262 with the flag u: classes, \d \w \s, \p{L N P S M}, groups (named ones too),
/// alternatives, quantifiers (lazy ones match the same texts), ^ and $ at the ends. Where text is `written` inside JSON
/// strings the expression still speaks of characters.
/// Throws Error(invalid, field) where it is no expression, Error(unsupported, field) for look-around, backreferences,
/// \b and anchors in the middle, Error(exhausted) beyond the budgets of limits.h.
Node add_regex(Builder& builder, std::string_view pattern, std::string_view field,
               Anchoring anchoring = Anchoring::whole, Writing writing = Writing::plain);

}  // namespace cofre::grammar
