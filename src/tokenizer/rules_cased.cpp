// Rules that part words where upper case follows lower case: Upper = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and
// Lower = [\p{Ll}\p{Lm}\p{Lo}\p{M}] share the letters without case.

#include "tokenizer/rules.h"

namespace cofre::tokenizer::rules {
namespace {

bool is_upper(const Characters& t, std::size_t at) { return is(t, at, letter | mark) && !is(t, at, lower); }
bool is_lower(const Characters& t, std::size_t at) { return is(t, at, letter | mark) && !is(t, at, upper); }

/// Upper*Lower+; `at` where it finds none. Gives back of Upper* what Lower+ needs.
std::size_t upper_then_lower(const Characters& t, std::size_t at, std::size_t end) {
  const std::size_t stop = run(t, at, end, is_upper);
  if (stop < end && is_lower(t, stop)) return run(t, stop, end, is_lower);
  for (std::size_t last = stop; last > at; --last)
    if (is_lower(t, last - 1)) return last;
  return at;
}

/// Upper+Lower*
std::size_t upper_first(const Characters& t, std::size_t at, std::size_t end) {
  const std::size_t stop = run(t, at, end, is_upper);
  return stop > at ? run(t, stop, end, is_lower) : at;
}

/// [^\r\n\p{L}\p{N}]?Upper*Lower+|[^\r\n\p{L}\p{N}]?Upper+Lower*; `at` where it finds none.
std::size_t cased_word(const Characters& t, std::size_t at, std::size_t end) {
  const bool prefix = !is_newline(t, at) && !is(t, at, letter | number);
  for (const auto word : {upper_then_lower, upper_first}) {
    if (prefix && at + 1 < end)
      if (const std::size_t stop = word(t, at + 1, end); stop > at + 1) return stop;
    if (const std::size_t stop = word(t, at, end); stop > at) return stop;
  }
  return at;
}

/// \p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
template <std::size_t digits>
std::ptrdiff_t rest(const Characters& t, std::size_t at, std::size_t end) {
  if (is(t, at, number)) return numbers_up_to<digits>(t, at, end);
  const std::size_t begin = t.codes[at] == ' ' ? at + 1 : at;
  if (begin == end || !is_other(t, begin)) return white_space(t, at, end);
  return length_of(at, run(t, run(t, begin, end, is_other), end,
                           [](const Characters& c, std::size_t i) { return is_newline(c, i) || c.codes[i] == '/'; }));
}

}  // namespace

/// [^\r\n\p{L}\p{N}]?Upper*Lower+|[^\r\n\p{L}\p{N}]?Upper+Lower*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|
///     \s*[\r\n]+|\s+(?!\S)|\s+
std::ptrdiff_t tekken_word(const Characters& t, std::size_t at, std::size_t end) {
  const std::size_t stop = cased_word(t, at, end);
  return stop > at ? length_of(at, stop) : rest<1>(t, at, end);
}

/// [^\r\n\p{L}\p{N}]?Upper*Lower+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|
///     [^\r\n\p{L}\p{N}]?Upper+Lower*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|
///     \p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
std::ptrdiff_t gpt4o_word(const Characters& t, std::size_t at, std::size_t end) {
  const std::size_t stop = cased_word(t, at, end);
  return stop > at ? length_of(at, stop + contraction(t, stop, end, true)) : rest<3>(t, at, end);
}

}  // namespace cofre::tokenizer::rules
