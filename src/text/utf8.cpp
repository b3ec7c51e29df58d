#include "text/utf8.h"

#include <cstdint>

namespace cofre::text {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t i) { return static_cast<std::uint8_t>(text[i]); }

/// Length that a first byte announces; 0 where no character begins with it.
std::size_t announced(std::uint8_t first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  if (first >= 0xf0 && first < 0xf5) return 4;
  return 0;
}

/// Whether the second byte may follow the first (RFC 3629, §4).
bool second_fits(std::uint8_t first, std::uint8_t second) {
  const std::uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  return second >= low && second <= high;
}

/// How many bytes at `at` are the beginning of one character, at most its length.
std::size_t valid_part(std::string_view text, std::size_t at, std::size_t length) {
  std::size_t have = 1;
  while (have < length && at + have < text.size()) {
    const auto next = byte_at(text, at + have);
    if (have == 1 ? !second_fits(byte_at(text, at), next) : (next & 0xc0) != 0x80) break;
    ++have;
  }
  return have;
}

}  // namespace

Decoded decode_utf8(std::string_view text, std::size_t at) noexcept {
  const auto first = byte_at(text, at);
  if (first < 0x80) return {first, 1};
  const auto length = announced(first);
  if (length == 0 || valid_part(text, at, length) < length) return {};
  char32_t code = first & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte_at(text, at + i) & 0x3f);
  return {code, length};
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto bytes = decode_utf8(text, at).bytes;
    if (bytes == 0) return at;
    at += bytes;
  }
  return std::nullopt;
}

std::size_t whole_utf8_prefix(std::string_view text) noexcept {
  // An unfinished character is at most 3 bytes long and reaches to the end.
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto at = text.size() - back;
    if ((byte_at(text, at) & 0xc0) == 0x80) continue;
    const auto length = announced(byte_at(text, at));
    if (length > back && valid_part(text, at, length) == back) return at;
    break;
  }
  return text.size();
}

void append_utf8(char32_t code, std::string& out) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6), put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 0x3f)), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  }
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto bytes = decode_utf8(text, at).bytes;
    if (bytes > 0) {
      out.append(text, at, bytes);
      at += bytes;
      continue;
    }
    out += "\xef\xbf\xbd";
    const auto length = announced(byte_at(text, at));
    at += length == 0 ? 1 : valid_part(text, at, length);
  }
  return out;
}

}  // namespace cofre::text
