#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace cofre::gguf {
class Writer;
}

namespace cofre::huggingface {

/// Kinds of tokens, numbered as in tokenizer.ggml.token_type.
enum class TokenType : std::int32_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

/// A tokenizer.json as the keys tokenizer.ggml.* tell it.
struct TokenizerKeys {
  std::string model, pre;
  std::vector<std::string> tokens;
  std::vector<TokenType> types;     ///< [tokens]
  std::vector<float> scores;        ///< [tokens], or empty
  std::vector<std::string> merges;  ///< "left right"
  std::vector<std::uint8_t> charsmap;
  std::map<std::string, bool> flags;                       ///< by key behind "tokenizer.ggml."
  std::map<std::string, std::size_t> ids;                  ///< of special tokens, by key behind "tokenizer.ggml."
  std::map<std::string, std::vector<std::int32_t>> lists;  ///< of ids, by key behind "tokenizer.ggml."
  std::vector<std::string> notes;                          ///< for the reader: what GGUF has no words for

  std::optional<std::size_t> find(std::string_view token) const;
  /// Makes the vocabulary as long as the model's embeddings. Throws Error(invalid) where it is longer.
  void pad(std::size_t rows);
  void write(gguf::Writer& writer) const;
};

/// Reads a whole tokenizer.json (huggingface/tokenizers): models BPE (byte-level, or over characters with byte
/// fallback), Unigram and WordPiece. Throws Error(invalid) naming the place at fault, Error(unsupported) naming the
/// step that cannot be told in GGUF's keys.
TokenizerKeys read_tokenizer(const json::Value& tokenizer);

}  // namespace cofre::huggingface
