#pragma once

#include <vector>

#include "grammar/builder.h"

/// Sets of characters, as ascending disjoint ranges.
namespace cofre::grammar {

using CharacterSet = std::vector<CodeRange>;

inline constexpr char32_t code_point_max = 0x10ffff;

CharacterSet normal(CharacterSet set);  ///< sorted, joined
CharacterSet complement(CharacterSet set);

/// How a character of a text is written.
enum class Writing : std::uint8_t {
  plain,        ///< as it is
  json_string,  ///< as json::dump writes it inside a string: \" \\ \b \f \n \r \t \u00XX, all others as they are
};

/// One character of the set.
Node write_character(Builder& builder, const CharacterSet& set, Writing writing);

}  // namespace cofre::grammar
