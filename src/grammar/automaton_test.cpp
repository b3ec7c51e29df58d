#include "grammar/automaton.h"

#include <gtest/gtest.h>

#include "base/thrown.h"
#include "grammar/builder.h"
#include "grammar/regex.h"

namespace cofre::grammar {
namespace {

Dfa dfa_of(std::string_view pattern) {
  Builder builder;
  return builder.to_dfa(add_regex(builder, pattern, "regex"));
}

TEST(Automaton, CombinedLanguages) {
  const auto a = dfa_of("[a-f]*"), b = dfa_of("(ab|cd|xy)*");
  const auto both = combine(a, b, Combine::both, 1000), rest = combine(a, b, Combine::first_only, 1000);
  EXPECT_TRUE(both.matches("abcd"));
  EXPECT_FALSE(both.matches("abxy"));
  EXPECT_FALSE(both.matches("abc"));
  EXPECT_TRUE(rest.matches("abc"));
  EXPECT_FALSE(rest.matches("abcd"));
  EXPECT_TRUE(combine(dfa_of("a+"), dfa_of("b+"), Combine::both, 1000).empty());
  EXPECT_EQ(code_of([&] { combine(a, b, Combine::both, 2); }), Code::exhausted);
}

TEST(Automaton, TheFewestStatesForALanguage) {
  const auto dfa = minimize(dfa_of("(a|b)(c|d)|a(c|d)|[ab]c"));
  EXPECT_EQ(dfa.states.size(), 3u);
  EXPECT_TRUE(dfa.matches("bd"));
  EXPECT_FALSE(dfa.matches("b"));
}

TEST(Automaton, CharactersAreWholeUtf8) {
  const auto dfa = dfa_of("[\\u{7f}-\\u{10ffff}]");
  for (const char32_t code : {0x7fu, 0x80u, 0x7ffu, 0x800u, 0xd7ffu, 0xe000u, 0xffffu, 0x10000u, 0x10ffffu}) {
    std::string text;
    if (code < 0x80) {
      text = {static_cast<char>(code)};
    } else if (code < 0x800) {
      text = {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
    } else if (code < 0x10000) {
      text = {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3f)),
              static_cast<char>(0x80 | (code & 0x3f))};
    } else {
      text = {static_cast<char>(0xf0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 0x3f)),
              static_cast<char>(0x80 | (code >> 6 & 0x3f)), static_cast<char>(0x80 | (code & 0x3f))};
    }
    EXPECT_TRUE(dfa.matches(text)) << std::hex << static_cast<unsigned>(code);
  }
  for (const auto* bad : {"a", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xc3"})
    EXPECT_FALSE(dfa.matches(bad));
}

}  // namespace
}  // namespace cofre::grammar
