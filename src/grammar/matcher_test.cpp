#include "grammar/matcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "grammar/grammar.h"

namespace cofre::grammar {
namespace {

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
