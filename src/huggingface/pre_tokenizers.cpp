#include "huggingface/pre_tokenizers.h"

#include <algorithm>

namespace cofre::huggingface {
namespace {

// The expressions of the makers' files. Where two makers write one rule in two ways, each has its row.
#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define SPACES R"(|\s*[\r\n]+|\s+(?!\S)|\s+)"
#define UPPER R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])"
#define LOWER R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])"
#define BEFORE_WORD R"([^\r\n\p{L}\p{N}]?)"
#define REST_WITH_SLASH R"(| ?[^\s\p{L}\p{N}]+[\r\n/]*)" SPACES

constexpr const char* gpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char* three_digits =
    CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)" SPACES;
constexpr const char* single_digits =
    CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)" SPACES;
constexpr const char* with_marks =
    CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*)" SPACES;
constexpr const char* cased = BEFORE_WORD UPPER "*" LOWER "+|" BEFORE_WORD UPPER "+" LOWER R"(*|\p{N})" REST_WITH_SLASH;
constexpr const char* cased_contractions = BEFORE_WORD UPPER "*" LOWER "+" CONTRACTIONS "?|" BEFORE_WORD UPPER "+" LOWER
                                                             "*" CONTRACTIONS R"(?|\p{N}{1,3})" REST_WITH_SLASH;
constexpr const char* deepseek3 =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*)" SPACES;
constexpr const char* digit = R"(\p{N})";
constexpr const char* punctuation = R"([\p{P}$+<=>^`|~]+)";  // what Punctuation splits at, neighbours together
#define BEHIND_BYTES "(of printed bytes) "                   // ByteLevel's characters are what it splits

struct Row {
  std::vector<std::string_view> splits;
  bool whole_words_first;
  std::string_view name;
};

const std::vector<Row>& table() {
  static const std::vector<Row> rows = {
      {{gpt2}, false, "gpt-2"},
      {{three_digits}, true, "llama-bpe"},
      {{three_digits}, false, "chatglm-bpe"},
      {{single_digits}, false, "qwen2"},
      {{with_marks}, false, "qwen35"},
      {{digit, gpt2}, false, "smollm"},
      {{cased}, true, "tekken"},
      {{cased_contractions}, false, "gpt-4o"},
      {{R"(\p{N}{1,3})", "[一-龥\u3040-ゟ゠-ヿ]+", deepseek3}, false, "deepseek-v3"},
      {{punctuation, gpt2, BEHIND_BYTES R"(\p{N}+)", BEHIND_BYTES "[0-9][0-9][0-9]"}, false, "falcon"},
      {{R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", "[一-龥ࠀ-一가-퟿]+", digit}, false, "deepseek-coder"},
  };
  return rows;
}

std::string split_of(const Step& step) {
  if (step.type == "Digits") return flag(*step.members, "individual_digits", false, step.place) ? digit : R"(\p{N}+)";
  if (step.type == "Punctuation") {
    if (json::string_at(*step.members, "behavior", step.place + ".") != "Contiguous")
      refuse(step.place, "behavior {} is not supported", json::string_at(*step.members, "behavior"));
    return punctuation;
  }
  if (step.type != "Split") refuse(step.place, "this step is not supported");
  const auto pattern = pattern_of(step);
  if (!pattern.is_regex) refuse(step.place, "it splits at the text \"{}\"", pattern.text);
  if (json::string_at(*step.members, "behavior", step.place + ".") != "Isolated")
    refuse(step.place, "behavior {} is not supported", json::string_at(*step.members, "behavior"));
  if (flag(*step.members, "invert", false, step.place)) refuse(step.place, "it splits between matches (invert)");
  return pattern.text;
}

}  // namespace

std::vector<std::string> splits_of(const std::vector<Step>& pre_tokenizer) {
  std::vector<std::string> splits;
  bool of_bytes = false;
  for (const auto& step : pre_tokenizer) {
    if (step.type != "ByteLevel") {
      splits.push_back((of_bytes ? BEHIND_BYTES : "") + split_of(step));
      continue;
    }
    of_bytes = true;
    if (flag(*step.members, "add_prefix_space", true, step.place))
      refuse(step.place, "it puts a space before a text (add_prefix_space)");
    if (flag(*step.members, "use_regex", true, step.place)) splits.emplace_back(gpt2);
  }
  return splits;
}

std::string_view name_of_splits(const std::vector<std::string>& splits, bool whole_words_first) {
  for (const auto& row : table())
    if (std::equal(row.splits.begin(), row.splits.end(), splits.begin(), splits.end()) &&
        row.whole_words_first == whole_words_first)
      return row.name;
  std::string all;
  for (const auto& split : splits) all += (all.empty() ? "" : "  then  ") + split;
  refuse("pre_tokenizer", "no pre-tokenizer that we know splits by {}{}", all.empty() ? "nothing" : all,
         whole_words_first ? "  with ignore_merges" : "");
}

}  // namespace cofre::huggingface
