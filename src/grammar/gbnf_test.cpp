#include "grammar/gbnf.h"

#include <gtest/gtest.h>

#include "base/thrown.h"
#include "grammar/grammar.h"

namespace cofre::grammar {
namespace {

TEST(Gbnf, LlamaGrammarsAreRead) {
  const auto json = R"(root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws
object ::=
  "{" ws (
            string ":" ws value
    ("," ws string ":" ws value)*
  )? "}" ws
array  ::=
  "[" ws (
            value
    ("," ws value)*
  )? "]" ws
string ::=
  "\"" (
    [^"\\\x7F\x00-\x1F] |
    "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
  )* "\"" ws
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
# Optional space
ws ::= | " " | "\n" [ \t]{0,20})";
  const auto grammar = from_gbnf(json, "grammar");
  EXPECT_TRUE(matches(*grammar, R"({"a":[1,2.5,{"b":null}], "c":"é\n"})"));
  EXPECT_FALSE(matches(*grammar, R"({"a":[1,})"));
  EXPECT_FALSE(matches(*grammar, "[1]"));
  EXPECT_TRUE(matches(*from_gbnf("root ::= \"a\" b+\nb ::= [0-9] | \"x\" # end", "g"), "a1x"));
  EXPECT_TRUE(matches(*from_gbnf("root ::= list\nlist ::= \"x\" list | \"\"", "g"), "xxx"));
}

TEST(Gbnf, FaultsAreNamedByTheirLine) {
  const auto refuse = [](std::string_view text) { return code_of([&] { from_gbnf(text, "grammar"); }); };
  for (const auto* text :
       {"", "root", "root ::= (", "root ::= \"a", "root ::= [a", "root ::= b", "a ::= \"x\"", "root ::= root \"a\"",
        "root ::= \"a\"\nroot ::= \"b\"", "root ::= a\na ::= b \"x\" | \"y\"\nb ::= \"\" | a", "root ::= \"\\q\"",
        "root ::= root", "root ::= \"\\", "root ::= \"a\"{3,2}", "root ::= \xff", "root ::= )"})
    EXPECT_EQ(refuse(text), Code::invalid) << text;
  EXPECT_EQ(refuse("root ::= " + std::string(60'000, '(')), Code::exhausted);
  std::string chain = "root ::= a0\n";
  for (int i = 0; i < 60; ++i) chain += fmt::format("a{} ::= a{} a{}\n", i, i + 1, i + 1);
  EXPECT_TRUE(from_gbnf(chain + "a60 ::= \"x\"", "grammar")) << "doubling rules are not unfolded";
}

TEST(Choice, OneOfTheTextsAndNothingElse) {
  const std::vector<std::string> choices{"yes", "no", "yesterday"};
  const auto grammar = from_choices(choices, "guided_choice");
  EXPECT_TRUE(matches(*grammar, "yes"));
  EXPECT_TRUE(matches(*grammar, "yesterday"));
  EXPECT_FALSE(matches(*grammar, "yest"));
  EXPECT_EQ(code_of([] { from_choices({}, "guided_choice"); }), Code::invalid);
}

}  // namespace
}  // namespace cofre::grammar
