#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/vocabulary.h"

namespace cofre::tokenizer {

/// Turns text without special tokens into ids.
class Encoder {
 public:
  virtual ~Encoder() = default;
  /// `first`: the text begins what is encoded, or follows a special token.
  virtual void encode(std::string_view text, bool first, std::vector<TokenId>& out) const = 0;
};

/// Byte-level BPE (GPT-2): words by a pre-tokenizer, merges by rank.
/// Throws Error(invalid) naming the key where merges do not match the vocabulary.
std::unique_ptr<Encoder> make_bpe(const gguf::File& file, const Vocabulary& vocabulary);
/// BPE over characters (Gemma 4): spaces as U+2581, merges by rank, what is unknown in bytes. Throws as make_bpe.
std::unique_ptr<Encoder> make_raw_bpe(const gguf::File& file, const Vocabulary& vocabulary);
/// SentencePiece BPE (arXiv:1808.06226): characters merged by score, what is unknown in bytes.
std::unique_ptr<Encoder> make_sentencepiece(const Vocabulary& vocabulary);
/// WordPiece (BERT): words split at white space and punctuation, then the longest pieces first.
/// Throws Error(invalid, field tokenizer.ggml.unknown_token_id).
std::unique_ptr<Encoder> make_wordpiece(const gguf::File& file, const Vocabulary& vocabulary);
/// SentencePiece unigram (arXiv:1804.10959; XLM-R, T5): the cut of the highest score, after the file's normaliser.
/// Throws Error(invalid) naming the key at fault; encode does so too where the normaliser's trie is broken.
std::unique_ptr<Encoder> make_unigram(const gguf::File& file, const Vocabulary& vocabulary);

/// Spaces as U+2581.
std::string escape_spaces(std::string_view text);
/// The tokens of the bytes of a piece that is not in the vocabulary; the unknown token where a byte has none.
/// Throws Error(invalid) where there is no unknown token either.
void append_byte_tokens(const Vocabulary& vocabulary, std::string_view piece, std::vector<TokenId>& out);

}  // namespace cofre::tokenizer
