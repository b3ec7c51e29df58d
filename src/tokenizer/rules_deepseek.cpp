#include <iterator>

#include "tokenizer/rules.h"

namespace cofre::tokenizer::rules {
namespace {

struct Range {
  char32_t first, last;
};

/// Letters with upper and lower case, as DeepSeek's first rule lists them.
constexpr Range cased_letters[] = {
    {0x41, 0x5a},       {0x4b, 0x212d},     {0x61, 0x7a},       {0xb5, 0xb5},       {0xc0, 0xd6},
    {0xd8, 0xf6},       {0xf8, 0x1ba},      {0x1bc, 0x1bf},     {0x1c4, 0x293},     {0x295, 0x2af},
    {0x370, 0x373},     {0x376, 0x376},     {0x377, 0x377},     {0x37b, 0x37d},     {0x37f, 0x37f},
    {0x386, 0x386},     {0x388, 0x38a},     {0x38c, 0x38c},     {0x38e, 0x3a1},     {0x3a3, 0x3f5},
    {0x3a9, 0x3a9},     {0x3b9, 0x3b9},     {0x3f7, 0x481},     {0x48a, 0x52f},     {0x531, 0x556},
    {0x10a0, 0x10c5},   {0x13a0, 0x13f5},   {0x13f8, 0x13fd},   {0x1c90, 0x1cba},   {0x1cbd, 0x1cbf},
    {0x1d00, 0x1d2b},   {0x1d6b, 0x1d77},   {0x1d79, 0x1d9a},   {0x1e00, 0x1f15},   {0x1f18, 0x1f1d},
    {0x1f20, 0x1f45},   {0x1f48, 0x1f4d},   {0x1f50, 0x1f57},   {0x1f59, 0x1f59},   {0x1f5b, 0x1f5b},
    {0x1f5d, 0x1f5d},   {0x1f5f, 0x3ce},    {0x1f80, 0x1fb4},   {0x1fb6, 0x1fbc},   {0x1fc2, 0x1fc4},
    {0x1fc6, 0x1fcc},   {0x1fd0, 0x390},    {0x1fd6, 0x38a},    {0x1fe0, 0x1fec},   {0x1ff2, 0x1ff4},
    {0x1ff6, 0x1ffc},   {0x2102, 0x2102},   {0x2107, 0x2107},   {0x210a, 0x2113},   {0x2115, 0x2115},
    {0x2119, 0x211d},   {0x2124, 0x2124},   {0x2128, 0x2128},   {0x212f, 0x2134},   {0x2139, 0x2139},
    {0x213c, 0x213f},   {0x2145, 0x2149},   {0x214e, 0x214e},   {0x2183, 0x2183},   {0x2184, 0x2184},
    {0x2c00, 0x2c7b},   {0x2c7e, 0x2ce4},   {0x2ceb, 0x2cee},   {0x2cf2, 0x2cf2},   {0x2cf3, 0x2cf3},
    {0xa640, 0xa66d},   {0xa680, 0xa69b},   {0xa722, 0xa76f},   {0xa771, 0xa787},   {0xa78b, 0xa78e},
    {0xab70, 0xabbf},   {0xfb00, 0xfb06},   {0xfb13, 0xfb17},   {0xff21, 0xff3a},   {0xff41, 0xff5a},
    {0x10400, 0x1044f}, {0x104b0, 0x104d3}, {0x104d8, 0x104fb}, {0x10c80, 0x10cb2}, {0x10cc0, 0x10cf2},
    {0x118a0, 0x118df}, {0x1e900, 0x1e943},
};

bool is_cased(const Characters& t, std::size_t at) {
  const char32_t code = t.codes[at];
  if (code < 0x80) return is_ascii_letter(code);
  const auto* found = std::upper_bound(std::begin(cased_letters), std::end(cased_letters), code,
                                       [](char32_t c, const Range& range) { return c < range.first; });
  return found != std::begin(cased_letters) && code <= found[-1].last;
}

bool is_deepseek_punctuation(const Characters& t, std::size_t at) {
  const char32_t c = t.codes[at];
  return within(c, '!', '/') || within(c, ':', '~') || within(c, 0xff01, 0xff0f) || within(c, 0xff1a, 0xff5e) ||
         within(c, 0x2018, 0x201f) || within(c, 0x3000, 0x3002);
}

/// \s?[class]+
template <class InClass>
std::ptrdiff_t spaced(const Characters& t, std::size_t at, std::size_t end, InClass&& in_class) {
  const std::size_t begin = is(t, at, space) ? at + 1 : at;
  const std::size_t stop = run(t, begin, end, in_class);
  if (stop > begin) return length_of(at, stop);
  return length_of(at, run(t, at, end, in_class));  // the class itself may hold the space
}

}  // namespace

/// \s?[cased_letters]+
std::ptrdiff_t deepseek_cased(const Characters& t, std::size_t at, std::size_t end) {
  return spaced(t, at, end, is_cased);
}

/// \s?[!-/:-~！-／：-～‘-‟　-。]+
std::ptrdiff_t deepseek_punctuation(const Characters& t, std::size_t at, std::size_t end) {
  return spaced(t, at, end, is_deepseek_punctuation);
}

/// \s+$
std::ptrdiff_t last_spaces(const Characters& t, std::size_t at, std::size_t end) {
  const std::size_t stop = run_of(t, at, end, space);
  return stop == end ? length_of(at, stop) : stop > at ? 1 - length_of(at, stop) : 0;
}

/// [一-龥ࠀ-一가-퟿]+
std::ptrdiff_t east_asian(const Characters& t, std::size_t at, std::size_t end) {
  return length_of(at, run(t, at, end, [](const Characters& c, std::size_t i) {
                     return within(c.codes[i], 0x0800, 0x9fa5) || within(c.codes[i], 0xac00, 0xd7ff);
                   }));
}

/// \s?\p{L}+
std::ptrdiff_t spaced_letters(const Characters& t, std::size_t at, std::size_t end) {
  return spaced(t, at, end, [](const Characters& c, std::size_t i) { return is(c, i, letter); });
}

/// \s?\p{P}+
std::ptrdiff_t spaced_punctuation(const Characters& t, std::size_t at, std::size_t end) {
  return spaced(t, at, end, [](const Characters& c, std::size_t i) { return is(c, i, punctuation); });
}

/// [一-龥぀-ゟ゠-ヿ]+
std::ptrdiff_t chinese_or_kana(const Characters& t, std::size_t at, std::size_t end) {
  return length_of(at, run(t, at, end, [](const Characters& c, std::size_t i) {
                     return within(c.codes[i], 0x4e00, 0x9fa5) || within(c.codes[i], 0x3040, 0x30ff);
                   }));
}

/// [!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|
///     \s*[\r\n]+|\s+(?!\S)|\s+
std::ptrdiff_t deepseek3_word(const Characters& t, std::size_t at, std::size_t end) {
  const char32_t code = t.codes[at];
  if (within(code, '!', '~') && is(t, at, punctuation | symbol)) {
    const std::size_t stop =
        run(t, at + 1, end, [](const Characters& c, std::size_t i) { return is_ascii_letter(c.codes[i]); });
    if (stop > at + 1) return length_of(at, stop);
  }
  const std::size_t first = is_newline(t, at) || is(t, at, letter | mark | punctuation | symbol) ? at : at + 1;
  if (const std::size_t stop = run_of(t, first, end, letter | mark); stop > first) return length_of(at, stop);
  const std::size_t begin = code == ' ' ? at + 1 : at;
  const std::size_t stop = run_of(t, begin, end, punctuation | symbol);
  if (stop > begin) return length_of(at, run(t, stop, end, is_newline));
  return white_space(t, at, end);
}

}  // namespace cofre::tokenizer::rules
