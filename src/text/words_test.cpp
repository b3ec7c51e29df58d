#include "text/words.h"

#include <gtest/gtest.h>

namespace cofre::text {
namespace {

std::string split(std::string_view given) {
  std::string out;
  for (const auto& word : words(given)) out += (out.empty() ? "" : " ") + word.plain + (word.is_tail ? "." : "");
  return out;
}

TEST(Words, EndWhereNoLetterOrDigitStands) {
  EXPECT_EQ(split("The contract, v1.2: foo_bar(x)!"), "the contract v1 2 foo bar x");
  EXPECT_EQ(split(""), "");
  EXPECT_EQ(split(" —…  \n"), "");
}
TEST(Words, AreComparedWithoutCaseWidthAndAccents) {
  EXPECT_EQ(split("São ÉCOLE Ｗｉｄｅ straße"), "sao ecole wide straße");
  EXPECT_EQ(split("Sa\u0303o"), "sao");
  EXPECT_EQ(split("Данные ΑΒΓ"), "данные αβγ");
}
TEST(Words, OfChineseArePairsAndTheLastCharacter) {
  EXPECT_EQ(split("合同模板"), "合同 同模 模板 板.");
  EXPECT_EQ(split("合"), "合");
  EXPECT_EQ(split("用iPhone手机"), "用 iphone 手机 机.");
  EXPECT_EQ(split("你好，世界"), "你好 好. 世界 界.");
}
TEST(Words, OfThaiAreFoundWithoutItsMarks) { EXPECT_EQ(split("สวัสดี"), "สว วส สด ด."); }
TEST(Words, SayWhereTheyStand) {
  const auto found = words("é合同");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(std::pair(found[0].begin, found[0].end), std::pair(std::size_t{0}, std::size_t{2}));
  EXPECT_EQ(std::pair(found[1].begin, found[1].end), std::pair(std::size_t{2}, std::size_t{8}));
  EXPECT_EQ(std::pair(found[2].begin, found[2].end), std::pair(std::size_t{5}, std::size_t{8}));
}
TEST(Words, EndAfterSixtyFourBytes) {
  EXPECT_EQ(words(std::string(1000, 'a')).front().plain.size(), 64u);
  std::string wide;
  for (int i = 0; i < 40; ++i) wide += "я";
  EXPECT_EQ(words("a" + wide).front().plain.size(), 63u);
}
TEST(Words, OfWhatIsNoTextAreTheOnesBeforeIt) {
  EXPECT_EQ(split("abc \xff def"), "abc");
  EXPECT_EQ(split("abc\xff def"), "abc");
}

}  // namespace
}  // namespace cofre::text
