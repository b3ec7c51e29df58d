#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cofre::text {

/// What a code point is, as far as splitting text into words needs it.
enum Property : std::uint8_t {
  letter = 1,       ///< general category L*
  number = 2,       ///< N*
  mark = 4,         ///< M*
  punctuation = 8,  ///< P*
  symbol = 16,      ///< S*
  space = 32,       ///< property White_Space
  lower = 64,       ///< Ll
  upper = 128,      ///< Lu and Lt
};

/// Properties of a code point, by ICU's tables.
std::uint8_t properties(char32_t code) noexcept;

/// General category C*: control, format, private use, not assigned.
bool is_control(char32_t code) noexcept;
/// What regular expressions call \w (UTS #18, annex C): letters, marks, decimal digits, connectors, joiners.
bool is_word(char32_t code) noexcept;
/// General category Mn.
bool is_nonspacing_mark(char32_t code) noexcept;
/// Lower case of one code point, where that is one.
char32_t to_lower(char32_t code) noexcept;
/// Canonical decomposition (NFD). Requires UTF-8.
std::string decompose(std::string_view text);
/// Canonical composition (NFC). Requires UTF-8.
std::string compose(std::string_view text);

/// A character without what only changes its looks: case folded, full-width forms as their usual ones, every space as
/// U+0020. 0: what is not seen at all (zero-width characters, soft hyphens, variation selectors).
char32_t plain(char32_t code) noexcept;

/// Case mapping of a whole text (Unicode 15, §3.13), of no particular language. Requires UTF-8.
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);

}  // namespace cofre::text
