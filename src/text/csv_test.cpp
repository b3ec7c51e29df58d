#include "text/csv.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/thrown.h"

namespace cofre::text {
namespace {

constexpr CsvLimits limits{.bytes = 1000, .rows = 4, .cells = 3};

/// The rows, each as "line:[cell][cell]".
std::string read(std::string_view text) {
  std::string out;
  for (const auto& row : read_csv(text, limits)) {
    out += std::to_string(row.line) + ":";
    for (const auto& cell : row.cells) out += "[" + cell + "]";
  }
  return out;
}

std::string refusal(std::string_view text) {
  const auto error = thrown_by([&] { read(text); });
  return error ? error->what() : "read";
}

TEST(Csv, LinesEndInEitherWayAndTheLastNeedNot) {
  EXPECT_EQ(read("a,b\r\nc,d\r\n"), "1:[a][b]2:[c][d]");
  EXPECT_EQ(read("a,b\nc,"), "1:[a][b]2:[c][]");
  EXPECT_EQ(read(""), "");
}

TEST(Csv, QuotesHoldSeparatorsLinesAndQuotes) {
  EXPECT_EQ(read("\"a,b\",\"c\"\"d\",\"\"\n"), "1:[a,b][c\"d][]");
  EXPECT_EQ(read("\"\"\"\",\"x\r\ny\"\nz\n"), "1:[\"][x\r\ny]3:[z]");
}

TEST(Csv, SemicolonsPartCellsWhereTheFirstLineHasNoComma) {
  EXPECT_EQ(read("a;b\n1,5;2\n"), "1:[a][b]2:[1,5][2]");
  EXPECT_EQ(read("\"a,b\";c\n"), "1:[a,b][c]");
  EXPECT_EQ(read("a,b\n1;5,2\n"), "1:[a][b]2:[1;5][2]");
  EXPECT_NE(refusal("a;b,c\n").find("line 1"), std::string::npos);
}

TEST(Csv, AByteOrderMarkIsNoPartOfTheFirstCell) { EXPECT_EQ(read("\xef\xbb\xbfname\nana\n"), "1:[name]2:[ana]"); }

TEST(Csv, LinesWithNothingOnThemAreLeftOutButCounted) { EXPECT_EQ(read("a\n\n\r\nb\n"), "1:[a]4:[b]"); }

TEST(Csv, WhatIsNoTableIsRefusedWithItsLine) {
  for (const auto& [text, line] : {std::pair<std::string_view, const char*>{"a\n\"b\nc", "line 2"},
                                   {"a\n\"b\"c\n", "line 2"},
                                   {"a\nb\"c\n", "line 2"},
                                   {"a\rb\n", "line 1"},
                                   {"a\n\n\xff\n", "line 3"},
                                   {std::string_view("a\nb\0", 4), "line 2"},
                                   {"\xff\xfe", "line 1"},
                                   {"a,b,c,d\n", "line 1"},
                                   {"1\n2\n3\n4\n5\n", "line 5"}}) {
    EXPECT_NE(refusal(text).find(line), std::string::npos) << refusal(text);
    EXPECT_EQ(field_of([&] { read(text); }), "csv");
  }
  EXPECT_EQ(field_of([] { read(std::string(1001, 'a')); }), "csv");
  EXPECT_EQ(refusal(std::string(1000, 'a')), "read");
}

}  // namespace
}  // namespace cofre::text
