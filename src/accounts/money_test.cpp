#include "accounts/money.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/thrown.h"

namespace cofre::accounts {
namespace {

TEST(Money, IsReadAndWrittenWithoutLoss) {
  for (const auto& [text, money] : {std::pair<std::string_view, std::uint64_t>{"12.50", 12'500'000},
                                    {"0.00", 0},
                                    {"0.000001", 1},
                                    {"1125899905.999999", 1'125'899'905'999'999}}) {
    EXPECT_EQ(money_of(text, "money"), money);
    EXPECT_EQ(money_text(money), text);
  }
  EXPECT_EQ(money_of("7", "money"), 7'000'000u);
  EXPECT_EQ(money_of("7.1", "money"), 7'100'000u);
}

TEST(Money, WhatIsNoAmountIsRefused) {
  for (const char* text : {"", ".", ".5", "5.", "-1", "+1", "1e3", "1,5", " 1", "1 ", "0.0000001", "1.2.3", "x",
                           "1125899906", "99999999999999999999"}) {
    EXPECT_EQ(field_of([&] { money_of(text, "money"); }), "money") << text;
  }
}

TEST(Money, ACostIsRoundedUpToAMillionth) {
  const Rate rate{.input = 800'000, .output = 2'800'000, .cached = 230'000};
  EXPECT_EQ(cost_of(rate, {1, 1'000'000, 0, 1'000'000, 0}), 3'600'000u);
  EXPECT_EQ(cost_of(rate, {1, 1'000'000, 500'000, 0, 0}), 515'000u);
  EXPECT_EQ(cost_of(rate, {1, 1, 0, 0, 0}), 1u);
  EXPECT_EQ(cost_of(rate, {1, 0, 0, 0, 0}), 0u);
  EXPECT_EQ(cost_of(rate, {1, 5, 9, 0, 0}), 2u);  // no more cached than there was: 5 · 0.23
}

TEST(Money, TheDearestCostFitsItsNumber) {
  const std::uint64_t dear = 1'000'000'000'000, many = UINT64_MAX;
  const std::uint64_t most = std::uint64_t{1} << 40;
  EXPECT_EQ(cost_of({dear, dear, dear}, {1, many, many, many, 0}), 2 * most * 1'000'000);
  EXPECT_EQ(cost_of({dear - 1, dear - 1, dear - 1}, {1, most, 0, 0, 0}), most * 1'000'000 - most / 1'000'000);
}

TEST(Money, PaysForItsTokensInAnyCase) {
  const Rate rate{.input = 700'001, .output = 2'800'003, .cached = 0};
  for (const std::uint64_t money : {0, 1, 2, 3, 999, 1'000'000}) {
    const auto tokens = tokens_for(rate, money);
    EXPECT_LE(cost_of(rate, {1, 0, 0, tokens, 0}), money);
    EXPECT_LE(cost_of(rate, {1, tokens, 0, 0, 0}), money);
    EXPECT_GT(cost_of(rate, {1, 0, 0, tokens + 1, 0}), money);
  }
  EXPECT_GT(tokens_for({1'000'000'000'000, 0, 0}, UINT64_MAX), 4096u);
}

}  // namespace
}  // namespace cofre::accounts
