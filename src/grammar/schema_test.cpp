#include "grammar/schema.h"

#include <gtest/gtest.h>

#include "base/thrown.h"
#include "grammar/grammar.h"

namespace cofre::grammar {
namespace {

bool holds(std::string_view schema, std::string_view text) {
  return matches(*from_schema(json::parse(schema), "schema"), text);
}

Code refusal(std::string_view schema, std::string* field = nullptr) {
  const auto error = thrown_by([&] { from_schema(json::parse(schema), "schema"); });
  if (error && field != nullptr) *field = error->field();
  return error ? error->code() : Code::internal;
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

TEST(Schema, LargeOnesAreRefusedNotUnfolded) {
  EXPECT_EQ(refusal(R"({"type":"string","pattern":"^[ab]*a[ab]{2000}$"})"), Code::exhausted);
  EXPECT_EQ(refusal(R"({"type":"string","minLength":1,"pattern":"^(a{900}){900}(b{900}){900}$"})"), Code::exhausted);
  EXPECT_FALSE(holds(R"({"type":["null","boolean","number","string","array","object"],"minLength":3})", R"("ab")"));
  std::string doubling = R"({"$defs":{"d0":{"type":"object","properties":{"a":{}}})";
  for (int i = 1; i < 40; ++i)
    doubling += fmt::format(R"(,"d{0}":{{"allOf":[{{"$ref":"#/$defs/d{1}"}},{{"$ref":"#/$defs/d{1}"}}]}})", i, i - 1);
  EXPECT_EQ(refusal(doubling + R"(},"$ref":"#/$defs/d39"})"), Code::exhausted);
}

}  // namespace
}  // namespace cofre::grammar
