#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cofre::rules {

/// How a text is written: as itself, or as a part of JSON text, where a string's characters may be escapes.
enum class Writing : unsigned char { plain, json };

/// A character of a text as it was written, and as rules compare it.
struct Symbol {
  std::string written;  ///< its bytes, an escape whole
  char32_t plain = 0;   ///< text::plain(); 0: not seen
};

/// Takes symbols off the front of `text` and appends them to `symbols`. What may be the begin of a longer one (of a
/// character, of an escape) is left, unless the text is at its end.
void take_symbols(std::string& text, Writing writing, bool at_end, std::vector<Symbol>& symbols);

/// The plain characters of a whole text, those that are not seen left out.
std::u32string plain_text(std::string_view text);

}  // namespace cofre::rules
