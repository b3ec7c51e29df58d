#include "crypto/phrase.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/thrown.h"
#include "crypto/phrase_words.h"
#include "crypto/sha256.h"

namespace cofre::crypto {
namespace {

Secret filled(int value) {
  const std::vector<std::byte> bytes(secret_bytes, static_cast<std::byte>(value));
  return Secret::from(bytes);
}

std::string repeated(const std::string& words, int times, const std::string& last) {
  std::string text;
  for (int i = 0; i < times; ++i) text += words + ' ';
  return text + last;
}

// The vectors that BIP-39 refers to, those of 256 bits.
TEST(Phrase, MeetsThePublishedVectors) {
  const std::string legal = "legal winner thank year wave sausage worth useful";
  const std::string letter = "letter advice cage absurd amount doctor acoustic avoid";
  EXPECT_EQ(phrase_of(filled(0x00)), repeated("abandon", 23, "art"));
  EXPECT_EQ(phrase_of(filled(0x7f)), repeated(legal, 2, "legal winner thank year wave sausage worth title"));
  EXPECT_EQ(phrase_of(filled(0x80)), repeated(letter, 2, "letter advice cage absurd amount doctor acoustic bless"));
  EXPECT_EQ(phrase_of(filled(0xff)), repeated("zoo", 23, "vote"));
}

TEST(Phrase, ItsWordsAreThoseOfTheStandard) {
  std::string list(phrase_words.substr(1));
  std::replace(list.begin(), list.end(), ' ', '\n');
  EXPECT_EQ(sha256_hex(list), "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
}

TEST(Phrase, GivesTheSecretBackHoweverItIsWritten) {
  for (int i = 0; i < 100; ++i) {
    const auto secret = Secret::random();
    EXPECT_EQ(secret_of_phrase(phrase_of(secret)).hex(), secret.hex());
  }
  EXPECT_EQ(secret_of_phrase("\n" + repeated("ZOO\t\n", 23, " Vote\n")).hex(), filled(0xff).hex());
}

TEST(Phrase, WhatIsNoneIsToldByItsPlace) {
  EXPECT_EQ(field_of([] { secret_of_phrase(""); }), "phrase");
  EXPECT_EQ(field_of([] { secret_of_phrase(repeated("zoo", 22, "vote")); }), "phrase");
  EXPECT_EQ(field_of([] { secret_of_phrase(repeated("zoo", 24, "vote")); }), "phrase");
  EXPECT_EQ(field_of([] { secret_of_phrase(repeated("zoo", 23, "zoo")); }), "phrase");
  const auto wrong = thrown_by([] { secret_of_phrase(repeated("zoo", 3, repeated("zooo", 20, "vote"))); });
  ASSERT_TRUE(wrong);
  EXPECT_NE(std::string(wrong->what()).find("word 4 "), std::string::npos);
  EXPECT_EQ(field_of([] { secret_of_phrase(repeated("z\xff", 23, "vote")); }), "phrase");
}

// Of all single wrong words 255 of 256 are found, and two that were swapped likewise.
TEST(Phrase, AWrongWordIsFound) {
  const std::string right = phrase_of(filled(0x80));
  int found = 0;
  const std::string_view first = "letter";
  for (const std::string word : {"abandon", "ability", "able", "about", "above", "absent", "absorb", "abstract"}) {
    found += field_of([&] { secret_of_phrase(word + right.substr(first.size())); }) == "phrase" ? 1 : 0;
  }
  EXPECT_GE(found, 7);
}

}  // namespace
}  // namespace cofre::crypto
