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
  std::vector<std::byte> bytes() const { return writer().finish(); }
  gguf::Writer writer() const {
    gguf::Writer writer;
    writer.add("tokenizer.ggml.model", "gpt2");
    writer.add("tokenizer.ggml.pre", pre);
    writer.add("tokenizer.ggml.tokens", tokens);
    writer.add("tokenizer.ggml.token_type", types);
    writer.add("tokenizer.ggml.merges", merges);
    writer.add("tokenizer.ggml.eos_token_id", std::uint32_t{259});
    return writer;
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

/// Of a token that swallows white space before it, one that swallows it behind, and one that is no part of a word.
TEST(AddedTokens, TakeTheSpaceBesideThemAndStandAloneWhereTheyAskForIt) {
  ByteLevel small;
  for (const char* piece : {"<l>", "<r>", "<w>"}) small.tokens.emplace_back(piece);
  small.types.resize(small.tokens.size(), 4);
  small.types[262] = 3;
  const std::int32_t left[] = {261, 262}, right[] = {262}, single[] = {263};
  gguf::Writer writer = small.writer();
  writer.add("tokenizer.ggml.added_tokens.lstrip", std::span<const std::int32_t>(left));
  writer.add("tokenizer.ggml.added_tokens.rstrip", std::span<const std::int32_t>(right));
  writer.add("tokenizer.ggml.added_tokens.single_word", std::span<const std::int32_t>(single));
  const auto bytes = writer.finish();
  const auto file = gguf::File::parse(bytes);
  const auto tokenizer = Tokenizer::from_gguf(file);
  const auto ids = [&](std::string_view text) { return tokenizer.encode(text, Special::parse); };
  using Ids = std::vector<TokenId>;
  EXPECT_EQ(ids("low \u3000\n<l> a"), (Ids{257, 261, ' ', 'a'}));
  EXPECT_EQ(ids("low <r> \t\u00a0low"), (Ids{257, 262, 257}));
  EXPECT_EQ(ids("<l> <l>  <r> "), (Ids{261, 261, 262}));
  EXPECT_EQ(ids("<w> a-<w>."), (Ids{263, ' ', 'a', '-', 263, '.'}));
  for (const char* part : {"a<w>", "<w>a", "<w>_", "\u00e9<w>", "<w>\u0301"})
    for (const TokenId id : ids(part)) EXPECT_NE(id, 263) << part;
  // What a caller says keeps its spaces, and its names are broken whatever they ask for.
  const auto said = tokenizer.encode(tokenizer.protect("a  <r>  b"), Special::parse_protected);
  EXPECT_EQ(tokenizer.decode(said), "a  <r>  b");
  EXPECT_EQ(std::count(said.begin(), said.end(), 262), 0);
  const std::int32_t nobody[] = {264};
  gguf::Writer wrong = small.writer();
  wrong.add("tokenizer.ggml.added_tokens.lstrip", std::span<const std::int32_t>(nobody));
  expect_error(wrong.finish(), "tokenizer.ggml.added_tokens.lstrip");
}

TEST(Falcon, DigitsStandApartOfBytesAsTheyArePrinted) {
  ByteLevel small;
  small.pre = "falcon";
  small.merges = {"1 2", "Ġ 1", "Ã ²"};
  for (const char* piece : {"12", "Ġ1", "Ã²"}) small.tokens.emplace_back(piece);
  small.types.resize(small.tokens.size(), 1);
  using Ids = std::vector<TokenId>;
  const auto ids = [&](bool apart, std::string_view text) {
    gguf::Writer writer = small.writer();
    if (apart) writer.add("tokenizer.ggml.pre.byte_digits", true);
    const auto bytes = writer.finish();
    const auto file = gguf::File::parse(bytes);
    return Tokenizer::from_gguf(file).encode(text);
  };
  EXPECT_EQ(ids(true, "a 1 12"), (Ids{'a', ' ', '1', ' ', 261}));
  EXPECT_EQ(ids(false, "a 1 12"), (Ids{'a', 262, ' ', 261}));
  EXPECT_EQ(ids(true, "\u00f2"), (Ids{0xc3, 0xb2}));  // ò
  EXPECT_EQ(ids(false, "\u00f2"), (Ids{263}));
}

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
