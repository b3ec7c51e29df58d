#include "records/chat_title.h"

#include <gtest/gtest.h>

#include <utility>

#include "text/utf8.h"

namespace cofre::records {
namespace {

TEST(ChatTitle, HasNoSignsOfMarkdown) {
  const std::pair<const char*, const char*> titles[] = {
      {"## RAID 6 ##\n\nIt keeps **two** parity blocks.", "RAID 6"},
      {"> - [x] **Check** this `a*b` clause", "Check this a*b clause"},
      {"Read [the law](https://example.com/law_1) and ![its seal](seal.png)", "Read the law and its seal"},
      {"***Very*** _important_, ~~not~~ __so__", "Very important, not so"},
      {"这是**重要**的", "这是重要的"},
      {"```python\nprint(1)\n```", "print(1)"},
      {"---\n\n# 报告", "报告"},
      {"\\# not a heading", "# not a heading"},
      {"#", "#"},
  };
  for (const auto& [text, title] : titles) EXPECT_EQ(title_of(text), title) << text;
}

TEST(ChatTitle, KeepsWhatOnlyLooksLikeSigns) {
  for (const char* text : {"2 * 3 * 4 = 24", "a*b*c", "snake_case_name", "#hashtag", "1. Introduction", "-5 degrees",
                           "array[0](x", "C++ or C#", "~/.config and ~user", "`open", "**", "<b>bold</b>"})
    EXPECT_EQ(title_of(text), text);
}

TEST(ChatTitle, IsTheFirstLineThatSaysSomething) {
  EXPECT_EQ(title_of("\n \t\n***\n  How many days?\nAnd why?"), "How many days?");
  EXPECT_EQ(title_of("  \n"), "");
  EXPECT_EQ(title_of("???\n!"), "???");
}

TEST(ChatTitle, IsCutBetweenWordsAndCharacters) {
  std::string words;
  for (int i = 0; i < 40; ++i) words += "word ";
  EXPECT_EQ(title_of("# " + words), words.substr(0, 79) + "…");
  std::string signs;
  for (int i = 0; i < 60; ++i) signs += "合";
  EXPECT_EQ(title_of(signs), signs.substr(0, 78) + "…");
}

TEST(ChatTitle, OfManySignsIsMadeAtOnceAndIsUtf8) {
  for (const char* sign : {"*", "_", "`", "[", "![", "](", "# ", "> ", "~~", "\\", "*a", "`a``", "[合]("}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += sign;
    const auto title = title_of(text + "合");
    EXPECT_LE(title.size(), title_cut_bytes + std::string_view("…").size()) << sign;
    EXPECT_FALSE(text::find_invalid_utf8(title)) << sign;
  }
}

}  // namespace
}  // namespace cofre::records
