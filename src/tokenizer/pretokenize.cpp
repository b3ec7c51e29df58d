#include "tokenizer/pretokenize.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace cofre::tokenizer {
namespace {

using Characters = PreTokenizer::Characters;
using Rule = PreTokenizer::Rule;
using text::letter;
using text::number;
using text::space;

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

bool is(const Characters& t, std::size_t at, std::uint8_t property) { return (t.properties[at] & property) != 0; }
bool is_newline(const Characters& t, std::size_t at) { return t.codes[at] == '\n' || t.codes[at] == '\r'; }
bool is_other(const Characters& t, std::size_t at) { return (t.properties[at] & (letter | number | space)) == 0; }

/// First position from `at` where `more` does not hold.
template <class More>
std::size_t run(const Characters& t, std::size_t at, std::size_t end, More&& more) {
  while (at < end && more(t, at)) ++at;
  return at;
}

std::size_t run_of(const Characters& t, std::size_t at, std::size_t end, std::uint8_t property) {
  return run(t, at, end, [property](const Characters& c, std::size_t i) { return is(c, i, property); });
}

/// 's 't 're 've 'm 'll 'd; of any case if asked.
std::size_t contraction(const Characters& t, std::size_t at, std::size_t end, bool any_case) {
  if (t.codes[at] != '\'') return 0;
  const auto letter_at = [&](std::size_t i) -> char32_t {
    if (i >= end) return 0;
    const char32_t c = t.codes[i];
    return any_case && c >= 'A' && c <= 'Z' ? c + 32 : c;
  };
  const char32_t one = letter_at(at + 1), two = letter_at(at + 2);
  if ((one == 'r' && two == 'e') || (one == 'v' && two == 'e') || (one == 'l' && two == 'l')) return 3;
  return one == 's' || one == 't' || one == 'm' || one == 'd' ? 2 : 0;
}

/// \s+(?!\S): white space, but not its last character where something follows.
std::size_t spaces_before_word(const Characters& t, std::size_t at, std::size_t end) {
  const std::size_t stop = run_of(t, at, end, space);
  if (stop == end) return stop - at;
  return stop - at > 1 ? stop - at - 1 : 0;
}

/// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)
std::ptrdiff_t gpt2_word(const Characters& t, std::size_t at, std::size_t end) {
  if (const auto length = contraction(t, at, end, false)) return static_cast<std::ptrdiff_t>(length);
  const std::size_t begin = t.codes[at] == ' ' && at + 1 < end && !is(t, at + 1, space) ? at + 1 : at;
  std::size_t stop = begin;
  if (is(t, begin, letter)) {
    stop = run_of(t, begin, end, letter);
  } else if (is(t, begin, number)) {
    stop = run_of(t, begin, end, number);
  } else if (is_other(t, begin)) {
    stop = run(t, begin, end, is_other);
  }
  return stop > begin ? stop - at : spaces_before_word(t, at, end);
}

/// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|
///     \s*[\r\n]+|\s+(?!\S)|\s+
template <std::size_t digits>
std::ptrdiff_t llama3_word(const Characters& t, std::size_t at, std::size_t end) {
  if (const auto length = contraction(t, at, end, true)) return static_cast<std::ptrdiff_t>(length);
  if (!is_newline(t, at) && !is(t, at, number)) {
    const std::size_t begin = is(t, at, letter) ? at : at + 1;
    const std::size_t stop = run_of(t, begin, end, letter);
    if (stop > begin) return stop - at;
  }
  if (is(t, at, number)) return run_of(t, at, std::min(end, at + digits), number) - at;
  const std::size_t begin = t.codes[at] == ' ' ? at + 1 : at;
  if (begin < end && is_other(t, begin)) return run(t, run(t, begin, end, is_other), end, is_newline) - at;
  const std::size_t stop = run_of(t, at, end, space);
  for (std::size_t last = stop; last > at; --last)  // \s*[\r\n]+ takes all up to the last line end
    if (is_newline(t, last - 1)) return last - at;
  const auto before_word = spaces_before_word(t, at, end);
  return before_word > 0 ? before_word : std::max<std::size_t>(1, stop - at);
}

std::ptrdiff_t one_number(const Characters& t, std::size_t at, std::size_t) { return is(t, at, number) ? 1 : 0; }
std::ptrdiff_t numbers(const Characters& t, std::size_t at, std::size_t end) { return run_of(t, at, end, number) - at; }
std::ptrdiff_t newline(const Characters& t, std::size_t at, std::size_t) { return is_newline(t, at) ? 1 : 0; }

/// \s?[class]+
template <bool (*in_class)(const Characters&, std::size_t)>
std::ptrdiff_t spaced(const Characters& t, std::size_t at, std::size_t end) {
  const std::size_t begin = is(t, at, space) ? at + 1 : at;
  const std::size_t stop = run(t, begin, end, in_class);
  if (stop > begin) return stop - at;
  const std::size_t plain = run(t, at, end, in_class);  // the class itself may hold the space
  return plain - at;
}

bool is_cased(const Characters& t, std::size_t at) {
  const char32_t code = t.codes[at];
  if (code < 0x80) return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
  const auto* found = std::upper_bound(std::begin(cased_letters), std::end(cased_letters), code,
                                       [](char32_t c, const Range& range) { return c < range.first; });
  return found != std::begin(cased_letters) && code <= found[-1].last;
}

/// [!-/:-~！-／：-～‘-‟　-。]
bool is_deepseek_punctuation(const Characters& t, std::size_t at) {
  const char32_t c = t.codes[at];
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '~') || (c >= 0xff01 && c <= 0xff0f) ||
         (c >= 0xff1a && c <= 0xff5e) || (c >= 0x2018 && c <= 0x201f) || (c >= 0x3000 && c <= 0x3002);
}

std::ptrdiff_t length_of(std::size_t begin, std::size_t end) { return static_cast<std::ptrdiff_t>(end - begin); }

/// \s+$
std::ptrdiff_t last_spaces(const Characters& t, std::size_t at, std::size_t end) {
  const std::size_t stop = run_of(t, at, end, space);
  return stop == end ? length_of(at, stop) : stop > at ? 1 - length_of(at, stop) : 0;
}

/// [一-龥ࠀ-一가-퟿]+
std::ptrdiff_t east_asian(const Characters& t, std::size_t at, std::size_t end) {
  return run(t, at, end,
             [](const Characters& c, std::size_t i) {
               const char32_t code = c.codes[i];
               return (code >= 0x0800 && code <= 0x9fa5) || (code >= 0xac00 && code <= 0xd7ff);
             }) -
         at;
}

Characters characters_of(std::string_view text) {
  Characters t;
  t.codes.reserve(text.size());
  t.properties.reserve(text.size());
  t.offsets.reserve(text.size() + 1);
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, bytes] = text::decode_utf8(text, at);
    CHECK(bytes > 0);
    t.codes.push_back(code);
    t.properties.push_back(text::properties(code));
    t.offsets.push_back(static_cast<std::uint32_t>(at));
    at += bytes;
  }
  t.offsets.push_back(static_cast<std::uint32_t>(text.size()));
  return t;
}

/// Cuts [begin, end) by the rules from `rule` on: words that a rule finds, and what lies between them, each go to the
/// next rule.
void cut(const Characters& t, std::size_t begin, std::size_t end, std::span<const Rule> rules,
         const std::function<void(std::size_t, std::size_t)>& word) {
  if (begin == end) return;
  if (rules.empty()) return word(begin, end);
  std::size_t between = begin;
  for (std::size_t at = begin; at < end;) {
    const std::ptrdiff_t found = rules[0](t, at, end);
    if (found <= 0) {
      at += 1 + static_cast<std::size_t>(-found);
      continue;
    }
    const auto length = static_cast<std::size_t>(found);
    cut(t, between, at, rules.subspan(1), word);
    cut(t, at, at + length, rules.subspan(1), word);
    at += length;
    between = at;
  }
  cut(t, between, end, rules.subspan(1), word);
}

}  // namespace

PreTokenizer::PreTokenizer(std::string_view name) {
  const auto any = [name](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (any({"gpt-2", "phi-2", "mpt", "olmo", "jais"})) {
    rules_ = {gpt2_word};
  } else if (any({"llama-bpe", "llama3", "llama-v3", "smaug-bpe", "dbrx"})) {
    rules_ = {llama3_word<3>};
    whole_words_first_ = !any({"smaug-bpe", "dbrx"});
  } else if (any({"qwen2", "deepseek-r1-qwen", "stablelm2", "hunyuan"})) {
    rules_ = {llama3_word<1>};
  } else if (any({"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"})) {
    rules_ = {one_number, gpt2_word};
  } else if (any({"deepseek-llm"})) {
    rules_ = {newline, spaced<is_cased>, spaced<is_deepseek_punctuation>, last_spaces, east_asian, numbers};
  } else {
    fail_field(Code::unsupported, "tokenizer.ggml.pre", "the pre-tokenizer \"{}\" is not supported", name);
  }
}

void PreTokenizer::split(std::string_view text, const std::function<void(std::string_view)>& word) const {
  const Characters t = characters_of(text);
  cut(t, 0, t.codes.size(), rules_, [&](std::size_t begin, std::size_t end) {
    word(text.substr(t.offsets[begin], t.offsets[end] - t.offsets[begin]));
  });
}

}  // namespace cofre::tokenizer
