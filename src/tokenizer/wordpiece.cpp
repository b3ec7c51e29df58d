#include <algorithm>
#include <string>

#include "base/error.h"
#include "gguf/gguf.h"
#include "text/unicode.h"
#include "text/utf8.h"
#include "tokenizer/encoder.h"

namespace cofre::tokenizer {
namespace {

constexpr std::size_t longest_word = 100;  // characters; what is longer is unknown, as BERT has it

bool is_chinese(char32_t c) {
  struct Range {
    char32_t first, last;
  };
  // BERT's list; its fifth block begins at U+2B920 in the tokenizers that models are trained with.
  constexpr Range ranges[] = {{0x4e00, 0x9fff},   {0x3400, 0x4dbf},   {0x20000, 0x2a6df}, {0x2a700, 0x2b73f},
                              {0x2b740, 0x2b81f}, {0x2b920, 0x2ceaf}, {0xf900, 0xfaff},   {0x2f800, 0x2fa1f}};
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

bool is_punctuation(char32_t c) {
  const auto properties = text::properties(c);
  return (properties & text::punctuation) || (c < 0x80 && (properties & text::symbol));
}

/// The text without control characters, white space as spaces.
std::string clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, bytes] = text::decode_utf8(text, at);
    CHECK(bytes > 0);
    if (code == '\t' || code == '\n' || code == '\r' ||
        (text::properties(code) & text::space && code > 0x1f && code != 0x85)) {
      out += ' ';
    } else if (code != 0xfffd && !text::is_control(code)) {
      out.append(text, at, bytes);
    }
    at += bytes;
  }
  return out;
}

/// WordPiece (BERT): words split at white space, punctuation and Chinese characters, then the longest pieces first.
class WordPiece : public Encoder {
 public:
  WordPiece(const gguf::File& file, const Vocabulary& vocabulary) : vocabulary_(vocabulary) {
    if (!vocabulary.unknown)
      fail_field(Code::invalid, "tokenizer.ggml.unknown_token_id", "the vocabulary names no unknown token");
    for (std::size_t id = 0; id < vocabulary.size(); ++id)
      longest_piece_ = std::max(longest_piece_, vocabulary.piece(static_cast<TokenId>(id)).size());
    lowercase_ = file.boolean("tokenizer.ggml.normalizer.lowercase").value_or(true);
    strip_accents_ = file.boolean("tokenizer.ggml.normalizer.strip_accents").value_or(lowercase_);
  }

  void encode(std::string_view text, bool, std::vector<TokenId>& out) const override {
    std::string clean_text = clean(text);
    if (strip_accents_) clean_text = text::decompose(clean_text);
    std::string word(space_mark);
    std::size_t characters = 0;
    const auto flush = [&] {
      if (characters > 0) add_word(word, characters, out);
      word.resize(space_mark.size());
      characters = 0;
    };
    for (std::size_t at = 0; at < clean_text.size();) {
      const auto [code, bytes] = text::decode_utf8(clean_text, at);
      CHECK(bytes > 0);
      at += bytes;
      if (strip_accents_ && text::is_nonspacing_mark(code)) continue;
      const bool alone = is_punctuation(code) || is_chinese(code);
      if (alone || code == ' ') flush();
      if (code == ' ') continue;
      text::append_utf8(lowercase_ ? text::to_lower(code) : code, word);
      if (lowercase_ && code == 0x130) word += "\u0307";  // İ, the one letter whose lower case is two characters
      ++characters;
      if (alone) flush();
    }
    flush();
  }

 private:
  /// `word` begins with the mark of a word's begin.
  void add_word(std::string_view word, std::size_t characters, std::vector<TokenId>& out) const {
    const std::size_t before = out.size();
    for (std::size_t at = 0; at < word.size() && characters <= longest_word;) {
      const std::size_t least = at == 0 ? space_mark.size() + 1 : at + 1;
      std::size_t stop = std::min(word.size(), at + longest_piece_);
      TokenId id = -1;
      for (; stop >= least; --stop) {
        if (stop < word.size() && (static_cast<std::uint8_t>(word[stop]) & 0xc0) == 0x80) continue;
        if ((id = vocabulary_.find(word.substr(at, stop - at))) >= 0) break;
      }
      if (id < 0) {
        out.resize(before);
        break;
      }
      out.push_back(id);
      at = stop;
    }
    if (out.size() == before) out.push_back(*vocabulary_.unknown);
  }

  const Vocabulary& vocabulary_;
  std::size_t longest_piece_ = 0;
  bool lowercase_ = true, strip_accents_ = true;
};

}  // namespace

std::unique_ptr<Encoder> make_wordpiece(const gguf::File& file, const Vocabulary& vocabulary) {
  return std::make_unique<WordPiece>(file, vocabulary);
}

}  // namespace cofre::tokenizer
