// Writes random texts under schemas, for grammar_test.py. Reads lines {"schema", "seed", "count", "tokens"}; answers
// each by one line: {"texts": […]} or {"error", "field"}. Every allowed token is as likely as any other, which no
// temperature exceeds, and `tokens` are all that may be written.

#include <array>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "grammar/grammar.h"

namespace {

using namespace cofre;

/// All bytes, and pieces of JSON and of words as vocabularies have them, across every border.
std::shared_ptr<const grammar::Vocabulary> make_vocabulary() {
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  const std::vector<std::string> marks{"\"", "\":", "\": ", "\",", "\", ", "{",    "}",
                                       "[",  "]",   ",",    ", ",  "\n",   "\n  ", "\n    "};
  const std::vector<std::string> words{"a",  "name", "id", "type", "value", " the", "é",   "世界",    "😀",
                                       "12", "0.5",  "-",  "e",    "true",  "null", "\\n", "\\u00e9", "\\"};
  for (const auto& mark : marks) {
    for (const auto& other : marks) tokens.push_back(mark + other);
    for (const auto& word : words) {
      tokens.push_back(mark + word);
      tokens.push_back(word + mark);
    }
  }
  tokens.insert(tokens.end(), words.begin(), words.end());
  tokens.emplace_back();
  return std::make_shared<const grammar::Vocabulary>(tokens,
                                                     std::array{static_cast<grammar::TokenId>(tokens.size() - 1)});
}

std::string write_one(const std::shared_ptr<const grammar::Masks>& masks, std::uint64_t seed, std::size_t tokens) {
  std::mt19937_64 random(seed);
  grammar::Matcher matcher(masks);
  grammar::Bits bits(masks->vocabulary().words());
  std::string text;
  tokens = std::max(tokens, matcher.tokens_to_end());
  for (; tokens > 0 && !matcher.finished(); --tokens) {
    matcher.fill_mask(bits, tokens);
    std::vector<grammar::TokenId> allowed;
    for (std::size_t id = 0; id < masks->vocabulary().size(); ++id)
      if (bits[id / 64] >> (id % 64) & 1) allowed.push_back(static_cast<grammar::TokenId>(id));
    if (allowed.empty()) fail(Code::internal, "nothing is allowed after {}", text);
    const auto token = allowed[random() % allowed.size()];
    if (!matcher.accept(token)) fail(Code::internal, "a token of the mask is refused after {}", text);
    text += masks->vocabulary().bytes(token);
  }
  if (!matcher.can_end()) fail(Code::internal, "no end in time: {}", text);
  return text;
}

}  // namespace

int main() {
  const auto vocabulary = make_vocabulary();
  for (std::string line; std::getline(std::cin, line);) {
    json::Object answer;
    try {
      const auto job = json::parse(line);
      const auto masks =
          std::make_shared<const grammar::Masks>(grammar::from_schema(job.at("schema"), "schema"), vocabulary);
      json::Array texts;
      const auto count = json::unsigned_at(job.as_object(), "count", 1000),
                 tokens = json::unsigned_at(job.as_object(), "tokens", 100'000);
      for (std::uint64_t i = 0; i < count; ++i)
        texts.emplace_back(write_one(masks, json::unsigned_at(job.as_object(), "seed", UINT32_MAX) + i, tokens));
      answer["texts"] = texts;
    } catch (const Error& error) {
      answer["error"] = error.what();
      answer["field"] = error.field();
    }
    std::cout << json::dump(answer) << '\n';
  }
}
