#include "json/json.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cofre::json {
namespace {

TEST(Json, NumbersArePrintedAsPeopleWriteThem) {
  EXPECT_EQ(dump(parse("21.5")), "21.5");
  EXPECT_EQ(dump(parse("1.0")), "1.0");
  EXPECT_EQ(dump(parse("-3")), "-3");
  EXPECT_EQ(dump(parse("18446744073709551615")), "18446744073709551615");
  EXPECT_EQ(dump(parse("1e300")), "1e+300");
  EXPECT_EQ(dump(parse("0.1")), "0.1");
}

TEST(Json, KeysKeepTheirOrder) { EXPECT_EQ(dump(parse(R"({"b":1,"a":[true,null]})")), R"({"b":1,"a":[true,null]})"); }
TEST(Json, TextStaysUtf8UnlessAsciiIsAskedFor) {
  EXPECT_EQ(dump(parse("\"成🧂\"")), "\"成🧂\"");
  EXPECT_EQ(dump(parse("\"成🧂\""), {.ascii = true}), "\"\\u6210\\ud83e\\uddc2\"");
}
TEST(Json, AnIndentBreaksLines) {
  EXPECT_EQ(dump(parse(R"({"a":[1]})"), {.item = ", ", .key = ": ", .indent = 2}), "{\n  \"a\": [\n    1\n  ]\n}");
}
TEST(Json, DepthIsLimited) {
  EXPECT_NO_THROW(parse(std::string(60, '[') + std::string(60, ']')));
  EXPECT_THROW(parse(std::string(60'000, '[')), Error);
}
TEST(Json, BadDocumentsAreErrorsWithAPosition) {
  for (const char* bad : {"", "{", "[1,]", "{\"a\":}", "nul", "1 2", "\"\xff\"", "{\"a\" 1}"})
    EXPECT_THROW(parse(bad), Error) << bad;
}
TEST(Json, AMemberOfTheWrongTypeIsNamed) {
  const auto value = parse(R"({"n":-1,"s":3})");
  try {
    unsigned_at(value.get_object(), "n", 10, "messages[0].");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "messages[0].n");
  }
  EXPECT_THROW(string_at(value.get_object(), "s"), Error);
  EXPECT_THROW(string_at(value.get_object(), "absent"), Error);
}

}  // namespace
}  // namespace cofre::json
