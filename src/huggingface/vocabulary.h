#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "huggingface/tokenizer.h"

/// Parts of reading a tokenizer.json that its models share.
namespace cofre::huggingface {

inline constexpr std::string_view space_mark = "\xe2\x96\x81";  ///< U+2581, which stands for a space

/// Pieces to ids, from {"piece": id, …}. Throws Error(invalid) where an id is no number, too large or twice there.
void take_vocabulary(const json::Object& model, TokenizerKeys& keys);
/// added_tokens: special ones are control tokens, others stand in every text by name; with what they ask of the text
/// beside them.
void take_added_tokens(const json::Object& tokenizer, TokenizerKeys& keys);
/// Which steps may turn tokens back into text. Throws Error(unsupported) naming another one.
void expect_decoder(const json::Object& tokenizer, std::initializer_list<std::string_view> known);
/// Marks <0x00> … <0xFF> as bytes. Throws Error(unsupported) where one of them is missing.
void mark_bytes(TokenizerKeys& keys);
/// Which special tokens post_processor sets around a text: `front_key` and `back_key` name them among the ids.
void take_post_processor(const json::Object& tokenizer, std::string_view front_key, std::string_view back_key,
                         std::string_view add_back, TokenizerKeys& keys);

using Merge = std::pair<std::string, std::string>;
/// merges of a BPE model: "left right" or ["left", "right"].
std::vector<Merge> merges_of(const json::Object& model);

/// Ids by piece. Views into `keys`.
std::unordered_map<std::string_view, std::size_t> index_of(const TokenizerKeys& keys);

/// Scores under which merging by score (SentencePiece) does what these merges do by rank: there are some where merges
/// name every way to part each piece in two, and those of one piece follow each other. Otherwise empty.
std::vector<float> scores_of(const std::vector<Merge>& merges, const TokenizerKeys& keys);

// The models, each for its "type". They fill all keys but those of added tokens, which are there already.
void read_byte_level(const json::Object& tokenizer, const json::Object& model, TokenizerKeys& keys);
void read_character_bpe(const json::Object& tokenizer, const json::Object& model, TokenizerKeys& keys);
void read_unigram(const json::Object& tokenizer, const json::Object& model, TokenizerKeys& keys);
void read_wordpiece(const json::Object& tokenizer, const json::Object& model, TokenizerKeys& keys);

}  // namespace cofre::huggingface
