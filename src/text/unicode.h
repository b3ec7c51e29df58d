#pragma once

#include <cstdint>

namespace cofre::text {

/// What a code point is, as far as splitting text into words needs it.
enum Property : std::uint8_t {
  letter = 1,      ///< general category L*
  number = 2,      ///< N*
  mark = 4,        ///< M*
  punctuation = 8, ///< P*
  symbol = 16,     ///< S*
  space = 32,      ///< property White_Space
};

/// Properties of a code point, by ICU's tables.
std::uint8_t properties(char32_t code) noexcept;

}  // namespace cofre::text
