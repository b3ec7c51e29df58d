#include "serving/idiom.h"

#include <algorithm>
#include <initializer_list>
#include <string>

namespace cofre::serving {
namespace {

using engine::TokenId;

/// Names of the three tokens by family.
struct FillNames {
  const char *prefix, *suffix, *middle;
  bool suffix_first = false;
};
constexpr FillNames fill_names[] = {
    {"<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"},     // Qwen
    {"<fim_prefix>", "<fim_suffix>", "<fim_middle>"},           // StarCoder
    {"<fim-prefix>", "<fim-suffix>", "<fim-middle>"},           // Granite, SantaCoder
    {"<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"},     // DeepSeek
    {"<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"},  // GLM
    {"▁<PRE>", "▁<SUF>", "▁<MID>"},                             // Code Llama
    {"[PREFIX]", "[SUFFIX]", "[MIDDLE]", true},                 // Codestral: [SUFFIX]…[PREFIX]…
};

std::optional<TokenId> token_of_key(const Loaded& loaded, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const auto id = loaded.file.unsigned_number(std::string("tokenizer.ggml.") + key);
    if (id && *id < loaded.tokenizer.size()) return static_cast<TokenId>(*id);
  }
  return std::nullopt;
}

std::optional<Idiom::Fill> find_fill(const Loaded& loaded) {
  const auto prefix = token_of_key(loaded, {"fim_pre_token_id", "prefix_token_id"});
  const auto suffix = token_of_key(loaded, {"fim_suf_token_id", "suffix_token_id"});
  const auto middle = token_of_key(loaded, {"fim_mid_token_id", "middle_token_id"});
  if (prefix && suffix && middle) return Idiom::Fill{*prefix, *suffix, *middle};
  const auto& tokenizer = loaded.tokenizer;
  for (const auto& names : fill_names) {
    const auto p = tokenizer.find(names.prefix), s = tokenizer.find(names.suffix), m = tokenizer.find(names.middle);
    if (p && s && (m || names.suffix_first)) return Idiom::Fill{*p, *s, m.value_or(-1), names.suffix_first};
  }
  return std::nullopt;
}

/// gpt-oss ends each of its messages with <|end|>, its answer only with one of the others.
void only_last_ends(const tokenizer::Tokenizer& tokenizer, std::vector<TokenId>& ends) {
  const auto end = tokenizer.find("<|end|>");
  if (end) std::erase(ends, *end);
}

}  // namespace

Idiom::Idiom(const TextModel& model) : ends(model.ends()), shown(model.loaded().tokenizer.size(), false) {
  const auto& loaded = model.loaded();
  const auto& tokenizer = loaded.tokenizer;
  if (loaded.file.string("tokenizer.chat_template")) {
    chat.emplace(loaded.file, tokenizer);
    calls = tool_calls::detect(chat->source());
    thoughts = detect_thought_marks(chat->source());
  }
  std::vector<std::string_view> marks;
  if (calls != nullptr) marks = tool_calls::marks(*calls);
  if (thoughts != nullptr) marks.insert(marks.end(), {thoughts->begin, thoughts->end});
  for (const auto mark : marks)
    if (const auto id = tokenizer.find(mark); id && !mark.empty()) shown[static_cast<std::size_t>(*id)] = true;
  if (calls != nullptr && calls->body == tool_calls::Format::Body::harmony) only_last_ends(tokenizer, ends);
  fill = find_fill(loaded);
  for (const char* name : {"<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<fim_pad>", "<|cursor|>"})
    if (const auto id = tokenizer.find(name)) fill_ends.push_back(*id);
}

}  // namespace cofre::serving
