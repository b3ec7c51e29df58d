#include "huggingface/vocabulary.h"

#include <algorithm>
#include <unordered_set>

#include "huggingface/steps.h"

namespace cofre::huggingface {
namespace {

constexpr std::size_t largest_vocabulary = 1 << 22;

std::size_t id_of(const json::Value& value, std::string_view token) {
  const auto number = value.is_int64() ? value.get_int64() : -1;
  if (number < 0 || static_cast<std::size_t>(number) >= largest_vocabulary)
    fail_field(Code::invalid, "vocab", "tokenizer.json: the id of \"{}\" is no number below {}", token,
               largest_vocabulary);
  return static_cast<std::size_t>(number);
}

void place(TokenizerKeys& keys, std::size_t id, std::string_view token, TokenType type) {
  if (token.empty()) fail_field(Code::invalid, "vocab", "tokenizer.json: token {} is empty", id);
  if (id >= keys.tokens.size()) {
    keys.tokens.resize(id + 1);
    keys.types.resize(id + 1, TokenType::unused);
  }
  if (!keys.tokens[id].empty() && keys.tokens[id] != token)
    fail_field(Code::invalid, "vocab", "tokenizer.json: token {} is \"{}\" and \"{}\"", id, keys.tokens[id], token);
  keys.tokens[id] = token;
  keys.types[id] = type;
}

/// Some makers do not mark the tokens of their chat format as special.
bool looks_special(std::string_view token) {
  return (token.starts_with("<|") && token.ends_with("|>")) || (token.starts_with("<｜") && token.ends_with("｜>"));
}

/// The one id of a special token of TemplateProcessing.
std::size_t template_id(const Step& step, const json::Object& item) {
  const std::string name(json::string_at(item, "id", step.place + "."));
  const auto& all = json::at(*step.members, "special_tokens", step.place + ".");
  const auto* found = all.is_object() ? member(all.get_object(), name) : nullptr;
  if (found == nullptr || !found->is_object())
    fail_field(Code::invalid, step.place, "tokenizer.json: {}: special_tokens does not tell of {}", step.place, name);
  const auto& ids = json::array_at(found->get_object(), "ids", step.place + ".");
  if (ids.size() != 1) refuse(step.place, "{} stands for {} tokens", name, ids.size());
  return id_of(ids[0], name);
}

struct Around {
  std::vector<std::size_t> front, back;
};

Around around_of_template(const Step& step) {
  Around around;
  bool passed = false;
  for (const auto& item : json::array_at(*step.members, "single", step.place + ".")) {
    const auto* special = item.is_object() ? member(item.get_object(), "SpecialToken") : nullptr;
    if (special != nullptr && special->is_object()) {
      (passed ? around.back : around.front).push_back(template_id(step, special->get_object()));
    } else if (item.is_object() && member(item.get_object(), "Sequence") != nullptr && !passed) {
      passed = true;
    } else {
      refuse(step.place, "its template for one text is not special tokens around it");
    }
  }
  return around;
}

/// ["token", id] of BertProcessing and RobertaProcessing.
std::size_t pair_id(const Step& step, std::string_view key) {
  const auto& pair = json::array_at(*step.members, key, step.place + ".");
  if (pair.size() != 2) fail_field(Code::invalid, step.place, "tokenizer.json: {}: {} is no pair", step.place, key);
  return id_of(pair[1], key);
}

}  // namespace

void take_vocabulary(const json::Object& model, TokenizerKeys& keys) {
  const auto& vocab = json::at(model, "vocab", "model.");
  if (!vocab.is_object()) fail_field(Code::invalid, "model.vocab", "tokenizer.json: model.vocab is no object");
  for (const auto& [piece, id] : vocab.get_object()) {
    const auto number = id_of(id, piece);
    const bool added = number < keys.types.size() && keys.types[number] != TokenType::unused;
    place(keys, number, piece, added ? keys.types[number] : TokenType::normal);
  }
  if (keys.tokens.empty()) fail_field(Code::invalid, "model.vocab", "tokenizer.json: model.vocab is empty");
}

void take_added_tokens(const json::Object& tokenizer, TokenizerKeys& keys) {
  const auto* added = member(tokenizer, "added_tokens");
  if (added == nullptr) return;
  if (!added->is_array()) fail_field(Code::invalid, "added_tokens", "tokenizer.json: added_tokens is no list");
  for (const auto& one : added->get_array()) {
    if (!one.is_object()) fail_field(Code::invalid, "added_tokens", "tokenizer.json: added_tokens holds no object");
    const auto& token = one.get_object();
    const std::string content(json::string_at(token, "content", "added_tokens."));
    const auto id = id_of(json::at(token, "id", "added_tokens."), content);
    const bool special = flag(token, "special", false, "added_tokens") || looks_special(content);
    // A name with the mark of a space is no name that a text holds: such pieces are also merged (Gemma's runs of
    // spaces).
    const bool merged = !special && content.find(space_mark) != content.npos;
    place(keys, id, content, special ? TokenType::control : merged ? TokenType::normal : TokenType::user_defined);
    for (const char* edge : {"lstrip", "rstrip", "single_word"})
      if (flag(token, edge, false, "added_tokens"))
        keys.lists[std::string("added_tokens.") + edge].push_back(static_cast<std::int32_t>(id));
  }
}

void expect_decoder(const json::Object& tokenizer, std::initializer_list<std::string_view> known) {
  for (const auto& step : steps_of(tokenizer, "decoder", "decoders"))
    if (std::find(known.begin(), known.end(), step.type) == known.end())
      refuse(step.place, "this step is not supported here");
}

void mark_bytes(TokenizerKeys& keys) {
  const auto ids = index_of(keys);
  for (int byte = 0; byte < 256; ++byte) {
    const auto found = ids.find(fmt::format("<0x{:02X}>", byte));
    if (found == ids.end()) refuse("model.byte_fallback", "the vocabulary has no piece for byte {}", byte);
    keys.types[found->second] = TokenType::byte;
  }
}

void take_post_processor(const json::Object& tokenizer, std::string_view front_key, std::string_view back_key,
                         std::string_view add_back, TokenizerKeys& keys) {
  Around around;
  for (const auto& step : steps_of(tokenizer, "post_processor", "processors")) {
    if (step.type == "ByteLevel") continue;  // tells where tokens lie in the text, not which they are
    if (step.type == "TemplateProcessing") {
      around = around_of_template(step);
    } else if (step.type == "BertProcessing" || step.type == "RobertaProcessing") {
      around = {{pair_id(step, "cls")}, {pair_id(step, "sep")}};
    } else {
      refuse(step.place, "this step is not supported");
    }
  }
  if (around.back.size() > 1) refuse("post_processor", "it sets {} tokens behind a text", around.back.size());
  if (around.front.size() > 1) {  // GLM-4; its chat template has them
    keys.notes.push_back(fmt::format("{} tokens that stand before every text: not kept", around.front.size()));
    around.front.clear();
  }
  const auto set = [&](const std::vector<std::size_t>& ids, std::string_view key, std::string_view add) {
    keys.flags[std::string(add)] = !ids.empty();
    if (ids.empty()) return;
    if (ids[0] >= keys.tokens.size())
      fail_field(Code::invalid, "post_processor", "tokenizer.json: post_processor sets token {} of {}", ids[0],
                 keys.tokens.size());
    keys.ids[std::string(key)] = ids[0];
  };
  set(around.front, front_key, "add_bos_token");
  set(around.back, back_key, add_back);
}

std::vector<Merge> merges_of(const json::Object& model) {
  std::vector<Merge> merges;
  for (const auto& one : json::array_at(model, "merges", "model.")) {
    std::string left, right;
    if (one.is_string()) {
      const std::string_view text = one.get_string();
      const auto gap = text.find(' ', 1);
      if (gap != text.npos) left = text.substr(0, gap), right = text.substr(gap + 1);
    } else if (one.is_array() && one.get_array().size() == 2 && one.get_array()[0].is_string() &&
               one.get_array()[1].is_string()) {
      left = one.get_array()[0].get_string(), right = one.get_array()[1].get_string();
    }
    if (left.empty() || right.empty() || left.find(' ') != left.npos || right.find(' ') != right.npos)
      fail_field(Code::invalid, "model.merges", "tokenizer.json: merge {} is no pair of pieces", merges.size());
    merges.emplace_back(std::move(left), std::move(right));
  }
  return merges;
}

std::unordered_map<std::string_view, std::size_t> index_of(const TokenizerKeys& keys) {
  std::unordered_map<std::string_view, std::size_t> ids;
  ids.reserve(keys.tokens.size());
  for (std::size_t id = 0; id < keys.tokens.size(); ++id)
    if (!keys.tokens[id].empty()) ids.emplace(keys.tokens[id], id);
  return ids;
}

std::vector<float> scores_of(const std::vector<Merge>& merges, const TokenizerKeys& keys) {
  const auto ids = index_of(keys);
  std::vector<std::size_t> ways(keys.tokens.size()), order(keys.tokens.size());
  std::unordered_set<std::uint64_t> pairs;
  std::size_t last = keys.tokens.size(), next = 0;
  for (const auto& [left, right] : merges) {
    const auto a = ids.find(left), b = ids.find(right), both = ids.find(left + right);
    if (a == ids.end() || b == ids.end() || both == ids.end())
      fail_field(Code::invalid, "model.merges", "tokenizer.json: \"{} {}\" merges what is not in the vocabulary", left,
                 right);
    if (!pairs.insert(static_cast<std::uint64_t>(a->second) << 32 | b->second).second) return {};
    if (both->second != last) {
      if (ways[both->second] > 0) return {};  // met before: other merges stand between
      last = both->second;
      order[last] = next++;
    }
    ++ways[last];
  }
  std::vector<float> scores(keys.tokens.size());
  for (std::size_t id = 0; id < keys.tokens.size(); ++id) {
    if (keys.types[id] != TokenType::normal && keys.types[id] != TokenType::user_defined) continue;
    const std::string_view piece = keys.tokens[id];
    std::size_t possible = 0;
    for (std::size_t at = 1; at < piece.size(); ++at)
      if ((static_cast<unsigned char>(piece[at]) & 0xc0) != 0x80)
        possible += ids.contains(piece.substr(0, at)) && ids.contains(piece.substr(at));
    if (possible != ways[id] && keys.types[id] == TokenType::normal) return {};
    scores[id] = -static_cast<float>(ways[id] > 0 ? order[id] : next + id);
  }
  return scores;
}

}  // namespace cofre::huggingface
