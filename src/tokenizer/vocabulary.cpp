#include "tokenizer/vocabulary.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "gguf/gguf.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace cofre::tokenizer {
namespace {

constexpr std::size_t largest_vocabulary = 1 << 24;

/// Multiply-and-fold over 8 bytes at a time; the table's own mixing, no guard against chosen keys: a vocabulary comes
/// with its model, and look-ups of text are bounded by the probe limit of the table's load factor.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0x9e3779b97f4a7c15ull ^ text.size();
  const auto fold = [&hash](std::uint64_t value) {
    const auto wide = static_cast<unsigned __int128>(hash ^ value) * 0xd6e8feb86659fd93ull;
    hash = static_cast<std::uint64_t>(wide) ^ static_cast<std::uint64_t>(wide >> 64);
  };
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t chunk;
    std::memcpy(&chunk, text.data() + at, 8);
    fold(chunk);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, text.data() + at, text.size() - at);
  fold(rest + 1);
  return hash;
}

std::optional<TokenId> read_id(const gguf::File& file, const char* key, std::size_t size) {
  const auto id = file.unsigned_number(key);
  if (!id) return std::nullopt;
  if (*id == 0xffffffffu) return std::nullopt;  // how some writers say "none"
  if (*id >= size) fail_field(Code::invalid, key, "{} is {}, but the vocabulary has {} tokens", key, *id, size);
  return static_cast<TokenId>(*id);
}

/// The value of a `<0xNN>` piece; −1 where it is none.
int byte_piece(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece.back() != '>') return -1;
  int value = 0;
  for (char c : piece.substr(3, 2)) {
    const char* digits = "0123456789ABCDEF";
    const char* found = c == '\0' ? nullptr : std::strchr(digits, c);
    if (found == nullptr) return -1;
    value = value * 16 + static_cast<int>(found - digits);
  }
  return value;
}

Model read_model(const gguf::File& file) {
  const auto model = file.string("tokenizer.ggml.model");
  if (!model) fail_field(Code::invalid, "tokenizer.ggml.model", "the file has no tokenizer (tokenizer.ggml.model)");
  if (*model == "llama") return Model::sentencepiece;
  if (*model == "gemma4") return Model::raw_bpe;
  if (*model == "t5") return Model::unigram;
  if (*model == "bert") return Model::wordpiece;
  if (*model != "gpt2")
    fail_field(Code::unsupported, "tokenizer.ggml.model", "tokenizers of kind \"{}\" are not supported", *model);
  const auto pre = file.string("tokenizer.ggml.pre");
  return pre && (*pre == "gemma4" || *pre == "gemma-4") ? Model::raw_bpe : Model::byte_level;
}

}  // namespace

char32_t byte_to_printable(std::uint8_t byte) {
  static const auto table = [] {
    std::array<char32_t, 256> all{};
    char32_t next = 256;
    for (int b = 0; b < 256; ++b) {
      const bool printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
      all[static_cast<std::size_t>(b)] = printable ? static_cast<char32_t>(b) : next++;
    }
    return all;
  }();
  return table[byte];
}

int printable_to_byte(char32_t code) {
  static const auto table = [] {
    std::array<std::int16_t, 512> all;
    all.fill(-1);
    for (int b = 0; b < 256; ++b) all[byte_to_printable(static_cast<std::uint8_t>(b))] = static_cast<std::int16_t>(b);
    return all;
  }();
  return code < table.size() ? table[code] : -1;
}

Vocabulary::Vocabulary(const gguf::File& file) {
  model_ = read_model(file);
  const auto* tokens = file.array("tokenizer.ggml.tokens");
  if (tokens == nullptr || tokens->strings.empty() || tokens->strings.size() > largest_vocabulary)
    fail_field(Code::invalid, "tokenizer.ggml.tokens", "tokenizer.ggml.tokens must be a list of strings");
  pieces_ = tokens->strings;
  const auto* types = file.array("tokenizer.ggml.token_type");
  kinds_.assign(pieces_.size(), Kind::normal);
  if (types != nullptr) {
    std::vector<std::int64_t> numbers(types->signeds);
    numbers.insert(numbers.end(), types->unsigneds.begin(), types->unsigneds.end());
    if (numbers.size() != pieces_.size())
      fail_field(Code::invalid, "tokenizer.ggml.token_type", "tokenizer.ggml.token_type has {} entries for {} tokens",
                 numbers.size(), pieces_.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] < 0 || numbers[i] > 6)
        fail_field(Code::invalid, "tokenizer.ggml.token_type", "token {} has type {}", i, numbers[i]);
      kinds_[i] = numbers[i] == 0 ? Kind::normal : static_cast<Kind>(numbers[i]);
    }
  }
  read_scores(file);
  fill_table();
  read_ids(file);
  find_bytes();
  find_named();
  read_edges(file);
  find_ends(file);
}

void Vocabulary::read_ids(const gguf::File& file) {
  const bool words = model_ == Model::wordpiece;
  bos = read_id(file, "tokenizer.ggml.bos_token_id", size());
  eos = read_id(file, "tokenizer.ggml.eos_token_id", size());
  unknown = read_id(file, "tokenizer.ggml.unknown_token_id", size());
  if (words) {  // a text stands between [CLS] and [SEP]; the second key is spelt so in all files
    if (!bos) bos = read_id(file, "tokenizer.ggml.cls_token_id", size());
    if (const auto separator = read_id(file, "tokenizer.ggml.seperator_token_id", size())) eos = separator;
  }
  add_bos = file.boolean("tokenizer.ggml.add_bos_token").value_or(words || model_ == Model::sentencepiece) && bos;
  const char* add_end = words ? "tokenizer.ggml.add_sep_token" : "tokenizer.ggml.add_eos_token";
  add_eos = file.boolean(add_end).value_or(words || model_ == Model::unigram) && eos;
  add_space_prefix = words || ((model_ == Model::sentencepiece || model_ == Model::unigram) &&
                               file.boolean("tokenizer.ggml.add_space_prefix").value_or(true));
}

void Vocabulary::read_scores(const gguf::File& file) {
  const auto* scores = file.array("tokenizer.ggml.scores");
  if (scores != nullptr) {
    if (scores->reals.size() != pieces_.size())
      fail_field(Code::invalid, "tokenizer.ggml.scores", "tokenizer.ggml.scores has {} entries for {} tokens",
                 scores->reals.size(), pieces_.size());
    for (double score : scores->reals) {
      if (std::isnan(score)) fail_field(Code::invalid, "tokenizer.ggml.scores", "tokenizer.ggml.scores holds NaN");
      scores_.push_back(static_cast<float>(score));
    }
  } else if (model_ == Model::sentencepiece || model_ == Model::unigram) {
    fail_field(Code::invalid, "tokenizer.ggml.scores", "the file has no tokenizer.ggml.scores");
  }
}

void Vocabulary::fill_table() {
  std::size_t slots = 16;
  while (slots < 2 * pieces_.size()) slots *= 2;
  table_.assign(slots, {0, -1});
  for (std::size_t id = 0; id < pieces_.size(); ++id) {
    const auto hash = hash_of(pieces_[id]);
    std::size_t slot = hash & (slots - 1);
    const auto mark = static_cast<std::uint32_t>(hash >> 32);
    bool twice = false;
    for (; table_[slot].second >= 0 && !twice; slot = (slot + 1) & (slots - 1))
      twice = table_[slot].first == mark && piece(table_[slot].second) == pieces_[id];
    if (!twice) table_[slot] = {mark, static_cast<TokenId>(id)};
  }
}

TokenId Vocabulary::find(std::string_view text) const {
  const auto hash = hash_of(text);
  const auto mark = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t slot = hash & (table_.size() - 1); table_[slot].second >= 0; slot = (slot + 1) & (table_.size() - 1))
    if (table_[slot].first == mark && piece(table_[slot].second) == text) return table_[slot].second;
  return -1;
}

void Vocabulary::find_bytes() {
  byte_tokens_.fill(-1);
  if (model_ == Model::byte_level) {
    for (int b = 0; b < 256; ++b) {
      std::string printable;
      text::append_utf8(byte_to_printable(static_cast<std::uint8_t>(b)), printable);
      byte_tokens_[static_cast<std::size_t>(b)] = find(printable);
    }
    return;
  }
  for (std::size_t id = 0; id < size(); ++id) {
    const int value = byte_piece(pieces_[id]);
    if (value < 0) continue;
    if (model_ == Model::raw_bpe) kinds_[id] = Kind::byte;  // its files do not mark them
    if (kinds_[id] == Kind::byte) byte_tokens_[static_cast<std::size_t>(value)] = static_cast<TokenId>(id);
  }
}

void Vocabulary::find_named() {
  constexpr std::size_t longest = 1024;
  for (std::size_t id = 0; id < size(); ++id) {
    if (kinds_[id] != Kind::control && kinds_[id] != Kind::user_defined && kinds_[id] != Kind::unknown) continue;
    if (pieces_[id].empty() || pieces_[id].size() > longest) continue;
    auto& lengths = named_lengths_[static_cast<std::uint8_t>(pieces_[id][0])];
    const auto length = static_cast<std::uint16_t>(pieces_[id].size());
    if (std::find(lengths.begin(), lengths.end(), length) == lengths.end()) lengths.push_back(length);
    if (!is_special(static_cast<TokenId>(id))) continue;
    special_names_.push_back(pieces_[id]);
    longest_special_ = std::max(longest_special_, pieces_[id].size());
  }
  std::sort(special_names_.begin(), special_names_.end());
  for (auto& lengths : named_lengths_) std::sort(lengths.rbegin(), lengths.rend());
}

/// Keys of ours, which importing a tokenizer.json writes.
void Vocabulary::read_edges(const gguf::File& file) {
  constexpr std::pair<const char*, Edge> keys[] = {{"tokenizer.ggml.added_tokens.lstrip", strips_left},
                                                   {"tokenizer.ggml.added_tokens.rstrip", strips_right},
                                                   {"tokenizer.ggml.added_tokens.single_word", single_word}};
  for (const auto& [key, edge] : keys) {
    const auto* found = file.array(key);
    if (found == nullptr) continue;
    edges_.resize(size());
    std::vector<std::int64_t> ids(found->signeds);
    ids.insert(ids.end(), found->unsigneds.begin(), found->unsigneds.end());
    for (const auto id : ids) {
      if (id < 0 || static_cast<std::size_t>(id) >= size())
        fail_field(Code::invalid, key, "{} names token {}, but the vocabulary has {} tokens", key, id, size());
      edges_[static_cast<std::size_t>(id)] |= edge;
    }
  }
}

Vocabulary::Reach Vocabulary::reach(std::string_view text, std::size_t begin, std::size_t at, TokenId id) const {
  Reach own{at, at + piece(id).size()};
  const std::uint8_t edges = edges_.empty() ? 0 : edges_[static_cast<std::size_t>(id)];
  if (edges == 0) return own;
  /// Where the character that ends before `end` begins.
  const auto before = [&](std::size_t end) {
    do --end;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80);
    return end;
  };
  const auto is_space = [&](std::size_t i) { return text::properties(text::decode_utf8(text, i).code) & text::space; };
  const auto is_word = [&](std::size_t i) { return text::is_word(text::decode_utf8(text, i).code); };
  if (edges & single_word)
    own.stands = !(own.first > 0 && is_word(before(own.first))) && !(own.last < text.size() && is_word(own.last));
  if (edges & strips_left)
    while (own.first > begin && is_space(before(own.first))) own.first = before(own.first);
  if (edges & strips_right)
    while (own.last < text.size() && is_space(own.last)) own.last += text::decode_utf8(text, own.last).bytes;
  return own;
}

TokenId Vocabulary::match_named(std::string_view text, std::size_t at, Special special) const {
  for (const std::size_t length : named_lengths_[static_cast<std::uint8_t>(text[at])]) {
    if (length > text.size() - at) continue;
    const TokenId id = find(text.substr(at, length));
    if (id < 0) continue;
    if (kind(id) == Kind::user_defined) return id;
    if (special == Special::parse && is_special(id)) return id;
  }
  return -1;
}

bool Vocabulary::begins_special(std::string_view tail) const {
  if (tail.find_first_not_of(" \t\r\n") == tail.npos)
    return false;  // a name that begins with a space needs more than that
  const auto found = std::lower_bound(special_names_.begin(), special_names_.end(), tail);
  return found != special_names_.end() && found->starts_with(tail);
}

void Vocabulary::find_ends(const gguf::File& file) {
  ends.assign(size(), false);
  if (eos) ends[static_cast<std::size_t>(*eos)] = true;
  for (const char* key : {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"})
    if (const auto id = read_id(file, key, size())) ends[static_cast<std::size_t>(*id)] = true;
  // Names by which the known families end a turn, whatever the file declares.
  for (const char* name :
       {"<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|endoftext|>", "<|end|>", "<|end_of_text|>",
        "</s>", "<EOT>", "<|return|>", "<|call|>", "<|user|>", "<eos>", "<｜end▁of▁sentence｜>"}) {
    const TokenId id = find(name);
    if (id >= 0 && is_special(id)) ends[static_cast<std::size_t>(id)] = true;
  }
}

void Vocabulary::append_bytes(TokenId id, std::string& out) const {
  const auto text = piece(id);
  if (kind(id) == Kind::control || kind(id) == Kind::user_defined || kind(id) == Kind::unknown) {
    out += text;
    return;
  }
  if (model_ == Model::byte_level) {
    for (std::size_t at = 0; at < text.size();) {
      const auto [code, bytes] = text::decode_utf8(text, at);
      const int byte = bytes == 0 ? -1 : printable_to_byte(code);
      if (byte >= 0) {
        out.push_back(static_cast<char>(byte));
      } else {
        out.append(text, at, std::max<std::size_t>(1, bytes));
      }
      at += std::max<std::size_t>(1, bytes);
    }
    return;
  }
  if (const int value = kind(id) == Kind::byte ? byte_piece(text) : -1; value >= 0) {
    out.push_back(static_cast<char>(value));
    return;
  }
  for (std::size_t at = 0; at < text.size();) {
    const auto next = text.find(space_mark, at);
    out.append(text, at, next == std::string_view::npos ? next : next - at);
    if (next == std::string_view::npos) return;
    out.push_back(' ');
    at = next + space_mark.size();
  }
}

}  // namespace cofre::tokenizer
