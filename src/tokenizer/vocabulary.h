#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace cofre::tokenizer {

/// Kinds of tokens, numbered as in tokenizer.ggml.token_type.
enum class Kind : std::uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

/// U+2581, which stands for a space in SentencePiece vocabularies and begins a word in WordPiece ones.
inline constexpr std::string_view space_mark = "\xe2\x96\x81";

/// How pieces become tokens: the values of tokenizer.ggml.model.
enum class Model {
  byte_level,     ///< gpt2: BPE over bytes written as printable characters
  raw_bpe,        ///< gemma4: BPE over characters
  sentencepiece,  ///< llama: merges by score
  unigram,        ///< t5: the cut of the highest score
  wordpiece,      ///< bert: longest pieces first
};

/// Pieces, their kinds and a table from piece to id. Views point into the model file.
class Vocabulary {
 public:
  /// Reads tokens, scores, types and special ids. Throws Error(invalid) naming the key at fault.
  explicit Vocabulary(const gguf::File& file);

  std::size_t size() const { return pieces_.size(); }
  std::string_view piece(TokenId id) const { return pieces_[static_cast<std::size_t>(id)]; }
  Kind kind(TokenId id) const { return kinds_[static_cast<std::size_t>(id)]; }
  float score(TokenId id) const { return scores_[static_cast<std::size_t>(id)]; }
  /// Id of a piece, −1 where there is none.
  TokenId find(std::string_view piece) const;

  Model model() const { return model_; }
  /// Bytes a token stands for, before the question whether it is shown.
  void append_bytes(TokenId id, std::string& out) const;
  /// The token of a single byte; −1 where there is none.
  TokenId byte_token(std::uint8_t byte) const { return byte_tokens_[byte]; }
  bool is_special(TokenId id) const { return kind(id) == Kind::control || kind(id) == Kind::unknown; }

  /// What a named token asks of the text beside it. `ignored`: every name counts, and nothing beside it belongs to it.
  enum class Edges { kept, ignored };
  /// Splits off tokens that stand in the text by name: user-defined ones always, special ones if asked for. Calls
  /// `text(view)` for what lies between and `token(id)` for each, in order.
  template <class Text, class Token>
  void partition(std::string_view text, Special special, Edges edges, Text&& on_text, Token&& on_token) const;

  /// Whether a text that ends so could become the name of a special token with what comes after it.
  bool begins_special(std::string_view tail) const;
  /// Bytes of the longest name of a special token.
  std::size_t longest_special() const { return longest_special_; }

  std::optional<TokenId> bos, eos, unknown;
  bool add_bos = false, add_eos = false, add_space_prefix = false;
  std::vector<bool> ends;  ///< [size]: generation ends here

 private:
  /// Bits of a named token, as huggingface/tokenizers has them (AddedToken).
  enum Edge : std::uint8_t { strips_left = 1, strips_right = 2, single_word = 4 };
  /// What of a text belongs to a name in it, with the white space that goes with it.
  struct Reach {
    std::size_t first, last;
    bool stands = true;  ///< or it is a part of a word
  };
  /// Of the name of `id` at `at`; what lies before `begin` is taken already.
  Reach reach(std::string_view text, std::size_t begin, std::size_t at, TokenId id) const;
  void read_edges(const gguf::File& file);
  TokenId match_named(std::string_view text, std::size_t at, Special special) const;
  void read_scores(const gguf::File& file);
  void fill_table();
  void read_ids(const gguf::File& file);
  void find_bytes();
  void find_named();
  void find_ends(const gguf::File& file);

  Model model_ = Model::byte_level;
  std::vector<std::string_view> pieces_;
  std::vector<Kind> kinds_;
  std::vector<float> scores_;
  std::vector<std::pair<std::uint32_t, TokenId>> table_;  ///< open addressing: (hash, id)
  std::array<TokenId, 256> byte_tokens_{};
  std::vector<std::string_view> special_names_;  ///< sorted
  std::size_t longest_special_ = 0;
  std::vector<std::uint8_t> edges_;                            ///< [size], or empty: nobody has any
  std::array<std::vector<std::uint16_t>, 256> named_lengths_;  ///< by first byte, longest first
};

/// How byte-level vocabularies write a byte as a printable character (GPT-2's bytes_to_unicode).
char32_t byte_to_printable(std::uint8_t byte);
/// The byte a printable character stands for; −1 where it stands for none.
int printable_to_byte(char32_t code);

template <class Text, class Token>
void Vocabulary::partition(std::string_view text, Special special, Edges edges, Text&& on_text,
                           Token&& on_token) const {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const TokenId id = match_named(text, at, special);
    if (id < 0) {
      ++at;
      continue;
    }
    const std::size_t end = at + piece(id).size();
    const Reach own = edges == Edges::kept ? reach(text, begin, at, id) : Reach{at, end};
    at = end;
    if (!own.stands) continue;
    if (own.first > begin) on_text(text.substr(begin, own.first - begin));
    on_token(id);
    begin = own.last;
  }
  if (begin < text.size()) on_text(text.substr(begin));
}

}  // namespace cofre::tokenizer
