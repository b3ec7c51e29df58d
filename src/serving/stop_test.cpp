#include "serving/stop.h"

#include <gtest/gtest.h>

namespace cofre::serving {
namespace {

/// What is shown of a text that comes in two parts, for every place to cut it.
void expect_shown(const std::vector<std::string>& stops, const std::string& text, const std::string& shown,
                  const std::string& met) {
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    StopStrings one(stops);
    auto out = one.push(text.substr(0, cut));
    out += one.push(text.substr(cut));
    if (one.met().empty()) out += one.finish();
    EXPECT_EQ(out, shown) << cut;
    EXPECT_EQ(one.met(), met) << cut;
  }
}

TEST(StopStrings, TheTextEndsBeforeAStopStringHoweverItIsCut) {
  expect_shown({"\n\nUser:"}, "yes\n\nUser: no", "yes", "\n\nUser:");
}
TEST(StopStrings, WhatOnlyBeganLikeOneIsShown) { expect_shown({"abcd"}, "ab abc abx", "ab abc abx", ""); }
TEST(StopStrings, TheFirstToBeCompleteEndsTheText) {
  expect_shown({"bcd", "c"}, "abcd", "ab", "c");
  expect_shown({"c", "bc"}, "abcd", "a", "bc");
}
TEST(StopStrings, AStopStringThatOverlapsItselfIsFound) { expect_shown({"aab"}, "aaaab", "aa", "aab"); }
TEST(StopStrings, WithoutStopStringsAllIsShownAtOnce) { EXPECT_EQ(StopStrings({}).push("abc"), "abc"); }

}  // namespace
}  // namespace cofre::serving
