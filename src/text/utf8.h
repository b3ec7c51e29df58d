#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cofre::text {

/// One code point and the bytes it takes.
struct Decoded {
  char32_t code = 0;
  std::size_t bytes = 0;  ///< 0: not UTF-8 here
};

/// The code point that begins at `at` (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
/// Requires at < text.size().
Decoded decode_utf8(std::string_view text, std::size_t at) noexcept;

/// Offset of the first byte that is not UTF-8; nothing where all is.
std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept;

/// Length of the longest prefix that does not end inside a character: what a stream may show now. Bytes that can never
/// become UTF-8 count as whole.
std::size_t whole_utf8_prefix(std::string_view text) noexcept;

void append_utf8(char32_t code, std::string& out);

/// Replaces what is not UTF-8 by U+FFFD, one for each maximal subpart (Unicode 15, §3.9).
std::string replace_invalid_utf8(std::string_view text);

}  // namespace cofre::text
