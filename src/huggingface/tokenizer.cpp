#include "huggingface/tokenizer.h"

#include <algorithm>

#include "crypto/secret.h"
#include "gguf/writer.h"
#include "huggingface/steps.h"
#include "huggingface/vocabulary.h"

namespace cofre::huggingface {
namespace {

/// base64 (RFC 4648 §4).
std::vector<std::uint8_t> from_base64(const Step& step, std::string_view key) {
  std::string text(json::string_at(*step.members, key, step.place + "."));
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  const auto bytes = crypto::from_base64url(text);
  if (!bytes) fail_field(Code::invalid, step.place, "tokenizer.json: {}: {} is no base64", step.place, key);
  return {bytes->begin(), bytes->end()};
}

}  // namespace

void read_unigram(const json::Object& tokenizer, const json::Object& model, TokenizerKeys& keys) {
  keys.model = "t5";
  keys.pre = "default";
  std::vector<std::pair<std::string, double>> pieces;
  for (const auto& one : json::array_at(model, "vocab", "model.")) {
    const bool pair = one.is_array() && one.get_array().size() == 2 && one.get_array()[0].is_string() &&
                      one.get_array()[1].is_number();
    if (!pair)
      fail_field(Code::invalid, "model.vocab", "tokenizer.json: piece {} has no text and score", pieces.size());
    pieces.emplace_back(one.get_array()[0].get_string(), one.get_array()[1].to_number<double>());
  }
  if (pieces.empty()) fail_field(Code::invalid, "model.vocab", "tokenizer.json: model.vocab is empty");
  const std::size_t size = std::max(pieces.size(), keys.tokens.size());
  keys.tokens.resize(size);
  keys.types.resize(size, TokenType::unused);
  keys.scores.resize(size);
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    if (!keys.tokens[id].empty() && keys.tokens[id] != pieces[id].first)
      fail_field(Code::invalid, "model.vocab", "tokenizer.json: token {} is \"{}\" and \"{}\"", id, keys.tokens[id],
                 pieces[id].first);
    keys.tokens[id] = pieces[id].first;
    if (keys.types[id] == TokenType::unused) keys.types[id] = TokenType::normal;
    keys.scores[id] = static_cast<float>(pieces[id].second);
  }
  if (member(model, "unk_id") != nullptr) {
    const auto id = json::unsigned_at(model, "unk_id", pieces.size() - 1, "model.");
    keys.types[id] = TokenType::unknown;
    keys.ids["unknown_token_id"] = id;
  }
  if (flag(model, "byte_fallback", false, "model")) mark_bytes(keys);

  bool merges_spaces = false, prefix = false, marked = false;
  for (const auto& step : steps_of(tokenizer, "normalizer", "normalizers")) {
    if (step.type == "Precompiled") {
      keys.charsmap = from_base64(step, "precompiled_charsmap");
    } else if (step.type == "Replace" && pattern_of(step) == Pattern{" {2,}", true}) {
      merges_spaces = true;
    } else if (step.type != "Strip") {  // spaces at the end go with runs of them
      refuse(step.place, "this step is not supported here");
    }
  }
  for (const auto& step : steps_of(tokenizer, "pre_tokenizer", "pretokenizers")) {
    if (step.type == "WhitespaceSplit") {
      merges_spaces = true;
    } else if (step.type == "Metaspace" && json::string_at(*step.members, "replacement") == space_mark) {
      marked = true;
      const auto* scheme = member(*step.members, "prepend_scheme");
      prefix = scheme != nullptr && scheme->is_string() ? scheme->get_string() != "never"
                                                        : flag(*step.members, "add_prefix_space", true, step.place);
    } else {
      refuse(step.place, "this step is not supported here");
    }
  }
  if (!marked) refuse("pre_tokenizer", "spaces do not become U+2581");
  expect_decoder(tokenizer, {"Metaspace", "Replace", "ByteFallback", "Fuse", "Strip"});
  keys.flags["add_space_prefix"] = prefix;
  keys.flags["remove_extra_whitespaces"] = merges_spaces;
  take_post_processor(tokenizer, "bos_token_id", "eos_token_id", "add_eos_token", keys);
  // One more of it stands between the two texts of a pair (XLM-R).
  if (const auto found = keys.ids.find("eos_token_id"); found != keys.ids.end()) {
    keys.ids["seperator_token_id"] = found->second;
    keys.flags["add_sep_token"] = true;
  }
}

void read_wordpiece(const json::Object& tokenizer, const json::Object& model, TokenizerKeys& keys) {
  keys.model = "bert";
  keys.pre = "default";
  const auto* prefix = member(model, "continuing_subword_prefix");
  if (prefix != nullptr && !(prefix->is_string() && prefix->get_string() == "##"))
    refuse("model.continuing_subword_prefix", "it is not ##");
  constexpr std::uint64_t longest = 100;
  if (member(model, "max_input_chars_per_word") != nullptr &&
      json::unsigned_at(model, "max_input_chars_per_word", 1 << 20, "model.") != longest)
    refuse("model.max_input_chars_per_word", "it is not {}", longest);
  const auto unknown = keys.find(json::string_at(model, "unk_token", "model."));
  if (!unknown)
    fail_field(Code::invalid, "model.unk_token", "tokenizer.json: model.unk_token is not in the vocabulary");
  keys.ids["unknown_token_id"] = *unknown;
  // A piece that begins a word has the mark of one, other pieces have nothing: GGUF's way to write ##.
  for (std::size_t id = 0; id < keys.tokens.size(); ++id) {
    auto& piece = keys.tokens[id];
    if (keys.types[id] != TokenType::normal || id == *unknown) continue;
    piece = piece.starts_with("##") ? piece.substr(2) : std::string(space_mark) + piece;
    if (piece.empty()) piece = fmt::format("[PAD{}]", id), keys.types[id] = TokenType::unused;  // "##" alone
  }
  if (keys.types[*unknown] == TokenType::normal) keys.types[*unknown] = TokenType::control;

  const auto normalizer = steps_of(tokenizer, "normalizer", "normalizers");
  if (normalizer.size() != 1 || normalizer[0].type != "BertNormalizer")
    refuse(normalizer.empty() ? "normalizer" : normalizer[0].place, "WordPiece needs a BertNormalizer and no other");
  const auto& step = normalizer[0];
  for (const char* needed : {"clean_text", "handle_chinese_chars"})
    if (!flag(*step.members, needed, true, step.place)) refuse(step.place, "{} is off", needed);
  const bool lowercase = flag(*step.members, "lowercase", true, step.place);
  keys.flags["normalizer.lowercase"] = lowercase;
  keys.flags["normalizer.strip_accents"] = flag(*step.members, "strip_accents", lowercase, step.place);
  const auto splits = steps_of(tokenizer, "pre_tokenizer", "pretokenizers");
  if (splits.size() != 1 || splits[0].type != "BertPreTokenizer")
    refuse(splits.empty() ? "pre_tokenizer" : splits[0].place, "WordPiece needs a BertPreTokenizer and no other");
  expect_decoder(tokenizer, {"WordPiece"});
  take_post_processor(tokenizer, "cls_token_id", "seperator_token_id", "add_sep_token", keys);
  // llama.cpp begins a text with this one; where no key tells it, with the number that BERT's own vocabulary gives it.
  if (const auto found = keys.ids.find("cls_token_id"); found != keys.ids.end())
    keys.ids["bos_token_id"] = found->second;
}

std::optional<std::size_t> TokenizerKeys::find(std::string_view token) const {
  const auto found = std::find(tokens.begin(), tokens.end(), token);
  if (found == tokens.end()) return std::nullopt;
  return static_cast<std::size_t>(found - tokens.begin());
}

void TokenizerKeys::pad(std::size_t rows) {
  if (tokens.size() > rows)
    fail_field(Code::invalid, "vocab_size", "tokenizer.json has {} tokens; the embeddings have {} rows", tokens.size(),
               rows);
  tokens.resize(rows);
  types.resize(rows, TokenType::unused);
  if (!scores.empty()) scores.resize(rows);
  for (std::size_t id = 0; id < rows; ++id)
    if (tokens[id].empty()) tokens[id] = fmt::format("[PAD{}]", id);
}

void TokenizerKeys::write(gguf::Writer& writer) const {
  const auto key = [](std::string_view name) { return "tokenizer.ggml." + std::string(name); };
  writer.add(key("model"), std::string_view(model));
  writer.add(key("pre"), std::string_view(pre));
  writer.add(key("tokens"), std::span<const std::string>(tokens));
  std::vector<std::int32_t> numbers;
  for (const auto type : types) numbers.push_back(static_cast<std::int32_t>(type));
  writer.add(key("token_type"), std::span<const std::int32_t>(numbers));
  if (!scores.empty()) writer.add(key("scores"), std::span<const float>(scores));
  if (!merges.empty()) writer.add(key("merges"), std::span<const std::string>(merges));
  if (!charsmap.empty()) writer.add(key("precompiled_charsmap"), std::span<const std::uint8_t>(charsmap));
  for (const auto& [name, list] : lists) writer.add(key(name), std::span<const std::int32_t>(list));
  for (const auto& [name, value] : flags) writer.add(key(name), value);
  for (const auto& [name, id] : ids) writer.add(key(name), static_cast<std::uint32_t>(id));
}

TokenizerKeys read_tokenizer(const json::Value& tokenizer) {
  if (!tokenizer.is_object()) fail_field(Code::invalid, "tokenizer.json", "tokenizer.json is no JSON object");
  const auto& root = tokenizer.get_object();
  const auto& value = json::at(root, "model");
  if (!value.is_object()) fail_field(Code::invalid, "model", "tokenizer.json: model is no object");
  const auto& model = value.get_object();
  const auto* named = member(model, "type");
  const std::string_view type = named != nullptr && named->is_string() ? std::string_view(named->get_string())
                                : member(model, "merges") != nullptr   ? "BPE"
                                                                       : "";
  TokenizerKeys keys;
  take_added_tokens(root, keys);
  if (type == "Unigram") {
    read_unigram(root, model, keys);
    return keys;
  }
  if (type != "BPE" && type != "WordPiece") refuse("model.type", "tokenizers of kind \"{}\" are not supported", type);
  take_vocabulary(model, keys);
  if (type == "WordPiece") {
    read_wordpiece(root, model, keys);
    return keys;
  }
  const auto splits = steps_of(root, "pre_tokenizer", "pretokenizers");
  const bool bytes =
      std::any_of(splits.begin(), splits.end(), [](const Step& step) { return step.type == "ByteLevel"; });
  bytes ? read_byte_level(root, model, keys) : read_character_bpe(root, model, keys);
  return keys;
}

}  // namespace cofre::huggingface
