#include <algorithm>
#include <limits>
#include <string>

#include "base/error.h"
#include "gguf/gguf.h"
#include "text/utf8.h"
#include "tokenizer/charsmap.h"
#include "tokenizer/encoder.h"
#include "tokenizer/piece_trie.h"

namespace cofre::tokenizer {
namespace {

Charsmap read_charsmap(const gguf::File& file) {
  constexpr const char* key = "tokenizer.ggml.precompiled_charsmap";
  const auto* array = file.array(key);
  if (array == nullptr) return {};
  if (array->unsigneds.size() + array->signeds.size() != array->size())
    fail_field(Code::invalid, key, "{} must be a list of bytes", key);
  std::vector<std::uint8_t> bytes;
  bytes.reserve(array->size());
  for (const auto byte : array->unsigneds) {
    if (byte > 0xff) fail_field(Code::invalid, key, "{} must be a list of bytes", key);
    bytes.push_back(static_cast<std::uint8_t>(byte));
  }
  for (const auto byte : array->signeds) {
    if (byte < -128 || byte > 127) fail_field(Code::invalid, key, "{} must be a list of bytes", key);
    bytes.push_back(static_cast<std::uint8_t>(byte));
  }
  return Charsmap(bytes);
}

/// SentencePiece unigram (arXiv:1804.10959): of all ways to cut a text into pieces the one of the highest sum of
/// scores.
class Unigram : public Encoder {
 public:
  Unigram(const gguf::File& file, const Vocabulary& vocabulary)
      : vocabulary_(vocabulary), charsmap_(read_charsmap(file)), pieces_(vocabulary) {
    merge_spaces_ = file.boolean("tokenizer.ggml.remove_extra_whitespaces").value_or(false);
    float least = 0;
    for (std::size_t i = 0; i < vocabulary.size(); ++i) {
      const auto id = static_cast<TokenId>(i);
      if (vocabulary.kind(id) == Kind::normal) least = std::min(least, vocabulary.score(id));
    }
    unknown_score_ = least - 10;
    bytes_ = true;
    for (int byte = 0; byte < 256; ++byte) bytes_ &= vocabulary.byte_token(static_cast<std::uint8_t>(byte)) >= 0;
    if (!bytes_ && !vocabulary.unknown)
      fail_field(Code::invalid, "tokenizer.ggml.unknown_token_id", "the vocabulary names no unknown token");
  }

  void encode(std::string_view text, bool first, std::vector<TokenId>& out) const override {
    const std::string normal = normalize(text, first);
    const auto best = best_ends(normal);
    std::vector<std::uint32_t> ends;
    for (std::size_t at = normal.size(); at > 0; at = best[at].from) ends.push_back(static_cast<std::uint32_t>(at));
    std::reverse(ends.begin(), ends.end());
    bool after_unknown = false;
    for (const std::size_t end : ends) {
      const auto& last = best[end];
      if (last.id >= 0) {
        out.push_back(last.id);
      } else if (bytes_) {
        append_byte_tokens(vocabulary_, std::string_view(normal).substr(last.from, end - last.from), out);
      } else if (!after_unknown) {
        out.push_back(*vocabulary_.unknown);
      }
      after_unknown = last.id < 0;
    }
  }

 private:
  /// The best way to a place in the text: where its last piece begins, and which it is (−1: one unknown character).
  struct Best {
    float score = -std::numeric_limits<float>::infinity();
    std::uint32_t from = 0;
    TokenId id = -1;
  };

  std::vector<Best> best_ends(std::string_view text) const {
    std::vector<Best> best(text.size() + 1);
    best[0].score = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t character = text::decode_utf8(text, at).bytes;
      CHECK(character > 0);
      // Sums in single precision, as SentencePiece has them: by their rounding it tells equal cuts apart.
      const float here = best[at].score;
      const auto offer = [&](std::size_t end, float score, TokenId id) {
        if (here + score > best[end].score) best[end] = {here + score, static_cast<std::uint32_t>(at), id};
      };
      bool known = false;
      pieces_.prefixes(text, at, [&](std::size_t end, TokenId id) {
        known |= end - at == character;
        offer(end, vocabulary_.score(id), id);
      });
      if (!known) offer(at + character, unknown_score_, -1);
      at += character;
    }
    return best;
  }

  /// Characters replaced, spaces as U+2581, one of them in front.
  std::string normalize(std::string_view text, bool first) const {
    std::string out;
    out.reserve(text.size() + 8);
    bool after_space = merge_spaces_, begun = false;
    for (std::size_t at = 0; at < text.size();) {
      const auto replaced = charsmap_.prefix(text, at);
      CHECK(replaced.bytes > 0);
      at += replaced.bytes;
      if (!begun && merge_spaces_ && replaced.by == " ") continue;
      if (!begun && first && vocabulary_.add_space_prefix) out += space_mark;
      begun = true;
      for (const char c : replaced.by) {
        if (c != ' ') {
          out += c;
        } else if (!after_space) {
          out += space_mark;
        }
        after_space = c == ' ' && merge_spaces_;
      }
    }
    while (merge_spaces_ && out.ends_with(space_mark)) out.resize(out.size() - space_mark.size());
    return out;
  }

  const Vocabulary& vocabulary_;
  Charsmap charsmap_;
  PieceTrie pieces_;
  float unknown_score_ = 0;
  bool merge_spaces_ = false, bytes_ = false;
};

}  // namespace

std::unique_ptr<Encoder> make_unigram(const gguf::File& file, const Vocabulary& vocabulary) {
  return std::make_unique<Unigram>(file, vocabulary);
}

}  // namespace cofre::tokenizer
