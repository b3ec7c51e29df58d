#include "tokenizer/rules.h"

#include <string_view>

namespace cofre::tokenizer::rules {

std::size_t contraction(const Characters& t, std::size_t at, std::size_t end, bool any_case) {
  if (at >= end || t.codes[at] != '\'') return 0;
  const auto letter_at = [&](std::size_t i) -> char32_t {
    if (i >= end) return 0;
    const char32_t c = t.codes[i];
    if (!any_case) return c;
    return within(c, 'A', 'Z') ? c + 32 : c == 0x17f ? U's' : c;
  };
  const char32_t one = letter_at(at + 1), two = letter_at(at + 2);
  if ((one == 'r' && two == 'e') || (one == 'v' && two == 'e') || (one == 'l' && two == 'l')) return 3;
  return one == 's' || one == 't' || one == 'm' || one == 'd' ? 2 : 0;
}

std::size_t spaces_before_word(const Characters& t, std::size_t at, std::size_t end) {
  const std::size_t stop = run_of(t, at, end, space);
  if (stop == end) return stop - at;
  return stop - at > 1 ? stop - at - 1 : 0;
}

std::ptrdiff_t white_space(const Characters& t, std::size_t at, std::size_t end) {
  const std::size_t stop = run_of(t, at, end, space);
  for (std::size_t last = stop; last > at; --last)  // \s*[\r\n]+ takes all up to the last line end
    if (is_newline(t, last - 1)) return length_of(at, last);
  if (stop == end || stop - at <= 1) return length_of(at, stop);
  return length_of(at, stop - 1);
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
  if (stop > begin) return length_of(at, stop);
  return static_cast<std::ptrdiff_t>(spaces_before_word(t, at, end));
}

/// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|
///     \s*[\r\n]+|\s+(?!\S)|\s+
template <std::size_t digits>
std::ptrdiff_t llama3_word(const Characters& t, std::size_t at, std::size_t end) {
  if (const auto length = contraction(t, at, end, true)) return static_cast<std::ptrdiff_t>(length);
  if (is(t, at, number)) return numbers_up_to<digits>(t, at, end);
  if (!is_newline(t, at)) {
    const std::size_t begin = is(t, at, letter) ? at : at + 1;
    const std::size_t stop = run_of(t, begin, end, letter);
    if (stop > begin) return length_of(at, stop);
  }
  const std::size_t begin = t.codes[at] == ' ' ? at + 1 : at;
  if (begin < end && is_other(t, begin)) return length_of(at, run(t, run(t, begin, end, is_other), end, is_newline));
  return white_space(t, at, end);
}
template std::ptrdiff_t llama3_word<1>(const Characters&, std::size_t, std::size_t);
template std::ptrdiff_t llama3_word<3>(const Characters&, std::size_t, std::size_t);

/// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|
///     \s*[\r\n]+|\s+(?!\S)|\s+
std::ptrdiff_t qwen35_word(const Characters& t, std::size_t at, std::size_t end) {
  if (const auto length = contraction(t, at, end, true)) return static_cast<std::ptrdiff_t>(length);
  if (is(t, at, number)) return 1;
  if (!is_newline(t, at)) {
    const std::size_t begin = is(t, at, letter | mark) ? at : at + 1;
    const std::size_t stop = run_of(t, begin, end, letter | mark);
    if (stop > begin) return length_of(at, stop);
  }
  const auto other = [](const Characters& c, std::size_t i) { return !is(c, i, letter | mark | number | space); };
  const std::size_t begin = t.codes[at] == ' ' ? at + 1 : at;
  if (begin < end && other(t, begin)) return length_of(at, run(t, run(t, begin, end, other), end, is_newline));
  return white_space(t, at, end);
}

///  ?[^(\s|.,!?…。，、।۔،)]+
std::ptrdiff_t bloom_word(const Characters& t, std::size_t at, std::size_t end) {
  const auto inside = [](const Characters& c, std::size_t i) {
    constexpr std::u32string_view outside = U"(|.,!?…。，、।۔،)";
    return !is(c, i, space) && outside.find(c.codes[i]) == outside.npos;
  };
  const std::size_t begin = t.codes[at] == ' ' ? at + 1 : at;
  const std::size_t stop = run(t, begin, end, inside);
  return stop > begin ? length_of(at, stop) : 0;
}

/// [\p{P}\$\+<=>\^~\|`]+
std::ptrdiff_t falcon_punctuation(const Characters& t, std::size_t at, std::size_t end) {
  return length_of(at, run(t, at, end, [](const Characters& c, std::size_t i) {
                     constexpr std::u32string_view symbols = U"$+<=>^~|`";
                     return is(c, i, punctuation) || symbols.find(c.codes[i]) != symbols.npos;
                   }));
}

/// [0-9][0-9][0-9]
std::ptrdiff_t three_digits(const Characters& t, std::size_t at, std::size_t end) {
  if (end - at < 3) return 0;
  return std::all_of(&t.codes[at], &t.codes[at] + 3, [](char32_t c) { return within(c, '0', '9'); }) ? 3 : 0;
}

/// \p{N}+
std::ptrdiff_t numbers(const Characters& t, std::size_t at, std::size_t end) {
  return length_of(at, run_of(t, at, end, number));
}

/// \p{N}{1,most}
template <std::size_t most>
std::ptrdiff_t numbers_up_to(const Characters& t, std::size_t at, std::size_t end) {
  return numbers(t, at, std::min(end, at + most));
}
template std::ptrdiff_t numbers_up_to<1>(const Characters&, std::size_t, std::size_t);
template std::ptrdiff_t numbers_up_to<3>(const Characters&, std::size_t, std::size_t);

/// [\r\n]
std::ptrdiff_t newline(const Characters& t, std::size_t at, std::size_t) { return is_newline(t, at) ? 1 : 0; }

/// [\n]+
std::ptrdiff_t newline_run(const Characters& t, std::size_t at, std::size_t end) {
  return length_of(at, run(t, at, end, [](const Characters& c, std::size_t i) { return c.codes[i] == '\n'; }));
}

}  // namespace cofre::tokenizer::rules
