#include "rules/symbols.h"

#include <charconv>
#include <optional>

#include "text/unicode.h"
#include "text/utf8.h"

namespace cofre::rules {
namespace {

constexpr std::size_t escape_bytes = 6;  // \u4e2d

struct Escape {
  std::size_t bytes = 0;  ///< 0: more is to come
  char32_t code = 0;
};

std::optional<char32_t> code_unit(std::string_view text) {
  unsigned unit = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + escape_bytes, unit, 16);
  if (text[1] != 'u' || error != std::errc() || end != text.data() + escape_bytes) return std::nullopt;
  return unit;
}

/// RFC 8259 §7. `text` begins with a backslash.
Escape read_escape(std::string_view text, bool at_end) {
  const Escape wait = at_end ? Escape{1, U'\\'} : Escape{};
  if (text.size() < 2) return wait;
  constexpr std::string_view short_names = "nrtbf", short_codes = "\n\r\t\b\f";
  if (const auto at = short_names.find(text[1]); at != short_names.npos) {
    return {2, static_cast<char32_t>(short_codes[at])};
  }
  if (text[1] != 'u') return {2, static_cast<unsigned char>(text[1])};
  if (text.size() < escape_bytes) return wait;
  const auto high = code_unit(text);
  if (!high) return {1, U'\\'};
  if (*high < 0xd800 || *high > 0xdbff) return {escape_bytes, *high};
  const auto rest = text.substr(escape_bytes);
  if (rest.size() < escape_bytes && !at_end && (rest.empty() || rest[0] == '\\')) return wait;
  if (rest.size() < escape_bytes || rest[0] != '\\') return {escape_bytes, *high};
  const auto low = code_unit(rest);
  if (!low || *low < 0xdc00 || *low > 0xdfff) return {escape_bytes, *high};
  return {2 * escape_bytes, 0x10000 + ((*high - 0xd800) << 10) + (*low - 0xdc00)};
}

}  // namespace

void take_symbols(std::string& text, Writing writing, bool at_end, std::vector<Symbol>& symbols) {
  std::size_t at = 0;
  const std::size_t whole = at_end ? text.size() : text::whole_utf8_prefix(text);
  while (at < whole) {
    if (writing == Writing::json && text[at] == '\\') {
      const auto escape = read_escape(std::string_view(text).substr(at), at_end);
      if (escape.bytes == 0) break;
      symbols.push_back({text.substr(at, escape.bytes), text::plain(escape.code)});
      at += escape.bytes;
      continue;
    }
    const auto decoded = text::decode_utf8(text, at);
    const auto bytes = decoded.bytes == 0 ? 1 : decoded.bytes;
    symbols.push_back({text.substr(at, bytes), text::plain(decoded.bytes == 0 ? 0xfffd : decoded.code)});
    at += bytes;
  }
  text.erase(0, at);
}

std::u32string plain_text(std::string_view text) {
  std::string left(text);
  std::vector<Symbol> symbols;
  take_symbols(left, Writing::plain, true, symbols);
  std::u32string plain;
  for (const auto& symbol : symbols) {
    if (symbol.plain != 0) plain += symbol.plain;
  }
  return plain;
}

}  // namespace cofre::rules
