#include "text/utf8.h"

#include <gtest/gtest.h>

#include "text/unicode.h"

namespace cofre::text {
namespace {

TEST(Utf8, CharactersOfEveryLengthAreRead) {
  EXPECT_EQ(decode_utf8("a", 0).code, U'a');
  EXPECT_EQ(decode_utf8("é", 0).code, U'é');
  EXPECT_EQ(decode_utf8("成", 0).code, U'成');
  EXPECT_EQ(decode_utf8("🧂", 0).code, U'🧂');
}

TEST(Utf8, WhatIsReadIsWrittenBack) {
  for (char32_t code : {U'\x7f', U'\x80', U'\x7ff', U'\x800', U'\xffff', U'\x10000', U'\x10ffff'}) {
    std::string text;
    append_utf8(code, text);
    EXPECT_EQ(decode_utf8(text, 0).code, code);
    EXPECT_EQ(decode_utf8(text, 0).bytes, text.size());
  }
}

TEST(Utf8, OverlongFormsSurrogatesAndLargeNumbersAreInvalid) {
  for (const char* bad :
       {"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\x80"})
    EXPECT_EQ(find_invalid_utf8(bad), 0u) << bad;
}

TEST(Utf8, TheFirstBadByteIsNamed) { EXPECT_EQ(find_invalid_utf8("ab\xff"), 2u); }
TEST(Utf8, ACutCharacterIsInvalid) { EXPECT_EQ(find_invalid_utf8("a\xe6\x88"), 1u); }

TEST(Utf8, AStreamHoldsBackAnUnfinishedCharacter) {
  EXPECT_EQ(whole_utf8_prefix("ab\xf0\x9f\xa7"), 2u);
  EXPECT_EQ(whole_utf8_prefix("ab\xc3"), 2u);
  EXPECT_EQ(whole_utf8_prefix("ab"), 2u);
  EXPECT_EQ(whole_utf8_prefix("成"), 3u);
}

TEST(Utf8, AStreamDoesNotWaitForWhatCanNeverBeACharacter) {
  EXPECT_EQ(whole_utf8_prefix("a\xff"), 2u);
  EXPECT_EQ(whole_utf8_prefix("a\x80\x80"), 3u);
}

TEST(Utf8, EachMaximalBadPartIsReplacedOnce) {
  EXPECT_EQ(replace_invalid_utf8("a\xe6\x88z\xff"), "a\xef\xbf\xbdz\xef\xbf\xbd");
}

TEST(Unicode, LettersAreTakenApartFromTheirMarks) {
  EXPECT_EQ(decompose("é가"), "e\u0301\u1100\u1161");
  EXPECT_TRUE(is_nonspacing_mark(0x301));
  EXPECT_FALSE(is_nonspacing_mark(0x903));
  EXPECT_TRUE(is_control(0x200b));
  EXPECT_EQ(to_lower(U'Ж'), U'ж');
}

TEST(Unicode, PropertiesAreThoseOfTheStandard) {
  EXPECT_EQ(properties(U'a'), letter | lower);
  EXPECT_EQ(properties(U'É'), letter | upper);
  EXPECT_EQ(properties(U'ǅ'), letter | upper);
  EXPECT_EQ(properties(U'5'), number);
  EXPECT_EQ(properties(U'成'), letter);
  EXPECT_EQ(properties(U'　'), space);
  EXPECT_EQ(properties(U'！'), punctuation);
  EXPECT_EQ(properties(U'́'), mark);
  EXPECT_EQ(properties(U'＋'), symbol);
}

}  // namespace
}  // namespace cofre::text
