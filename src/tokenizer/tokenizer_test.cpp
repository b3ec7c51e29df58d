#include "tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "gguf/gguf.h"
#include "gguf/writer.h"
#include "text/utf8.h"
#include "tokenizer/vocabulary.h"

namespace cofre::tokenizer {
namespace {

std::string printable(std::uint8_t byte) {
  std::string out;
  text::append_utf8(byte_to_printable(byte), out);
  return out;
}

/// A byte-level vocabulary: 256 bytes, a few merges, one control and one user-defined token.
struct ByteLevel {
  std::vector<std::string> tokens, merges{"l o", "lo w", "Ġ low"};
  std::vector<std::int32_t> types;
  std::string pre = "gpt-2";
  ByteLevel() {
    for (int b = 0; b < 256; ++b) tokens.push_back(printable(static_cast<std::uint8_t>(b)));
    for (const char* piece : {"lo", "low", "Ġlow", "<|im_end|>", "<tool>"}) tokens.emplace_back(piece);
    types.assign(tokens.size(), 1);
    types[259] = 3;
    types[260] = 4;
  }
  std::vector<std::byte> bytes() const {
    gguf::Writer writer;
    writer.add("tokenizer.ggml.model", "gpt2");
    writer.add("tokenizer.ggml.pre", pre);
    writer.add("tokenizer.ggml.tokens", tokens);
    writer.add("tokenizer.ggml.token_type", types);
    writer.add("tokenizer.ggml.merges", merges);
    writer.add("tokenizer.ggml.eos_token_id", std::uint32_t{259});
    return writer.finish();
  }
};

void expect_error(const std::vector<std::byte>& bytes, std::string_view field) {
  const auto file = gguf::File::parse(bytes);
  try {
    Tokenizer::from_gguf(file);
    ADD_FAILURE() << "no error for " << field;
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), field) << error.what();
  }
}

class Small : public ::testing::Test {
 protected:
  std::vector<std::byte> bytes_ = ByteLevel().bytes();
  gguf::File file_ = gguf::File::parse(bytes_);
  Tokenizer tokenizer_ = Tokenizer::from_gguf(file_);
};

TEST_F(Small, MergesApplyInOrderOfRank) { EXPECT_EQ(tokenizer_.encode("low low"), (std::vector<TokenId>{257, 258})); }
TEST_F(Small, AnEmptyTextHasNoTokens) { EXPECT_TRUE(tokenizer_.encode("").empty()); }

TEST_F(Small, SpecialTokensNeverComeOutOfUserText) {
  for (TokenId id : tokenizer_.encode("<|im_end|>")) EXPECT_LT(id, 256);
}

TEST_F(Small, SpecialTokensAreReadWhenAskedFor) {
  EXPECT_EQ(tokenizer_.encode("low<|im_end|>", Special::parse), (std::vector<TokenId>{257, 259}));
}

TEST_F(Small, UserDefinedTokensAreAlwaysWhole) { EXPECT_EQ(tokenizer_.encode("<tool>"), (std::vector<TokenId>{260})); }

TEST_F(Small, ProtectedTextHoldsNoSpecialTokenWhateverStandsAround) {
  for (const std::string text : {"low<|im_end|>", "<|im_<|im_end|>end|>", "<|im_", "<", "a \uFDD0 b"}) {
    const auto ids = tokenizer_.encode(tokenizer_.protect(text) + "end|>" + "<|im_end|>", Special::parse_protected);
    EXPECT_EQ(std::count(ids.begin(), ids.end(), 259), 1) << text;
    EXPECT_EQ(ids.back(), 259);
    if (text.find(name_breaker) == text.npos) {
      EXPECT_EQ(tokenizer_.decode(ids), text + "end|>") << text;
    }
  }
  EXPECT_EQ(tokenizer_.protect("plain <tool> text"), "plain <tool> text");
  EXPECT_EQ(tokenizer_.protect("a \uFDD0 b"), "a \uFFFD b");
}

TEST_F(Small, SpecialTokensAreShownOnlyWhenAskedFor) {
  const std::vector<TokenId> ids{257, 259};
  EXPECT_EQ(tokenizer_.decode(ids), "low");
  EXPECT_EQ(tokenizer_.decode(ids, true), "low<|im_end|>");
}

TEST_F(Small, EndOfSequenceEndsGeneration) {
  EXPECT_TRUE(tokenizer_.is_end(259));
  EXPECT_FALSE(tokenizer_.is_end(260));
}

TEST_F(Small, InvalidUtf8IsNamedByItsByte) {
  try {
    tokenizer_.encode("ab\xff");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string_view(error.what()).find("byte 2"), std::string_view::npos);
  }
}

TEST_F(Small, ATokenOutsideTheVocabularyIsAnError) {
  std::string out;
  EXPECT_THROW(tokenizer_.append_bytes(261, false, out), Error);
  EXPECT_THROW(tokenizer_.append_bytes(-1, false, out), Error);
}

TEST_F(Small, AStreamShowsAnEmojiWhenItsLastByteHasCome) {
  StreamDecoder stream(tokenizer_);
  std::string shown;
  const std::string salt = "🧂";
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(stream.push(static_cast<std::uint8_t>(salt[i])), "");
  EXPECT_EQ(stream.push(static_cast<std::uint8_t>(salt[3])), salt);
  EXPECT_EQ(stream.finish(), "");
}

TEST_F(Small, AStreamThatEndsInsideACharacterShowsAReplacement) {
  StreamDecoder stream(tokenizer_);
  EXPECT_EQ(stream.push(0xf0), "");
  EXPECT_EQ(stream.finish(), "\xef\xbf\xbd");
}

// 100 KB of anything takes no more than a moment: these would take hours if a step were quadratic.
TEST(Hostile, LongTextsOfOneKindAreEncoded) {
  for (const char* pre : {"gpt-2", "llama-bpe", "qwen2", "qwen35", "smollm", "falcon", "bloom", "tekken", "gpt-4o",
                          "deepseek-llm", "deepseek-coder", "deepseek-v3"}) {
    ByteLevel v;
    v.pre = pre;
    const auto bytes = v.bytes();
    const auto file = gguf::File::parse(bytes);
    const auto tokenizer = Tokenizer::from_gguf(file);
    for (const char* unit : {"a", " ", "\n", "lo", "!", "成", "5", "< ", "<"}) {
      std::string text;
      while (text.size() < 100'000) text += unit;
      EXPECT_EQ(tokenizer.decode(tokenizer.encode(text + "x")), text + "x") << pre << " " << unit;
    }
  }
}

TEST(BadVocabulary, AnUnknownPreTokenizerIsNamed) {
  ByteLevel v;
  v.pre = "nobody-knows";
  expect_error(v.bytes(), "tokenizer.ggml.pre");
}

TEST(BadVocabulary, TypesThatDoNotMatchTheTokensAreRefused) {
  ByteLevel v;
  v.types.pop_back();
  expect_error(v.bytes(), "tokenizer.ggml.token_type");
}

TEST(BadVocabulary, ATypeThatDoesNotExistIsRefused) {
  ByteLevel v;
  v.types[3] = 9;
  expect_error(v.bytes(), "tokenizer.ggml.token_type");
}

TEST(BadVocabulary, AMergeOfUnknownPiecesIsRefused) {
  ByteLevel v;
  v.merges.push_back("zz yy");
  expect_error(v.bytes(), "tokenizer.ggml.merges");
}

TEST(BadVocabulary, AMergeThatIsNoPairIsRefused) {
  ByteLevel v;
  v.merges.push_back("low");
  expect_error(v.bytes(), "tokenizer.ggml.merges");
}

TEST(Vocabulary, AControlCharacterWithoutATokenIsLeftOut) {
  ByteLevel v;
  v.tokens[4] = "something else";
  const auto bytes = v.bytes();
  const auto file = gguf::File::parse(bytes);
  const auto tokenizer = Tokenizer::from_gguf(file);
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("a\x04z\x04\x04")), "az");
}

TEST(BadVocabulary, AMissingLetterIsRefused) {
  ByteLevel v;
  v.tokens[65] = "something else";
  expect_error(v.bytes(), "tokenizer.ggml.tokens");
}

TEST(BadVocabulary, AnEndTokenOutsideTheVocabularyIsRefused) {
  ByteLevel v;
  v.tokens.resize(200);
  v.types.resize(200);
  expect_error(v.bytes(), "tokenizer.ggml.eos_token_id");
}

TEST(BadVocabulary, AnotherKindOfTokenizerIsNamed) {
  gguf::Writer writer;
  writer.add("tokenizer.ggml.model", "rwkv");
  expect_error(writer.finish(), "tokenizer.ggml.model");
}

}  // namespace
}  // namespace cofre::tokenizer
