#include "grammar/regex.h"

#include <gtest/gtest.h>

#include "base/thrown.h"
#include "grammar/grammar.h"

namespace cofre::grammar {
namespace {

TEST(Regex, TheWholeTextMatches) {
  const auto match = [](std::string_view pattern, std::string_view text) {
    return matches(*from_regex(pattern, "regex"), text);
  };
  EXPECT_TRUE(match("a(b|c)*d{2,3}", "abcbdd"));
  EXPECT_FALSE(match("a(b|c)*d{2,3}", "abcbd"));
  EXPECT_FALSE(match("a", "ba"));
  EXPECT_TRUE(match("^a$", "a"));
  EXPECT_TRUE(match("[^a-c]", "世"));
  EXPECT_FALSE(match("[^a-c]", "b"));
  EXPECT_TRUE(match("\\d+\\.\\w\\s[\\-\\]]", "12.x -"));
  EXPECT_TRUE(match("(?:a|b)(?<n>c)?", "b"));
  EXPECT_TRUE(match("\\u4e16\\x41\\u{1F600}", "世A😀"));
  EXPECT_TRUE(match("\\p{L}+", "éß世"));
  EXPECT_FALSE(match("\\p{L}+", "1"));
  EXPECT_TRUE(match("a{,2}", "a{,2}"));
  EXPECT_TRUE(match("(a|)", ""));
  EXPECT_FALSE(match(".", "\n"));
}

TEST(Regex, WhatItCannotDoIsRefused) {
  const auto refuse = [](std::string_view pattern) { return code_of([&] { from_regex(pattern, "regex"); }); };
  for (const auto* pattern : {"(?=a)", "(?<!a)b", "(a)\\1", "\\bword", "a^b", "(?i)a", "\\p{Greek}"})
    EXPECT_EQ(refuse(pattern), Code::unsupported) << pattern;
  for (const auto* pattern : {"(", ")", "[a", "a**", "*", "a{3,2}", "\\", "[b-a]", "\xff", "[]"})
    EXPECT_EQ(refuse(pattern), Code::invalid) << pattern;
  EXPECT_EQ(refuse(std::string(60'000, '(')), Code::exhausted);
  EXPECT_EQ(refuse(std::string(60'000, '[')), Code::invalid);
  EXPECT_EQ(refuse("(((a{1000}){1000}){1000}){1000}"), Code::exhausted);
  EXPECT_EQ(refuse("(a|b)*a(a|b){30}"), Code::exhausted);
  EXPECT_EQ(refuse("a{99999999999}"), Code::exhausted);
}

}  // namespace
}  // namespace cofre::grammar
