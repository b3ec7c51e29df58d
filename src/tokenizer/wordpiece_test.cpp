// WordPiece over a small vocabulary.

#include <gtest/gtest.h>

#include "base/error.h"
#include "gguf/gguf.h"
#include "gguf/writer.h"
#include "tokenizer/tokenizer.h"

namespace cofre::tokenizer {
namespace {

class Words : public ::testing::Test {
 protected:
  static std::vector<std::byte> write() {
    gguf::Writer writer;
    writer.add("tokenizer.ggml.model", "bert");
    writer.add("tokenizer.ggml.tokens",
               std::vector<std::string>{"[UNK]", "[CLS]", "[SEP]", "▁cafe", "▁un", "able", "▁,", "▁成"});
    writer.add("tokenizer.ggml.token_type", std::vector<std::int32_t>{3, 3, 3, 1, 1, 1, 1, 1});
    writer.add("tokenizer.ggml.unknown_token_id", std::uint32_t{0});
    writer.add("tokenizer.ggml.cls_token_id", std::uint32_t{1});
    writer.add("tokenizer.ggml.seperator_token_id", std::uint32_t{2});
    return writer.finish();
  }
  std::vector<std::byte> bytes_ = write();
  gguf::File file_ = gguf::File::parse(bytes_);
  Tokenizer tokenizer_ = Tokenizer::from_gguf(file_);
};

TEST_F(Words, CaseAndAccentsAreTakenAway) { EXPECT_EQ(tokenizer_.encode("CAFÉ"), (std::vector<TokenId>{3})); }
TEST_F(Words, TheLongestPiecesGoFirst) { EXPECT_EQ(tokenizer_.encode("unable"), (std::vector<TokenId>{4, 5})); }

TEST_F(Words, AWordWithAnUnknownPartIsUnknown) {
  EXPECT_EQ(tokenizer_.encode("unableX cafe"), (std::vector<TokenId>{0, 3}));
}

TEST_F(Words, PunctuationAndChineseStandAlone) {
  EXPECT_EQ(tokenizer_.encode("cafe,成成"), (std::vector<TokenId>{3, 6, 7, 7}));
}

TEST_F(Words, ATextStandsBetweenItsSpecialTokens) {
  EXPECT_TRUE(tokenizer_.add_bos());
  EXPECT_TRUE(tokenizer_.add_eos());
  EXPECT_EQ(tokenizer_.bos(), 1);
  EXPECT_EQ(tokenizer_.eos(), 2);
}

TEST_F(Words, WordsAreReadBackWithSpacesBetween) {
  EXPECT_EQ(tokenizer_.decode(std::vector<TokenId>{1, 3, 4, 5, 2}), "cafe unable");
}

}  // namespace
}  // namespace cofre::tokenizer
