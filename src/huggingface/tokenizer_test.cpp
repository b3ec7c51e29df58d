// tokenizer.json, right and wrong. What real ones say is compared with Python's tokenizers by
// tests/huggingface_test.py.

#include "huggingface/tokenizer.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "gguf/gguf.h"
#include "gguf/writer.h"
#include "huggingface/pre_tokenizers.h"
#include "huggingface/vocabulary.h"
#include "tokenizer/pretokenize.h"

namespace cofre::huggingface {
namespace {

/// A WordPiece tokenizer with these parts instead of the usual ones.
json::Value words(const char* parts = "{}") {
  auto root = json::parse(R"({
    "added_tokens": [{"id": 0, "content": "[UNK]", "special": true}, {"id": 1, "content": "[CLS]", "special": true}],
    "normalizer": {"type": "BertNormalizer", "lowercase": false},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "sep": ["[CLS]", 1], "cls": ["[CLS]", 1]},
    "decoder": {"type": "WordPiece"},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "[CLS]": 1, "un": 2, "##able": 3, "##": 4}}
  })");
  const auto changed = json::parse(parts);
  for (const auto& [key, value] : changed.get_object()) root.get_object()[key] = value;
  return root;
}

void expect_error(const json::Value& tokenizer, std::string_view part) {
  try {
    read_tokenizer(tokenizer);
    ADD_FAILURE() << "no error; expected one with: " << part;
  } catch (const Error& error) {
    EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what();
  }
}

TEST(TokenizerJson, WordPieceGetsTheMarkOfAWordsBegin) {
  const auto keys = read_tokenizer(words());
  EXPECT_EQ(keys.model, "bert");
  EXPECT_EQ(keys.tokens, (std::vector<std::string>{"[UNK]", "[CLS]", "\u2581un", "able", "[PAD4]"}));
  EXPECT_EQ(keys.types[1], TokenType::control);
  EXPECT_EQ(keys.types[4], TokenType::unused);
  EXPECT_FALSE(keys.flags.at("normalizer.lowercase"));
  EXPECT_FALSE(keys.flags.at("normalizer.strip_accents"));
  EXPECT_EQ(keys.ids.at("seperator_token_id"), 1u);
}

TEST(TokenizerJson, WhatIsWrongOrHasNoKeyIsNamed) {
  expect_error(json::parse("[]"), "no JSON object");
  expect_error(json::parse("{}"), "model");
  expect_error(words(R"({"model": {"type": "Magic"}})"), "Magic");
  expect_error(words(R"({"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"a": -1}}})"),
               "the id of \"a\"");
  expect_error(words(R"({"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"a": 99999999}}})"),
               "the id of");
  expect_error(words(R"({"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"a": 2, "b": 2}}})"),
               "token 2 is");
  expect_error(words(R"({"normalizer": {"type": "NFKC"}})"), "normalizer.NFKC");
  expect_error(words(R"({"normalizer": {"type": "BertNormalizer", "clean_text": false}})"), "clean_text is off");
  expect_error(words(R"({"pre_tokenizer": {"type": "Whitespace"}})"), "pre_tokenizer.Whitespace");
  expect_error(words(R"({"post_processor": {"type": "BertProcessing", "sep": ["x", 77], "cls": ["x", 1]}})"), "77");
  expect_error(words(R"({"post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}},
    {"Sequence": {"id": "B"}}], "special_tokens": {}}})"),
               "template");
  expect_error(words(R"({"decoder": {"type": "CTC"}})"), "decoder.CTC");
  expect_error(words(R"({"added_tokens": [{"id": 0, "content": "", "special": true}]})"), "token 0 is empty");
}

TEST(TokenizerJson, WhatAddedTokensAskOfTheTextBesideThemIsKept) {
  const auto keys =
      read_tokenizer(words(R"({"added_tokens": [{"id": 0, "content": "[UNK]", "special": true, "lstrip": true},
    {"id": 1, "content": "[CLS]", "special": true, "rstrip": true, "lstrip": true}]})"));
  EXPECT_EQ(keys.lists.at("added_tokens.lstrip"), (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(keys.lists.at("added_tokens.rstrip"), std::vector<std::int32_t>{1});
  EXPECT_FALSE(keys.lists.contains("added_tokens.single_word"));
  expect_error(words(R"({"added_tokens": [{"id": 0, "content": "x", "lstrip": 1}]})"), "lstrip");
}

TEST(TokenizerJson, SequencesOfSequencesAreFlattened) {
  auto root = words(R"({"normalizer": {"type": "Sequence", "normalizers": [{"type": "Sequence",
    "normalizers": [{"type": "BertNormalizer"}]}]}})");
  EXPECT_TRUE(read_tokenizer(root).flags.at("normalizer.lowercase"));
}

TEST(TokenizerJson, AVocabularyIsPaddedToTheEmbeddingsButNeverCut) {
  auto keys = read_tokenizer(words());
  keys.pad(7);
  EXPECT_EQ(keys.tokens.back(), "[PAD6]");
  EXPECT_EQ(keys.types.back(), TokenType::unused);
  EXPECT_THROW(keys.pad(6), Error);
}

TEST(TokenizerJson, APatternThatNobodyKnowsIsTold) {
  try {
    name_of_splits({"x+", "y"}, false);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string_view(error.what()).find("x+  then  y"), std::string_view::npos) << error.what();
  }
}

TEST(TokenizerJson, APatternsNameIsOneThatTheTokenizerKnows) {
  const std::string llama3 =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  EXPECT_EQ(name_of_splits({llama3}, true), "llama-bpe");
  EXPECT_EQ(name_of_splits({llama3}, false), "chatglm-bpe");
  for (const auto name : {name_of_splits({llama3}, true), name_of_splits({llama3}, false)})
    EXPECT_NO_THROW(tokenizer::PreTokenizer{name});
}

TokenizerKeys pieces(std::vector<std::string> tokens) {
  TokenizerKeys keys;
  keys.types.assign(tokens.size(), TokenType::normal);
  keys.tokens = std::move(tokens);
  return keys;
}

TEST(Scores, MergesOfEveryWayToPartAPieceAreScores) {
  const auto keys = pieces({"a", "b", "ab", "aab"});
  const auto scores = scores_of({{"a", "b"}, {"a", "ab"}}, keys);
  ASSERT_EQ(scores.size(), 4u);
  EXPECT_GT(scores[2], scores[3]);
  EXPECT_GT(scores[3], scores[0]);
}

TEST(Scores, MergesThatLeaveAWayOutAreNone) {
  EXPECT_TRUE(scores_of({{"a", "a"}, {"a", "aa"}}, pieces({"a", "aa", "aaa"})).empty());
}

TEST(Scores, MergesOfOnePieceThatStandApartAreNone) {
  const auto keys = pieces({"a", "b", "aa", "aaa", "ab"});
  EXPECT_FALSE(scores_of({{"a", "a"}, {"a", "aa"}, {"aa", "a"}, {"a", "b"}}, keys).empty());
  EXPECT_TRUE(scores_of({{"a", "a"}, {"a", "aa"}, {"a", "b"}, {"aa", "a"}}, keys).empty());
}

TEST(Scores, AMergeOfWhatIsNotThereIsAnError) { EXPECT_THROW(scores_of({{"a", "b"}}, pieces({"a", "b"})), Error); }

}  // namespace
}  // namespace cofre::huggingface
