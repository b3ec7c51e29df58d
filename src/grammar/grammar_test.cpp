#include "grammar/grammar.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "base/error.h"

namespace cofre::grammar {
namespace {

bool holds(std::string_view schema, std::string_view text) {
  return matches(*from_schema(json::parse(schema), "schema"), text);
}

template <class Make>
Code code_of(Make&& make, std::string* field = nullptr) {
  try {
    make();
  } catch (const Error& error) {
    if (field) *field = error.field();
    return error.code();
  }
  return Code::internal;
}

Code refusal(std::string_view schema, std::string* field = nullptr) {
  return code_of([&] { from_schema(json::parse(schema), "schema"); }, field);
}

/// All bytes, some longer tokens, a special one and an end.
struct Tokens {
  std::vector<std::string> all;
  TokenId special, end;
  std::shared_ptr<const Vocabulary> vocabulary;

  Tokens() {
    for (int byte = 0; byte < 256; ++byte) all.emplace_back(1, static_cast<char>(byte));
    for (const auto* text :
         {"{\"",  "\":",   "\": ",   "\": \"",   "\",", "\", \"", "\"}",      "}}",   "[[", "]]",   "true", "false",
          "null", "name",  "\"name", "age",      "ab",  "abc",    "abcdefgh", " the", "é",  "世界", "12",   "123",
          "\\n",  "\\u00", "\n  ",   "\n    \"", ", ",  "},",     "  ",       "{}",   "[]", "tool", "<tool"})
      all.emplace_back(text);
    special = static_cast<TokenId>(all.size());
    all.emplace_back();
    end = static_cast<TokenId>(all.size());
    all.emplace_back();
    vocabulary = std::make_shared<Vocabulary>(all, std::array{end});
  }
  Matcher match(const Grammar& grammar) const { return Matcher(std::make_shared<Masks>(grammar, vocabulary)); }
  /// Ids of a text, longest token first.
  std::vector<TokenId> encode(std::string_view text) const {
    std::vector<TokenId> ids;
    while (!text.empty()) {
      TokenId best = -1;
      for (TokenId id = 0; id < special; ++id)
        if (text.starts_with(all[static_cast<std::size_t>(id)]) &&
            (best < 0 || all[static_cast<std::size_t>(id)].size() > all[static_cast<std::size_t>(best)].size()))
          best = id;
      ids.push_back(best);
      text.remove_prefix(all[static_cast<std::size_t>(best)].size());
    }
    return ids;
  }
};

const Tokens& tokens() {
  static const Tokens all;
  return all;
}

std::vector<TokenId> allowed(Matcher& matcher, std::size_t remaining = SIZE_MAX) {
  Bits bits(matcher.vocabulary().words());
  matcher.fill_mask(bits, remaining);
  std::vector<TokenId> out;
  for (std::size_t id = 0; id < matcher.vocabulary().size(); ++id)
    if (bits[id / 64] >> (id % 64) & 1) out.push_back(static_cast<TokenId>(id));
  return out;
}

/// The mask must be exactly what accept() takes.
void expect_exact(const Matcher& matcher) {
  auto asked = matcher;
  const auto mask = allowed(asked);
  for (TokenId id = 0; id < static_cast<TokenId>(matcher.vocabulary().size()); ++id) {
    auto copy = matcher;
    const bool listed = std::find(mask.begin(), mask.end(), id) != mask.end();
    ASSERT_EQ(copy.accept(id), listed) << "token " << id << " \"" << matcher.vocabulary().bytes(id) << '"';
  }
}

std::string random_text(const Grammar& grammar, std::uint64_t seed, std::size_t budget) {
  std::mt19937_64 random(seed);
  auto matcher = tokens().match(grammar);
  std::string text;
  for (auto remaining = budget; remaining > 0 && !matcher.finished(); --remaining) {
    const auto mask = allowed(matcher, remaining);
    EXPECT_FALSE(mask.empty());
    if (mask.empty()) break;
    const auto token = mask[random() % mask.size()];
    EXPECT_TRUE(matcher.accept(token));
    text += matcher.vocabulary().bytes(token);
  }
  EXPECT_TRUE(matcher.can_end()) << text;
  return text;
}

TEST(Schema, TypesAreHeld) {
  EXPECT_TRUE(holds(R"({"type":"null"})", "null"));
  EXPECT_TRUE(holds(R"({"type":"boolean"})", "false"));
  EXPECT_FALSE(holds(R"({"type":"boolean"})", "null"));
  EXPECT_TRUE(holds(R"({"type":"integer"})", "-120"));
  EXPECT_FALSE(holds(R"({"type":"integer"})", "1.5"));
  EXPECT_FALSE(holds(R"({"type":"integer"})", "01"));
  EXPECT_TRUE(holds(R"({"type":"number"})", "1.5e-3"));
  EXPECT_TRUE(holds(R"({"type":["string","null"]})", "null"));
  EXPECT_TRUE(holds(R"({"type":["string","null"]})", R"("a\u00e9\ud83d\ude00\n")"));
  EXPECT_FALSE(holds(R"({"type":"string"})", R"("\ud83d")"));
  EXPECT_FALSE(holds(R"({"type":"string"})", "\"\n\""));
  EXPECT_FALSE(holds(R"({"type":"string"})", "\"\xc3\""));
  EXPECT_TRUE(holds("{}", R"({"a":[1,"b",{"c":null}]})"));
  EXPECT_TRUE(holds("true", "[]"));
}

TEST(Schema, ObjectsHaveTheirPropertiesInOrder) {
  const auto schema =
      R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"},"c":{"type":"null"}},"required":["b"],"additionalProperties":false})";
  EXPECT_TRUE(holds(schema, R"({"a":1,"b":"x","c":null})"));
  EXPECT_TRUE(holds(schema, R"({"b": "x"})"));
  EXPECT_TRUE(holds(schema, "{\n  \"a\": 1,\n  \"b\": \"x\"\n}"));
  EXPECT_TRUE(holds(schema, R"({"b":"","c":null})"));
  EXPECT_FALSE(holds(schema, R"({"a":1})"));
  EXPECT_FALSE(holds(schema, R"({"a":1,"c":null})"));
  EXPECT_FALSE(holds(schema, R"({"b":"x",})"));
  EXPECT_FALSE(holds(schema, R"({"b":"x","d":1})"));
  EXPECT_FALSE(holds(schema, R"({,"b":"x"})"));
  EXPECT_TRUE(holds(R"({"type":"object","additionalProperties":false})", "{}"));
  EXPECT_FALSE(holds(R"({"type":"object","additionalProperties":false})", R"({"a":1})"));
}

TEST(Schema, OtherKeysMayFollowUnlessTheyAreForbidden) {
  const auto schema = R"({"type":"object","properties":{"name":{"type":"integer"}}})";
  EXPECT_TRUE(holds(schema, R"({"name":1,"other":"x"})"));
  EXPECT_TRUE(holds(schema, R"({"nam":"x"})"));
  EXPECT_TRUE(holds(schema, R"({"names":"x"})"));
  EXPECT_TRUE(holds(schema, R"({"":"x"})"));
  EXPECT_FALSE(holds(schema, R"({"name":"x"})"));
  EXPECT_FALSE(holds(schema, R"({"n\u0061me":"x"})")) << "another spelling of a key that has a schema";
  EXPECT_TRUE(holds(R"({"type":"object","additionalProperties":{"type":"integer"}})", R"({"a":1,"b":2})"));
  EXPECT_FALSE(holds(R"({"type":"object","additionalProperties":{"type":"integer"}})", R"({"a":1,"b":"2"})"));
}

TEST(Schema, PropertiesAreCounted) {
  const auto schema =
      R"({"type":"object","minProperties":1,"maxProperties":2,"properties":{"a":{"type":"null"},"b":{"type":"null"},"c":{"type":"null"}},"additionalProperties":false})";
  EXPECT_FALSE(holds(schema, "{}"));
  EXPECT_TRUE(holds(schema, R"({"a":null,"c":null})"));
  EXPECT_FALSE(holds(schema, R"({"a":null,"b":null,"c":null})"));
  const auto map = R"({"type":"object","minProperties":2,"additionalProperties":{"type":"null"},"required":["a"]})";
  EXPECT_TRUE(holds(map, R"({"a":null,"x":null})"));
  EXPECT_FALSE(holds(map, R"({"a":null})"));
  EXPECT_EQ(refusal(R"({"type":"object","minProperties":2,"additionalProperties":{"type":"null"}})"), Code::invalid)
      << "keys that may repeat cannot be counted";
}

TEST(Schema, PatternPropertiesDecideByTheKey) {
  const auto schema =
      R"({"type":"object","properties":{"id":{"type":"null"}},"patternProperties":{"^n_":{"type":"integer"},"^s_":{"type":"string"}},"additionalProperties":false})";
  EXPECT_TRUE(holds(schema, R"({"id":null,"n_x":1,"s_":"t"})"));
  EXPECT_FALSE(holds(schema, R"({"n_x":"1"})"));
  EXPECT_FALSE(holds(schema, R"({"x":1})"));
  EXPECT_EQ(refusal(R"({"patternProperties":{"a":{"type":"null"},"b":{"type":"string"}}})"), Code::unsupported)
      << "a key may match both";
  EXPECT_TRUE(holds(R"({"type":"object","propertyNames":{"pattern":"^[a-z]+$"}})", R"({"abc":1})"));
  EXPECT_FALSE(holds(R"({"type":"object","propertyNames":{"pattern":"^[a-z]+$"}})", R"({"aB":1})"));
}

TEST(Schema, ListsAreCountedAndTyped) {
  EXPECT_TRUE(holds(R"({"type":"array","items":{"type":"integer"}})", "[1, 2,3]"));
  EXPECT_TRUE(holds(R"({"type":"array","items":{"type":"integer"}})", "[]"));
  EXPECT_FALSE(holds(R"({"type":"array","items":{"type":"integer"}})", "[1,]"));
  const auto counted = R"({"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":3})";
  EXPECT_FALSE(holds(counted, "[1]"));
  EXPECT_TRUE(holds(counted, "[1,2]"));
  EXPECT_TRUE(holds(counted, "[1,2,3]"));
  EXPECT_FALSE(holds(counted, "[1,2,3,4]"));
  const auto pair =
      R"({"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"items":false,"minItems":1})";
  EXPECT_TRUE(holds(pair, R"(["a"])"));
  EXPECT_TRUE(holds(pair, R"(["a",1])"));
  EXPECT_FALSE(holds(pair, R"(["a",1,2])"));
  EXPECT_FALSE(holds(pair, "[]"));
  const auto set = R"({"type":"array","items":{"enum":["a","b","c"]},"uniqueItems":true,"minItems":1})";
  EXPECT_TRUE(holds(set, R"(["c","a"])"));
  EXPECT_FALSE(holds(set, R"(["c","a","c"])"));
  EXPECT_EQ(refusal(R"({"type":"array","items":{"type":"string"},"uniqueItems":true})"), Code::unsupported);
}

TEST(Schema, StringsHaveLengthsInCharacters) {
  const auto schema = R"({"type":"string","minLength":2,"maxLength":3})";
  EXPECT_FALSE(holds(schema, R"("a")"));
  EXPECT_TRUE(holds(schema, R"("éa")"));
  EXPECT_TRUE(holds(schema, R"("世界\n")"));
  EXPECT_FALSE(holds(schema, R"("abcd")"));
  EXPECT_TRUE(holds(R"({"type":"string","minLength":1,"maxLength":1})", R"("\ud83d\ude00")"));
  EXPECT_EQ(refusal(R"({"type":"string","minLength":3,"maxLength":2})"), Code::invalid);
  EXPECT_EQ(refusal(R"({"type":"string","minLength":-1})"), Code::invalid);
}

TEST(Schema, PatternsSpeakOfTheTextNotItsEscapes) {
  EXPECT_TRUE(holds(R"({"type":"string","pattern":"^a+$"})", R"("aaa")"));
  EXPECT_FALSE(holds(R"({"type":"string","pattern":"^a+$"})", R"("aab")"));
  EXPECT_TRUE(holds(R"({"type":"string","pattern":"b"})", R"("abc")"));
  EXPECT_FALSE(holds(R"({"type":"string","pattern":"b"})", R"("ac")"));
  EXPECT_TRUE(holds(R"({"type":"string","pattern":"^\"\\\\$"})", R"("\"\\")"));
  EXPECT_TRUE(holds(R"({"type":"string","pattern":"^.$"})", R"("世")"));
  EXPECT_TRUE(holds(R"({"type":"string","pattern":"^a|b$"})", R"("axx")"));
  EXPECT_FALSE(holds(R"({"type":"string","pattern":"^a|b$"})", R"("xax")"));
  EXPECT_TRUE(holds(R"({"type":"string","pattern":"^[a-z]*$","minLength":2,"maxLength":3})", R"("ab")"));
  EXPECT_FALSE(holds(R"({"type":"string","pattern":"^[a-z]*$","minLength":2,"maxLength":3})", R"("abcd")"));
}

TEST(Schema, FormatsAreHeldOrRefused) {
  EXPECT_TRUE(holds(R"({"type":"string","format":"date"})", R"("2024-02-29")"));
  EXPECT_FALSE(holds(R"({"type":"string","format":"date"})", R"("2023-02-29")"));
  EXPECT_FALSE(holds(R"({"type":"string","format":"date"})", R"("1900-02-29")"));
  EXPECT_TRUE(holds(R"({"type":"string","format":"date"})", R"("2000-02-29")"));
  EXPECT_TRUE(holds(R"({"type":"string","format":"date-time"})", R"("2024-12-31T23:59:59Z")"));
  EXPECT_FALSE(holds(R"({"type":"string","format":"time"})", R"("24:00:00Z")"));
  EXPECT_TRUE(holds(R"({"type":"string","format":"uuid"})", R"("123e4567-e89b-12d3-a456-426614174000")"));
  EXPECT_TRUE(holds(R"({"type":"string","format":"email"})", R"("a.b@example.org")"));
  EXPECT_FALSE(holds(R"({"type":"string","format":"email"})", R"("a.b")"));
  EXPECT_TRUE(holds(R"({"type":"string","format":"ipv4"})", R"("192.168.0.255")"));
  EXPECT_FALSE(holds(R"({"type":"string","format":"ipv4"})", R"("256.1.1.1")"));
  EXPECT_TRUE(holds(R"({"type":"string","format":"ipv6"})", R"("2001:db8::1")"));
  EXPECT_TRUE(holds(R"({"type":"string","format":"uri"})", R"("https://example.org/a?b=c#d")"));
  EXPECT_FALSE(holds(R"({"type":"string","format":"uri"})", R"("example")"));
  EXPECT_TRUE(holds(R"({"type":"string","format":"duration"})", R"("P1DT2H")"));
  std::string field;
  EXPECT_EQ(refusal(R"({"properties":{"a":{"type":"string","format":"colour"}}})", &field), Code::unsupported);
  EXPECT_EQ(field, "schema.properties.a.format");
}

TEST(Schema, NumbersStayBetweenTheirBounds) {
  const auto between = [](std::string_view low, std::string_view high, std::string_view type, std::string_view text) {
    return holds(fmt::format(R"({{"type":"{}","minimum":{},"maximum":{}}})", type, low, high), text);
  };
  for (int low = -12; low <= 12; low += 5)
    for (int high = low; high <= 112; high += 9)
      for (int n = -130; n <= 130; ++n)
        ASSERT_EQ(between(std::to_string(low), std::to_string(high), "integer", std::to_string(n)),
                  low <= n && n <= high)
            << low << ' ' << high << ' ' << n;
  EXPECT_TRUE(between("0.5", "2.25", "number", "2.25"));
  EXPECT_FALSE(between("0.5", "2.25", "number", "2.250001"));
  EXPECT_TRUE(between("0.5", "2.25", "number", "0.50"));
  EXPECT_FALSE(between("0.5", "2.25", "number", "0.49"));
  EXPECT_TRUE(between("-1.5", "-0.5", "number", "-0.75"));
  EXPECT_FALSE(between("-1.5", "-0.5", "number", "0"));
  EXPECT_FALSE(between("1.5", "3", "integer", "1"));
  EXPECT_FALSE(holds(R"({"type":"integer","exclusiveMinimum":0,"exclusiveMaximum":10})", "10"));
  EXPECT_FALSE(holds(R"({"type":"integer","exclusiveMinimum":0,"exclusiveMaximum":10})", "0"));
  EXPECT_TRUE(holds(R"({"type":"number","exclusiveMinimum":0})", "0.1"));
  EXPECT_FALSE(holds(R"({"type":"number","exclusiveMinimum":0})", "0.0"));
  EXPECT_TRUE(holds(R"({"type":"integer","multipleOf":7})", "-49"));
  EXPECT_FALSE(holds(R"({"type":"integer","multipleOf":7})", "50"));
  EXPECT_TRUE(holds(R"({"type":"number","multipleOf":0.25})", "3.75"));
  EXPECT_FALSE(holds(R"({"type":"number","multipleOf":0.25})", "3.7"));
  EXPECT_TRUE(holds(R"({"type":"integer","multipleOf":10,"minimum":15,"maximum":40})", "20"));
  EXPECT_EQ(refusal(R"({"type":"integer","minimum":5,"maximum":3})"), Code::invalid);
  EXPECT_EQ(refusal(R"({"type":"integer","multipleOf":0})"), Code::invalid);
  EXPECT_EQ(refusal(R"({"type":"number","multipleOf":0.1234567})"), Code::unsupported);
  EXPECT_EQ(refusal(R"({"type":"number","minimum":"3"})"), Code::invalid);
}

TEST(Schema, ListedValuesMeetTheKeywordsBesideThem) {
  EXPECT_TRUE(holds(R"({"enum":["a",1,null,{"b":[1]}]})", R"({"b":[1]})"));
  EXPECT_FALSE(holds(R"({"enum":["a",1,null]})", "2"));
  EXPECT_FALSE(holds(R"({"type":"string","enum":["a",null]})", "null"));
  EXPECT_FALSE(holds(R"({"enum":["a","bcd"],"maxLength":2})", R"("bcd")"));
  EXPECT_TRUE(holds(R"({"const":"x\ny"})", R"("x\ny")"));
  EXPECT_EQ(refusal(R"({"type":"integer","enum":["a"]})"), Code::invalid);
  EXPECT_EQ(refusal(R"({"enum":[]})"), Code::invalid);
}

TEST(Schema, AlternativesAndMergedParts) {
  const auto any =
      R"({"anyOf":[{"type":"integer"},{"type":"object","properties":{"a":{"type":"null"}},"required":["a"],"additionalProperties":false}]})";
  EXPECT_TRUE(holds(any, "5"));
  EXPECT_TRUE(holds(any, R"({"a":null})"));
  EXPECT_FALSE(holds(any, R"({"a":1})"));
  const auto all =
      R"({"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},{"properties":{"b":{"type":"string"},"a":{"minimum":3}},"required":["b"]}],"unevaluatedProperties":false})";
  EXPECT_TRUE(holds(all, R"({"a":3,"b":""})"));
  EXPECT_FALSE(holds(all, R"({"a":2,"b":""})"));
  EXPECT_FALSE(holds(all, R"({"a":3})"));
  EXPECT_FALSE(holds(all, R"({"a":3,"b":"","c":1})"));
  EXPECT_EQ(
      refusal(
          R"({"allOf":[{"properties":{"a":{}},"required":["a"],"additionalProperties":false},{"properties":{"b":{}},"required":["b"]}]})"),
      Code::invalid);
  const auto beside =
      R"({"type":"object","properties":{"k":{"type":"string"}},"required":["k"],"anyOf":[{"properties":{"x":{"type":"integer"}},"required":["x"]},{"properties":{"y":{"type":"null"}},"required":["y"]}]})";
  EXPECT_TRUE(holds(beside, R"({"k":"","x":1})"));
  EXPECT_TRUE(holds(beside, R"({"k":"","y":null})"));
  EXPECT_FALSE(holds(beside, R"({"k":""})"));
  EXPECT_FALSE(holds(R"({"type":["string","integer"],"not":{"type":"string"}})", R"("a")"));
}

TEST(Schema, OneOfNeedsBranchesThatExcludeEachOther) {
  EXPECT_TRUE(holds(R"({"oneOf":[{"type":"integer"},{"type":"string"}]})", "5"));
  EXPECT_TRUE(holds(
      R"({"oneOf":[{"properties":{"k":{"const":"a"}},"required":["k"]},{"properties":{"k":{"const":"b"}},"required":["k"]}]})",
      R"({"k":"b"})"));
  const auto keys =
      R"({"oneOf":[{"type":"object","properties":{"a":{}},"required":["a"]},{"type":"object","properties":{"b":{}},"required":["b"]}]})";
  EXPECT_TRUE(holds(keys, R"({"b":1})"));
  EXPECT_FALSE(holds(keys, R"({"a":1,"b":1})"));
  EXPECT_TRUE(holds(R"({"oneOf":[{"enum":[1,"a"]},{"enum":[2,"b"]}]})", "2"));
  EXPECT_EQ(refusal(R"({"oneOf":[{"const":1},{"const":1.0}]})"), Code::unsupported);
  EXPECT_EQ(refusal(R"({"oneOf":[{"type":"integer"},{"type":"number"}]})"), Code::unsupported);
  EXPECT_EQ(refusal(R"({"oneOf":[{"minimum":3},{"type":"string"}]})"), Code::unsupported) << "a text meets both";
}

TEST(Schema, ReferencesMayGoInCircles) {
  const auto tree =
      R"({"$defs":{"node":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["v","next"],"additionalProperties":false}},"$ref":"#/$defs/node"})";
  EXPECT_TRUE(holds(tree, R"({"v":1,"next":{"v":2,"next":null}})"));
  EXPECT_FALSE(holds(tree, R"({"v":1,"next":{"v":2}})"));
  EXPECT_TRUE(holds(R"({"type":"array","items":{"$ref":"#"}})", "[[],[[]]]"));
  EXPECT_TRUE(holds(R"({"$defs":{"a/b":{"$anchor":"x","type":"null"}},"$ref":"#/$defs/a~1b"})", "null"));
  EXPECT_TRUE(holds(R"({"$defs":{"a":{"$anchor":"x","type":"null"}},"$ref":"#x"})", "null"));
  EXPECT_EQ(refusal(R"({"$ref":"#/$defs/none"})"), Code::invalid);
  EXPECT_EQ(refusal(R"({"$ref":"https://example.org/schema"})"), Code::unsupported);
  EXPECT_EQ(refusal(R"({"$ref":"#"})"), Code::invalid);
  EXPECT_EQ(refusal(R"({"$ref":"#","minimum":1})"), Code::exhausted);
  EXPECT_EQ(refusal(R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})"), Code::invalid)
      << "it never ends";
}

TEST(Schema, WhatCannotBeHeldIsRefusedByName) {
  std::string field;
  for (const auto* keyword : {"if", "contains", "dependentRequired", "dependentSchemas"}) {
    EXPECT_EQ(refusal(fmt::format(R"({{"type":"object","properties":{{"a":{{"{}":{{}}}}}}}})", keyword), &field),
              Code::unsupported);
    EXPECT_EQ(field, std::string("schema.properties.a.") + keyword);
  }
  EXPECT_EQ(refusal("3"), Code::invalid);
  EXPECT_EQ(refusal(R"({"type":"text"})", &field), Code::invalid);
  EXPECT_EQ(field, "schema.type");
  EXPECT_EQ(refusal(R"({"properties":[]})"), Code::invalid);
}

TEST(Regex, TheWholeTextMatches) {
  const auto match = [](std::string_view pattern, std::string_view text) {
    return matches(*from_regex(pattern, "regex"), text);
  };
  EXPECT_TRUE(match("a(b|c)*d{2,3}", "abcbdd"));
  EXPECT_FALSE(match("a(b|c)*d{2,3}", "abcbd"));
  EXPECT_FALSE(match("a", "ba"));
  EXPECT_TRUE(match("^a$", "a"));
  EXPECT_TRUE(match("[^a-c]", "世"));
  EXPECT_FALSE(match("[^a-c]", "b"));
  EXPECT_TRUE(match("\\d+\\.\\w\\s[\\-\\]]", "12.x -"));
  EXPECT_TRUE(match("(?:a|b)(?<n>c)?", "b"));
  EXPECT_TRUE(match("\\u4e16\\x41\\u{1F600}", "世A😀"));
  EXPECT_TRUE(match("\\p{L}+", "éß世"));
  EXPECT_FALSE(match("\\p{L}+", "1"));
  EXPECT_TRUE(match("a{,2}", "a{,2}"));
  EXPECT_TRUE(match("(a|)", ""));
  EXPECT_FALSE(match(".", "\n"));
}

TEST(Regex, WhatItCannotDoIsRefused) {
  const auto refuse = [](std::string_view pattern) { return code_of([&] { from_regex(pattern, "regex"); }); };
  for (const auto* pattern : {"(?=a)", "(?<!a)b", "(a)\\1", "\\bword", "a^b", "(?i)a", "\\p{Greek}"})
    EXPECT_EQ(refuse(pattern), Code::unsupported) << pattern;
  for (const auto* pattern : {"(", ")", "[a", "a**", "*", "a{3,2}", "\\", "[b-a]", "\xff", "[]"})
    EXPECT_EQ(refuse(pattern), Code::invalid) << pattern;
  EXPECT_EQ(refuse(std::string(60'000, '(')), Code::exhausted);
  EXPECT_EQ(refuse(std::string(60'000, '[')), Code::invalid);
  EXPECT_EQ(refuse("(((a{1000}){1000}){1000}){1000}"), Code::exhausted);
  EXPECT_EQ(refuse("(a|b)*a(a|b){30}"), Code::exhausted);
  EXPECT_EQ(refuse("a{99999999999}"), Code::exhausted);
}

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

TEST(Matcher, TheMaskIsWhatIsAccepted) {
  const auto schema = json::parse(
      R"({"type":"object","properties":{"name":{"type":"string","minLength":1,"maxLength":5},"age":{"type":"integer","minimum":0,"maximum":150},"tags":{"type":"array","items":{"type":"string"}}},"required":["name","tags"]})");
  for (const auto& grammar : {from_schema(schema, "schema"), json_object()}) {
    auto matcher = tokens().match(grammar);
    std::mt19937_64 random(7);
    for (int step = 0; step < 60 && !matcher.finished(); ++step) {
      expect_exact(matcher);
      const auto mask = allowed(matcher);
      ASSERT_FALSE(mask.empty());
      ASSERT_TRUE(matcher.accept(mask[random() % mask.size()]));
    }
  }
}

TEST(Matcher, TokensMayCrossPartsOfTheGrammar) {
  auto matcher = tokens().match(from_schema(
      json::parse(
          R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"string"}},"required":["name","age"],"additionalProperties":false})"),
      "s"));
  for (const auto id : tokens().encode(R"({"name": "abc", "age": "é"})")) ASSERT_TRUE(matcher.accept(id));
  EXPECT_TRUE(matcher.can_end());
  EXPECT_TRUE(matcher.must_end());
  EXPECT_EQ(allowed(matcher), std::vector<TokenId>{tokens().end});
  EXPECT_FALSE(matcher.finished());
  EXPECT_TRUE(matcher.accept(tokens().end));
  EXPECT_TRUE(matcher.finished());
  EXPECT_FALSE(matcher.accept(0));
}

TEST(Matcher, TokensAreTakenBack) {
  auto matcher = tokens().match(json_object());
  const auto ids = tokens().encode(R"({"ab": [true,)");
  const auto before = allowed(matcher);
  for (const auto id : ids) ASSERT_TRUE(matcher.accept(id));
  const auto copy = matcher;
  matcher.rollback(ids.size());
  EXPECT_EQ(allowed(matcher), before);
  EXPECT_EQ(copy.accepted(), ids.size());
  for (const auto id : ids) EXPECT_TRUE(matcher.accept(id));
}

TEST(Matcher, AnEndingIsForcedInTime) {
  const std::vector<Grammar> grammars{
      json_object(),
      from_schema(
          json::parse(
              R"({"type":"object","properties":{"name":{"type":"string","minLength":3},"list":{"type":"array","minItems":2,"items":{"type":"object","properties":{"age":{"type":"integer","minimum":100}},"required":["age"]}}},"required":["name","list"]})"),
          "s"),
      from_schema(json::parse(R"({"anyOf":[{"type":"null"},{"type":"array","items":{"$ref":"#"}}]})"), "s"),
      from_regex("[a-z]*(foo|ba+r)", "r")};
  for (const auto& grammar : grammars) {
    const auto least = tokens().match(grammar).tokens_to_end();
    for (const std::size_t more : {0, 1, 3, 10, 40})
      for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto text = random_text(grammar, seed, least + more);
        ASSERT_TRUE(matches(*grammar, text)) << text;
      }
  }
}

TEST(Matcher, WithTooFewTokensTheNearestEndingIsTaken) {
  auto matcher = tokens().match(from_choices(std::vector<std::string>{"abcdefgh", "name"}, "c"));
  EXPECT_EQ(matcher.tokens_to_end(), 1u);
  auto long_one = tokens().match(from_choices(std::vector<std::string>{"zzzzz", "yyy"}, "c"));
  EXPECT_EQ(allowed(long_one, 1), std::vector<TokenId>{'y'});
}

TEST(Matcher, ForcedBytesAreKnown) {
  auto matcher = tokens().match(from_schema(
      json::parse(
          R"({"type":"object","properties":{"name":{"type":"integer"}},"required":["name"],"additionalProperties":false})"),
      "s"));
  ASSERT_TRUE(matcher.accept('{'));
  ASSERT_TRUE(matcher.accept('"'));
  EXPECT_EQ(matcher.forced(), "name\":");
}

TEST(Builder, ToolCallsBetweenFreeTextAndSpecialTokens) {
  Builder builder;
  const auto arguments = add_schema(
      builder,
      json::parse(
          R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"additionalProperties":false})"),
      "tools[0]");
  const auto call =
      builder.sequence({builder.token(tokens().special), builder.literal("{\"name\": \"f\", \"arguments\": "),
                        arguments, builder.literal("}"), builder.token(tokens().special)});
  const auto text = builder.text_without({"<tool"});
  const auto grammar =
      compile(builder, builder.sequence({text, builder.repeat(builder.sequence({call, text}), 0, unlimited)}), "tools");
  auto matcher = tokens().match(grammar);
  expect_exact(matcher);
  for (const auto id : tokens().encode("free } text <to")) ASSERT_TRUE(matcher.accept(id));
  EXPECT_FALSE(matcher.accept('o') && matcher.accept('l'));
  ASSERT_TRUE(matcher.accept(' '));
  ASSERT_TRUE(matcher.can_end());
  ASSERT_TRUE(matcher.accept(tokens().special));
  EXPECT_FALSE(matcher.can_end());
  expect_exact(matcher);
  for (const auto id : tokens().encode(R"({"name": "f", "arguments": {"name":"x"}})")) ASSERT_TRUE(matcher.accept(id));
  EXPECT_EQ(allowed(matcher), std::vector<TokenId>{tokens().special});
  ASSERT_TRUE(matcher.accept(tokens().special));
  EXPECT_TRUE(matcher.can_end());
}

TEST(Builder, DeepNestingOfAnAnswerIsNoDanger) {
  EXPECT_TRUE(matches(*from_schema(json::parse(R"({"type":"array","items":{"$ref":"#"}})"), "s"),
                      std::string(60'000, '[') + std::string(60'000, ']')));
}

}  // namespace
}  // namespace cofre::grammar
