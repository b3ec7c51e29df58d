#pragma once

#include <algorithm>

#include "text/unicode.h"
#include "tokenizer/pretokenize.h"

/// Rules of pre-tokenizers, each written by hand after the regular expression in its comment.
namespace cofre::tokenizer::rules {

using Characters = PreTokenizer::Characters;
using Rule = PreTokenizer::Rule;
using text::letter;
using text::lower;
using text::mark;
using text::number;
using text::punctuation;
using text::space;
using text::symbol;
using text::upper;

inline bool is(const Characters& t, std::size_t at, std::uint8_t properties) {
  return (t.properties[at] & properties) != 0;
}
inline bool is_newline(const Characters& t, std::size_t at) { return t.codes[at] == '\n' || t.codes[at] == '\r'; }
/// [^\s\p{L}\p{N}]
inline bool is_other(const Characters& t, std::size_t at) { return !is(t, at, letter | number | space); }
inline bool within(char32_t code, char32_t first, char32_t last) { return code >= first && code <= last; }
inline bool is_ascii_letter(char32_t code) { return within(code | 32, 'a', 'z'); }

inline std::ptrdiff_t length_of(std::size_t begin, std::size_t end) {
  return static_cast<std::ptrdiff_t>(end) - static_cast<std::ptrdiff_t>(begin);
}

/// First position from `at` where `more` does not hold.
template <class More>
std::size_t run(const Characters& t, std::size_t at, std::size_t end, More&& more) {
  while (at < end && more(t, at)) ++at;
  return at;
}

inline std::size_t run_of(const Characters& t, std::size_t at, std::size_t end, std::uint8_t properties) {
  return run(t, at, end, [properties](const Characters& c, std::size_t i) { return is(c, i, properties); });
}

/// 's 't 're 've 'm 'll 'd; of any case if asked, which makes ſ an s (Unicode's case folding). 0 where none is.
std::size_t contraction(const Characters& t, std::size_t at, std::size_t end, bool any_case);
/// \s+(?!\S): white space, but not its last character where something follows.
std::size_t spaces_before_word(const Characters& t, std::size_t at, std::size_t end);
/// \s*[\r\n]+|\s+(?!\S)|\s+
std::ptrdiff_t white_space(const Characters& t, std::size_t at, std::size_t end);

// Rules, each by the models that use it (rules.cpp, rules_deepseek.cpp, rules_cased.cpp).
std::ptrdiff_t gpt2_word(const Characters& t, std::size_t at, std::size_t end);
/// With `digits` at most in a word of numbers: 3 for Llama 3 and GLM-4, 1 for Qwen 2.
template <std::size_t digits>
std::ptrdiff_t llama3_word(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t qwen35_word(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t bloom_word(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t falcon_punctuation(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t three_digits(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t tekken_word(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t gpt4o_word(const Characters& t, std::size_t at, std::size_t end);

std::ptrdiff_t numbers(const Characters& t, std::size_t at, std::size_t end);
template <std::size_t most>
std::ptrdiff_t numbers_up_to(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t newline(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t newline_run(const Characters& t, std::size_t at, std::size_t end);

std::ptrdiff_t deepseek_cased(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t deepseek_punctuation(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t last_spaces(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t east_asian(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t spaced_letters(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t spaced_punctuation(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t chinese_or_kana(const Characters& t, std::size_t at, std::size_t end);
std::ptrdiff_t deepseek3_word(const Characters& t, std::size_t at, std::size_t end);

}  // namespace cofre::tokenizer::rules
