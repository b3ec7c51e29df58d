#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::gguf {
class File;
}

namespace cofre::tokenizer {

using TokenId = std::int32_t;

/// Whether names of special tokens in the text become those tokens. User text never may.
enum class Special {
  as_text,
  parse,
  parse_protected,  ///< those that protect() did not break
};

/// Put into names of special tokens by Tokenizer::protect(); U+FDD0, which is no character and stands in no text.
inline constexpr std::string_view name_breaker = "\uFDD0";

class Vocabulary;
class Encoder;

/// Text to token ids and back, as the model was trained. Immutable; shared between threads freely.
class Tokenizer {
 public:
  /// Reads tokenizer.ggml.* of any architecture, vocabulary-only files too. `file` must outlive the tokenizer.
  /// Throws Error(invalid or unsupported) naming the key at fault.
  static Tokenizer from_gguf(const gguf::File& file);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Ids of a text, no BOS or EOS added. Throws Error(invalid) naming the byte where the text is not UTF-8.
  std::vector<TokenId> encode(std::string_view text, Special special = Special::as_text) const;

  /// A user's text made safe to be set into a prompt's template: names of special tokens in it, and what could become
  /// one together with the text behind it, are broken by name_breaker, which encode(…, parse_protected) takes out
  /// again. A name_breaker of the text itself becomes U+FFFD. Requires UTF-8.
  std::string protect(std::string_view text) const;

  /// Appends the bytes that a token stands for; of special tokens nothing, unless `show_special`.
  void append_bytes(TokenId id, bool show_special, std::string& out) const;
  /// Bytes of all tokens; a space that encode() put before the text is taken away.
  std::string decode(std::span<const TokenId> ids, bool show_special = false) const;

  std::size_t size() const noexcept;
  /// The vocabulary's own text of a token. Requires 0 ≤ id < size().
  std::string_view piece(TokenId id) const;
  std::optional<TokenId> find(std::string_view piece) const;
  bool is_special(TokenId id) const;
  /// Whether generation ends with this token (EOS, end of turn, end of message).
  bool is_end(TokenId id) const;
  std::optional<TokenId> bos() const;
  std::optional<TokenId> eos() const;
  /// Whether the model wants BOS before, EOS after a text.
  bool add_bos() const;
  bool add_eos() const;

 private:
  explicit Tokenizer(std::unique_ptr<Vocabulary> vocabulary, std::unique_ptr<Encoder> encoder);
  std::unique_ptr<Vocabulary> vocabulary_;
  std::unique_ptr<Encoder> encoder_;
};

/// Decodes a stream of tokens into whole UTF-8 only: an unfinished character waits for its other bytes.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer, bool show_special = false)
      : tokenizer_(tokenizer), show_special_(show_special) {}
  /// What can be shown after this token; bytes that are no UTF-8 become U+FFFD.
  std::string push(TokenId id) { return push(id, show_special_); }
  /// The same; a special token is shown if `show_special`.
  std::string push(TokenId id, bool show_special);
  /// What is left at the end of the stream.
  std::string finish();

 private:
  const Tokenizer& tokenizer_;
  bool show_special_;
  std::string held_;
};

}  // namespace cofre::tokenizer
