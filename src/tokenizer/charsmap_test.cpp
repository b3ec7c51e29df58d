#include "tokenizer/charsmap.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "text/utf8.h"

namespace cofre::tokenizer {
namespace {

/// A trie of one text, "A", and what replaces it.
struct Small {
  std::vector<std::uint32_t> trie = std::vector<std::uint32_t>(256);
  std::string replacements = std::string("alpha\0", 6);
  Small() {
    trie[0] = 128u << 10;                        // children of the root stand at 128 ^ byte
    trie[128 ^ 'A'] = 1u << 10 | 1u << 8 | 'A';  // its value at that place ^ 1
    trie[128 ^ 'A' ^ 1] = 1u << 31;
  }
  std::vector<std::uint8_t> bytes() const {
    std::vector<std::uint8_t> out;
    const auto put = [&out](std::uint32_t value) {
      for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
    };
    put(static_cast<std::uint32_t>(4 * trie.size()));
    for (const auto unit : trie) put(unit);
    out.insert(out.end(), replacements.begin(), replacements.end());
    return out;
  }
};

TEST(Charsmap, ATextOfTheTrieIsReplaced) {
  const Charsmap charsmap(Small().bytes());
  EXPECT_EQ(charsmap.prefix("bAc", 1).by, "alpha");
  EXPECT_EQ(charsmap.prefix("bAc", 1).bytes, 1u);
}

TEST(Charsmap, OtherCharactersStayWhole) {
  const Charsmap charsmap(Small().bytes());
  EXPECT_EQ(charsmap.prefix("成A", 0).by, "成");
  EXPECT_EQ(Charsmap().prefix("A", 0).by, "A");
}

TEST(Charsmap, WhatIsWrittenIsRead) {
  std::map<std::string, std::string> replacements{
      {"\x01", ""}, {"ﬁ", "fi"}, {"ﬁn", "fine"}, {"\u00a0", " "}, {"zz", "z"}};
  for (int i = 0; i < 3000; ++i) {
    std::string character;
    text::append_utf8(static_cast<char32_t>(0x3001 + 5 * i), character);
    replacements[character] = std::to_string(i);
  }
  const Charsmap charsmap(charsmap_bytes(replacements));
  for (const auto& [text, by] : replacements) {
    EXPECT_EQ(charsmap.prefix(text + "*", 0).by, by) << text;
    EXPECT_EQ(charsmap.prefix(text + "*", 0).bytes, text.size()) << text;
  }
  for (const std::string other : {"z", "\x02", "é", "f"}) EXPECT_EQ(charsmap.prefix(other, 0).by, other);
  EXPECT_TRUE(charsmap_bytes({}).empty());
}

TEST(Charsmap, BytesThatAreNoneAreRefused) {
  auto bytes = Small().bytes();
  EXPECT_THROW(Charsmap(std::span(bytes).first(3)), Error);
  EXPECT_THROW(Charsmap(std::span(bytes).first(200)), Error);
  EXPECT_THROW(Charsmap(std::span(bytes).first(bytes.size() - 1)), Error);
  bytes[0] = 3;
  EXPECT_THROW(Charsmap{bytes}, Error);
}

TEST(Charsmap, ATrieThatLeadsOutOfItsBoundsIsAnError) {
  Small small;
  small.trie[0] = 0xfffff << 10;
  EXPECT_THROW(Charsmap(small.bytes()).prefix("A", 0), Error);
  Small value;
  value.trie[128 ^ 'A' ^ 1] = 1u << 31 | 7;
  EXPECT_THROW(Charsmap(value.bytes()).prefix("A", 0), Error);
}

TEST(Charsmap, ATrieThatLeadsInCirclesEnds) {
  Small small;
  small.trie[128 ^ 'A'] = static_cast<std::uint32_t>('A') << 10 | 'A';
  EXPECT_EQ(Charsmap(small.bytes()).prefix(std::string(100'000, 'A'), 0).bytes, 1u);
}

}  // namespace
}  // namespace cofre::tokenizer
