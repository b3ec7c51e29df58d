#include "tokenizer/pretokenize.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "text/unicode.h"
#include "text/utf8.h"
#include "tokenizer/rules.h"

namespace cofre::tokenizer {
namespace {

using Characters = PreTokenizer::Characters;
using Rule = PreTokenizer::Rule;

Characters characters_of(std::string_view text) {
  Characters t;
  t.codes.reserve(text.size());
  t.properties.reserve(text.size());
  t.offsets.reserve(text.size() + 1);
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, bytes] = text::decode_utf8(text, at);
    CHECK(bytes > 0);
    t.codes.push_back(code);
    t.properties.push_back(text::properties(code));
    t.offsets.push_back(static_cast<std::uint32_t>(at));
    at += bytes;
  }
  t.offsets.push_back(static_cast<std::uint32_t>(text.size()));
  return t;
}

/// Cuts [begin, end) by the rules from `rule` on: words that a rule finds, and what lies between them, each go to the
/// next rule.
void cut(const Characters& t, std::size_t begin, std::size_t end, std::span<const Rule> rules,
         const std::function<void(std::size_t, std::size_t)>& word) {
  if (begin == end) return;
  if (rules.empty()) return word(begin, end);
  std::size_t between = begin;
  for (std::size_t at = begin; at < end;) {
    const std::ptrdiff_t found = rules[0](t, at, end);
    if (found <= 0) {
      at += 1 + static_cast<std::size_t>(-found);
      continue;
    }
    const auto length = static_cast<std::size_t>(found);
    cut(t, between, at, rules.subspan(1), word);
    cut(t, at, at + length, rules.subspan(1), word);
    at += length;
    between = at;
  }
  cut(t, between, end, rules.subspan(1), word);
}

}  // namespace

PreTokenizer::PreTokenizer(std::string_view name) {
  using namespace rules;
  struct RuleSet {
    std::vector<std::string_view> names;
    std::vector<Rule> rules;
    bool whole_words_first = false;
  };
  static const RuleSet sets[] = {
      {{"gpt-2", "phi-2", "mpt", "olmo", "jais", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "gigachat",
        "a.x-4.0", "mellum", "modern-bert", "exaone4", "trillion", "granite-docling"},
       {gpt2_word}},
      {{"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"},
       {llama3_word<3>},
       true},
      {{"smaug-bpe", "dbrx", "chatglm-bpe", "glm4"}, {llama3_word<3>}},
      {{"qwen2", "deepseek-r1-qwen", "stablelm2", "hunyuan", "kormo", "f2llmv2", "megrez", "grok-2", "solar-open"},
       {llama3_word<1>}},
      {{"qwen35"}, {qwen35_word}},
      {{"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"},
       {numbers_up_to<1>, gpt2_word}},
      {{"falcon"}, {falcon_punctuation, gpt2_word, three_digits}},
      {{"bloom", "poro-chat", "gpt3-finnish"}, {bloom_word}},
      {{"tekken"}, {tekken_word}, true},
      {{"gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"}, {gpt4o_word}},
      {{"deepseek-llm"}, {newline, deepseek_cased, deepseek_punctuation, last_spaces, east_asian, numbers}},
      {{"deepseek-coder"}, {newline, spaced_letters, spaced_punctuation, east_asian, numbers_up_to<1>}},
      {{"deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"}, {numbers_up_to<3>, chinese_or_kana, deepseek3_word}},
      {{"gemma4", "gemma-4"}, {newline_run}},
  };
  for (const auto& set : sets) {
    if (std::find(set.names.begin(), set.names.end(), name) == set.names.end()) continue;
    rules_ = set.rules;
    whole_words_first_ = set.whole_words_first;
    return;
  }
  fail_field(Code::unsupported, "tokenizer.ggml.pre", "the pre-tokenizer \"{}\" is not supported", name);
}

void PreTokenizer::split(std::string_view text, const std::function<void(std::string_view)>& word) const {
  const Characters t = characters_of(text);
  cut(t, 0, t.codes.size(), rules_, [&](std::size_t begin, std::size_t end) {
    word(text.substr(t.offsets[begin], t.offsets[end] - t.offsets[begin]));
  });
}

}  // namespace cofre::tokenizer
