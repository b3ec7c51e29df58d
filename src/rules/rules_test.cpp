#include "rules/rules.h"

#include <random>

#include <gtest/gtest.h>

#include "base/thrown.h"
#include "rules/screen.h"

namespace cofre::rules {
namespace {

std::shared_ptr<const Matcher> matcher(std::string_view rules, Direction direction = Direction::output,
                                       const std::string& tenant = "") {
  return Rules::parse(R"({"rules":)" + std::string(rules) + "}").matcher(tenant, direction);
}

/// The pieces that come out, one for each that goes in and one for the end; "REFUSED" ends them.
std::vector<std::string> through(const std::shared_ptr<const Matcher>& by, const std::vector<std::string>& pieces,
                                 Writing writing = Writing::plain) {
  Screen screen(by, writing);
  std::vector<std::string> out;
  for (const auto& piece : pieces) {
    out.push_back(screen.take(piece));
    if (screen.refused()) return out.back() = "REFUSED", out;
  }
  out.push_back(screen.flush());
  if (screen.refused()) out.back() = "REFUSED";
  return out;
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string all;
  for (const auto& piece : pieces) all += piece;
  return all;
}

using Pieces = std::vector<std::string>;
const auto mask_abc = R"([{"name":"a","do":"mask","words":["abc"]}])";

TEST(Screen, AWordIsMaskedHoweverItIsCut) {
  const auto by = matcher(mask_abc);
  EXPECT_EQ(through(by, {"xabcx"}), (Pieces{"x***x", ""}));
  EXPECT_EQ(through(by, {"xa", "b", "cx"}), (Pieces{"x", "", "***x", ""}));
  EXPECT_EQ(through(by, {"ab", "ab", "c"}), (Pieces{"", "ab", "***", ""}));
}

TEST(Screen, NoMoreIsHeldThanTheLongestSuffixThatCouldStillMatch) {
  const auto by = matcher(mask_abc);
  EXPECT_EQ(through(by, {"hello a"}), (Pieces{"hello ", "a"}));
  EXPECT_EQ(through(by, {"hello abd"}), (Pieces{"hello abd", ""}));
  EXPECT_EQ(through(by, {"aaab"}), (Pieces{"aa", "ab"}));
  EXPECT_EQ(through(matcher(R"([{"name":"a","do":"mask","patterns":["id-\\d{3}"]}])"), {"see id", "-12", "x"}),
            (Pieces{"see ", "", "id-12x", ""}));
}

TEST(Screen, OverlappingWordsAreMaskedWhole) {
  const auto by = matcher(R"([{"name":"a","do":"mask","words":["abcd","cdef","bc"]}])");
  EXPECT_EQ(joined(through(by, {"xabcdefx"})), "x******x");
  EXPECT_EQ(joined(through(by, {"xab", "cd", "efx"})), "x******x");
  EXPECT_EQ(joined(through(by, {"xabcx"})), "xa**x");
  EXPECT_EQ(joined(through(by, {"ab", "c", "d"})), "****");
}

TEST(Screen, LooksAreSeenThrough) {
  const auto by = matcher(R"([{"name":"a","do":"mask","words":["Secret","机密"]}])");
  for (const char* text : {"SECRET", "ｓｅｃｒｅｔ",
                           "S\xe2\x80\x8b"
                           "ecret",
                           "se\xc2\xad"
                           "cret",
                           "ＳＥＣ\xe2\x80\x8dret", "机密", "机\xef\xbb\xbf密"}) {
    const auto out = joined(through(by, {"<", text, ">"}));
    EXPECT_EQ(out.find_first_not_of("<*>"), out.npos) << text << " became " << out;
  }
}

TEST(Screen, EscapesOfArgumentsAreReadAsWhatTheyMean) {
  const auto by = matcher(mask_abc);
  EXPECT_EQ(joined(through(by, {R"({"x":"\u00)", "61bc", "\"}"}, Writing::json)), R"({"x":"***"})");
  EXPECT_EQ(joined(through(by, {R"({"x":"a\u200bbc"})"}, Writing::json)), R"({"x":"****"})");
  EXPECT_EQ(joined(through(by, {R"({"x":"\ud83d\ude00"})"}, Writing::json)), R"({"x":"\ud83d\ude00"})");
}

TEST(Screen, WhatIsRefusedNeverLeaves) {
  const auto by = matcher(R"([{"name":"a","do":"refuse","words":["abc"]}])");
  EXPECT_EQ(through(by, {"xa", "b", "c"}), (Pieces{"x", "", "REFUSED"}));
  EXPECT_EQ(through(by, {"xab"}), (Pieces{"x", "ab"}));
}

TEST(Screen, WhatIsReportedGoesOn) {
  Screen screen(matcher(R"([{"name":"a","do":"report","words":["abc"]},{"name":"b","do":"report","words":["z"]}])"),
                Writing::plain);
  EXPECT_EQ(screen.take("abc"), "abc");
  EXPECT_EQ(screen.matched(), (std::set<std::uint32_t>{0}));
}

TEST(Screen, PatternsSeeWhatWentBefore) {
  const auto by = matcher(R"([{"name":"a","do":"mask","patterns":["\\bass\\b"]}])");
  EXPECT_EQ(joined(through(by, {"cl", "ass", " "})), "class ");
  EXPECT_EQ(joined(through(by, {"an ", "ass", " "})), "an *** ");
  EXPECT_EQ(joined(through(by, {"an ass"})), "an ***");
}

TEST(Screen, ATextThatGoesOnAfterItsEndIsMatchedTogether) {
  Screen screen(matcher(mask_abc), Writing::plain);
  EXPECT_EQ(screen.take("ab"), "");
  EXPECT_EQ(screen.flush(), "ab");
  EXPECT_EQ(screen.take("c!"), "*!");
}

TEST(Screen, APatternWithoutAnEndHoldsOnlySoMuch) {
  const auto by = matcher(R"([{"name":"a","do":"refuse","patterns":["a.*b"]}])");
  EXPECT_EQ(through(by, {"a" + std::string(2 * Screen::held_max, 'x')}).back(), "REFUSED");
}

// Whatever the cuts are, the same comes out, and nothing of it is forbidden.
TEST(Screen, CutsMakeNoDifference) {
  const auto by = matcher(
      R"([{"name":"a","do":"mask","words":["ab","abba","cab"]},{"name":"b","do":"mask","patterns":["c+a{2,3}b"]}])");
  std::mt19937 random(7);
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (int i = 0; i < 30; ++i) text += static_cast<char>('a' + random() % 3);
    Pieces pieces{""};
    for (const char c : text) {
      if (random() % 3 == 0) pieces.emplace_back();
      pieces.back() += c;
    }
    const auto whole = joined(through(by, {text})), cut = joined(through(by, pieces));
    EXPECT_EQ(whole, cut) << text;
    for (const char* word : {"ab", "abba", "cab"}) EXPECT_EQ(cut.find(word), cut.npos) << text << " became " << cut;
  }
}

TEST(Rules, AreOfATenantAndADirection) {
  const auto rules = Rules::parse(R"({"rules":[{"name":"all","do":"mask","words":["x"]},
      {"name":"acme","tenant":"acme","do":"mask","on":["input"],"words":["y"]}],
      "labels":[{"tenant":"acme","visible":"[AI]","producer":"Acmé"}]})");
  EXPECT_EQ(rules.matcher("acme", Direction::input)->rules.size(), 2u);
  EXPECT_EQ(rules.matcher("acme", Direction::output)->rules.size(), 1u);
  EXPECT_EQ(rules.matcher("other", Direction::input)->rules.size(), 1u);
  EXPECT_FALSE(rules.label("other"));
  EXPECT_EQ(aigc(*rules.label("acme"), "req_1"), R"({"Label":"1","ContentProducer":"Acm\u00e9","ProduceID":"req_1"})");
  EXPECT_EQ(Rules::parse("{}").matcher("", Direction::input), nullptr);
}

TEST(Rules, WrongOnesAreRefusedWithTheirPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"[]", "rules"},
      {R"({"rule":[]})", "rule"},
      {R"({"rules":[{"do":"mask"}]})", "rules[0].name"},
      {R"({"rules":[{"name":"a","do":"hide"}]})", "rules[0].do"},
      {R"({"rules":[{"name":"a","do":"mask","on":["both"]}]})", "rules[0].on"},
      {R"({"rules":[{"name":"a","do":"mask","words":["\u200b"]}]})", "rules[0].words"},
      {R"({"rules":[{"name":"a","do":"mask","patterns":["("]}]})", "rules[0].patterns"},
      {R"({"rules":[{"name":"a","do":"mask","patterns":["x*"]}]})", "rules[0].patterns"},
      {R"({"rules":[{"name":"a","do":"mask","patterns":["(x)\\1"]}]})", "rules[0].patterns"},
      {R"({"rules":[{"name":"a","do":"mask"},{"name":"b","do":"mask","patterns":["("]}]})", "rules[1].patterns"},
      {R"({"labels":[{},{}]})", "labels[1].tenant"},
  };
  for (const auto& [text, field] : cases) EXPECT_EQ(field_of([&] { Rules::parse(text); }), field) << text;
}

}  // namespace
}  // namespace cofre::rules
