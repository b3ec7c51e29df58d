#include "tokenizer/charsmap.h"

#include <algorithm>

#include "base/error.h"
#include "text/utf8.h"

namespace cofre::tokenizer {
namespace {

constexpr std::size_t longest_replaced = 256;  // bytes; a trie that leads in circles ends there
constexpr const char* field = "tokenizer.ggml.precompiled_charsmap";

std::uint32_t little_endian(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

// A unit of the trie: bits 0–7 the byte that leads here (bit 31: none does, it is a value), bit 8 whether a value hangs
// below, bits 10–30 the way to the children, in steps of 256 where bit 9 is set.
constexpr std::uint32_t value_bit = 1u << 31;
std::uint32_t label(std::uint32_t unit) { return unit & (value_bit | 0xff); }
bool has_value(std::uint32_t unit) { return (unit >> 8 & 1) != 0; }
std::uint32_t offset(std::uint32_t unit) { return unit >> 10 << ((unit & 1u << 9) >> 6); }

}  // namespace

Charsmap::Charsmap(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return;
  if (bytes.size() < 4) fail_field(Code::invalid, field, "{} is cut short", field);
  const std::size_t size = little_endian(bytes);
  if (size == 0 || size % 4 != 0 || size > bytes.size() - 4)
    fail_field(Code::invalid, field, "{} claims a trie of {} bytes in {}", field, size, bytes.size() - 4);
  trie_.reserve(size / 4);
  for (std::size_t at = 4; at < 4 + size; at += 4) trie_.push_back(little_endian(bytes.subspan(at)));
  replacements_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(4 + size), bytes.end());
  if (replacements_.empty() || replacements_.back() != '\0')
    fail_field(Code::invalid, field, "the replacements of {} do not end with a zero", field);
  if (text::find_invalid_utf8(replacements_)) fail_field(Code::invalid, field, "{} holds what is not UTF-8", field);
}

std::uint32_t Charsmap::unit(std::size_t index) const {
  if (index >= trie_.size()) fail_field(Code::invalid, field, "the trie of {} leads out of its bounds", field);
  return trie_[index];
}

Charsmap::Replaced Charsmap::prefix(std::string_view text, std::size_t at) const {
  Replaced found{text.substr(at, text::decode_utf8(text, at).bytes), 0};
  found.bytes = found.by.size();
  if (trie_.empty()) return found;
  std::size_t node = offset(trie_[0]);
  for (std::size_t i = at; i < std::min(text.size(), at + longest_replaced) && text[i] != '\0'; ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    node ^= byte;
    const std::uint32_t here = unit(node);
    if (label(here) != byte) break;
    node ^= offset(here);
    if (!has_value(here) || text::whole_utf8_prefix(text.substr(at, i + 1 - at)) != i + 1 - at) continue;
    const std::size_t begin = unit(node) & ~value_bit;
    if (begin >= replacements_.size() || (begin > 0 && replacements_[begin - 1] != '\0'))
      fail_field(Code::invalid, field, "the trie of {} names no replacement", field);
    found = {std::string_view(replacements_.data() + begin), i + 1 - at};
  }
  return found;
}

}  // namespace cofre::tokenizer
