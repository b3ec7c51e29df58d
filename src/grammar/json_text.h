#pragma once

#include <array>
#include <cstdint>

/// The inside of a JSON string as an automaton over bytes (RFC 8259 §7): UTF-8 without overlong forms, escapes,
/// surrogates in pairs only. One character or escape is a unit; the quote that ends the string leads to `closed`.
namespace cofre::grammar::json_text {

enum : std::uint8_t {
  boundary,  ///< between units
  more1,
  more2,
  more3,  ///< so many continuation bytes are to come
  after_e0,
  after_ed,
  after_f0,
  after_f4,  ///< lead bytes whose next byte is narrower
  escape,    ///< after a backslash
  hex4,
  hex3,
  hex2,
  hex1,     ///< so many hexadecimal digits are to come
  after_d,  ///< \ud: a surrogate or not
  high2,
  high1,
  low_escape,
  low_u,
  low_d,
  low_c,  ///< a high surrogate, then \ud and c…f
  closed,
  states,
  dead = 255,
};

namespace detail {
constexpr bool hex(int byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}
constexpr bool between(int byte, int low, int high) { return byte >= low && byte <= high; }

constexpr std::uint8_t begin(int byte) {
  if (byte == '"') return closed;
  if (byte == '\\') return escape;
  if (between(byte, 0x20, 0x7f)) return boundary;
  if (between(byte, 0xc2, 0xdf)) return more1;
  if (byte == 0xe0) return after_e0;
  if (byte == 0xed) return after_ed;
  if (between(byte, 0xe1, 0xef)) return more2;
  if (byte == 0xf0) return after_f0;
  if (between(byte, 0xf1, 0xf3)) return more3;
  return byte == 0xf4 ? after_f4 : dead;
}

constexpr std::uint8_t escaped(int byte) {
  for (const char c : {'"', '\\', '/', 'b', 'f', 'n', 'r', 't'})
    if (byte == c) return boundary;
  return byte == 'u' ? hex4 : dead;
}

constexpr std::uint8_t next(int state, int byte) {
  const int lower = byte | 0x20;
  switch (state) {
    case boundary: return begin(byte);
    case more1: return between(byte, 0x80, 0xbf) ? boundary : dead;
    case more2: return between(byte, 0x80, 0xbf) ? more1 : dead;
    case more3: return between(byte, 0x80, 0xbf) ? more2 : dead;
    case after_e0: return between(byte, 0xa0, 0xbf) ? more1 : dead;
    case after_ed: return between(byte, 0x80, 0x9f) ? more1 : dead;
    case after_f0: return between(byte, 0x90, 0xbf) ? more2 : dead;
    case after_f4: return between(byte, 0x80, 0x8f) ? more2 : dead;
    case escape: return escaped(byte);
    case hex4: return !hex(byte) ? dead : lower == 'd' ? after_d : hex3;
    case hex3: return hex(byte) ? hex2 : dead;
    case hex2: return hex(byte) ? hex1 : dead;
    case hex1: return hex(byte) ? boundary : dead;
    case after_d: return !hex(byte) ? dead : between(byte, '0', '7') ? hex2 : lower >= 'c' && byte > '9' ? dead : high2;
    case high2: return hex(byte) ? high1 : dead;
    case high1: return hex(byte) ? low_escape : dead;
    case low_escape: return byte == '\\' ? low_u : dead;
    case low_u: return byte == 'u' ? low_d : dead;
    case low_d: return lower == 'd' ? low_c : dead;
    case low_c: return hex(byte) && byte > '9' && lower >= 'c' ? hex2 : dead;
    default: return dead;
  }
}

constexpr auto make_table() {
  std::array<std::array<std::uint8_t, 256>, states> table{};
  for (int state = 0; state < states; ++state)
    for (int byte = 0; byte < 256; ++byte) table[state][byte] = next(state, byte);
  return table;
}
inline constexpr auto table = make_table();
}  // namespace detail

/// Where a byte leads; `dead` where it may not stand.
constexpr std::uint8_t step(std::uint8_t state, std::uint8_t byte) { return detail::table[state][byte]; }

/// Bytes that the unit still needs at least.
constexpr std::uint8_t rest(std::uint8_t state) {
  constexpr std::array<std::uint8_t, states> bytes{0, 1, 2, 3, 2, 2, 3, 3, 1, 4, 3, 2, 1, 3, 8, 7, 6, 5, 4, 3, 0};
  return bytes[state];
}

}  // namespace cofre::grammar::json_text
