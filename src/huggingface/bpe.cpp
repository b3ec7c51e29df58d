// BPE: byte-level (GPT-2 and its heirs), and over characters with byte fallback (what SentencePiece models become).

#include "huggingface/pre_tokenizers.h"
#include "huggingface/steps.h"
#include "huggingface/vocabulary.h"

namespace cofre::huggingface {
namespace {

/// What no key tells of BPE must be absent.
void refuse_affixes(const json::Object& model) {
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const auto* value = member(model, key);
    if (value != nullptr && !(value->is_string() && value->get_string().empty()))
      refuse(std::string("model.") + key, "pieces with such marks are not supported");
  }
  if (member(model, "dropout") != nullptr) refuse("model.dropout", "merges left out by chance are not supported");
}

void write_merges(const std::vector<Merge>& merges, TokenizerKeys& keys) {
  for (const auto& [left, right] : merges) keys.merges.push_back(left + " " + right);
}

bool replaces_spaces(const Step& step) {
  return pattern_of(step) == Pattern{" ", false} && json::string_at(*step.members, "content") == space_mark;
}

/// How a text becomes the characters that merge.
struct Spaces {
  bool marked = false;  ///< every space is the mark
  bool prefix = false;  ///< one stands before a text
  bool split = false;   ///< no piece reaches over one
  bool lines = false;   ///< no piece reaches over the end of a line
};

Spaces spaces_of(const json::Object& tokenizer) {
  Spaces spaces;
  for (const auto& step : steps_of(tokenizer, "normalizer", "normalizers")) {
    if (step.type == "Prepend" && json::string_at(*step.members, "prepend", step.place + ".") == space_mark) {
      spaces.prefix = true;
    } else if (step.type == "Replace" && replaces_spaces(step)) {
      spaces.marked = true;
    } else {
      refuse(step.place, "this step is not supported here");
    }
  }
  for (const auto& step : steps_of(tokenizer, "pre_tokenizer", "pretokenizers")) {
    if (step.type == "Metaspace") {
      if (json::string_at(*step.members, "replacement", step.place + ".") != space_mark)
        refuse(step.place, "spaces become something else than U+2581");
      const auto* scheme = member(*step.members, "prepend_scheme");
      const bool prepends = scheme != nullptr && scheme->is_string()
                                ? scheme->get_string() != "never"
                                : flag(*step.members, "add_prefix_space", true, step.place);
      spaces.prefix |= prepends;
      spaces.marked = true;
      spaces.split |= flag(*step.members, "split", true, step.place);
    } else if (step.type == "Split" && pattern_of(step) == Pattern{" ", false} && spaces.marked) {
      // no space is left to split at (Gemma)
    } else if (step.type == "Split" && pattern_of(step) == Pattern{"[^\\n]+|[\\n]+", true}) {
      spaces.lines = true;
    } else {
      refuse(step.place, "this step is not supported here");
    }
  }
  if (!spaces.marked) refuse("normalizer", "spaces do not become U+2581");
  return spaces;
}

/// Whether a piece holds the mark behind another character.
bool reaches_over_a_space(std::string_view piece) {
  const auto first = piece.find_first_not_of(space_mark);
  return first != piece.npos && piece.find(space_mark, first) != piece.npos;
}

}  // namespace

void read_byte_level(const json::Object& tokenizer, const json::Object& model, TokenizerKeys& keys) {
  refuse_affixes(model);
  keys.model = "gpt2";
  for (const auto& step : steps_of(tokenizer, "normalizer", "normalizers")) {
    if (step.type != "NFC") refuse(step.place, "this step is not supported here");
    keys.flags["normalizer.nfc"] = true;
  }
  keys.pre = name_of_splits(splits_of(steps_of(tokenizer, "pre_tokenizer", "pretokenizers")),
                            flag(model, "ignore_merges", false, "model"));
  if (keys.pre == "falcon") keys.flags["pre.byte_digits"] = true;
  expect_decoder(tokenizer, {"ByteLevel"});
  write_merges(merges_of(model), keys);
  take_post_processor(tokenizer, "bos_token_id", "eos_token_id", "add_eos_token", keys);
}

void read_character_bpe(const json::Object& tokenizer, const json::Object& model, TokenizerKeys& keys) {
  refuse_affixes(model);
  if (!flag(model, "byte_fallback", false, "model")) refuse("model", "BPE over characters without byte_fallback");
  if (flag(model, "ignore_merges", false, "model")) refuse("model.ignore_merges", "it is not supported here");
  const auto spaces = spaces_of(tokenizer);
  expect_decoder(tokenizer, {"Replace", "ByteFallback", "Fuse", "Strip", "Metaspace"});
  mark_bytes(keys);
  if (const auto* unknown = member(model, "unk_token"); unknown != nullptr && unknown->is_string()) {
    const auto id = keys.find(unknown->get_string());
    if (!id) fail_field(Code::invalid, "model.unk_token", "tokenizer.json: model.unk_token is not in the vocabulary");
    keys.types[*id] = TokenType::unknown;
    keys.ids["unknown_token_id"] = *id;
  }
  if (spaces.split)
    for (std::size_t id = 0; id < keys.tokens.size(); ++id)
      if (keys.types[id] == TokenType::normal && reaches_over_a_space(keys.tokens[id]))
        refuse("pre_tokenizer.Metaspace", "texts are split at spaces, but the piece \"{}\" reaches over one",
               keys.tokens[id]);
  const auto merges = merges_of(model);
  keys.scores = scores_of(merges, keys);
  if (!keys.scores.empty() && !spaces.lines) {
    keys.model = "llama";
    keys.pre = "default";
    keys.flags["add_space_prefix"] = spaces.prefix;
  } else {
    if (spaces.prefix)
      refuse("model.merges", "merges that no scores of pieces can tell, together with a space before a text");
    for (const auto& [left, right] : merges)
      if ((left + right).find('\n') != std::string::npos && (left + right).find_first_not_of('\n') != std::string::npos)
        refuse("model.merges", "a piece reaches over the end of a line");
    keys.scores.clear();
    keys.model = keys.pre = "gemma4";
    write_merges(merges, keys);
  }
  take_post_processor(tokenizer, "bos_token_id", "eos_token_id", "add_eos_token", keys);
}

}  // namespace cofre::huggingface
