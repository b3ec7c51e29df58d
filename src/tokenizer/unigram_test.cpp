#include <gtest/gtest.h>

#include "base/error.h"
#include "gguf/gguf.h"
#include "gguf/writer.h"
#include "tokenizer/tokenizer.h"

namespace cofre::tokenizer {
namespace {

class Pieces : public ::testing::Test {
 protected:
  static std::vector<std::byte> write() {
    gguf::Writer writer;
    writer.add("tokenizer.ggml.model", "t5");
    writer.add("tokenizer.ggml.tokens", std::vector<std::string>{"<unk>", "</s>", "▁a", "b", "ab", "▁", "a", "<tool>"});
    writer.add("tokenizer.ggml.token_type", std::vector<std::int32_t>{2, 3, 1, 1, 1, 1, 1, 4});
    writer.add("tokenizer.ggml.scores", std::vector<float>{0, 0, -2, -2, -1, -2, -4, 0});
    writer.add("tokenizer.ggml.unknown_token_id", std::uint32_t{0});
    writer.add("tokenizer.ggml.eos_token_id", std::uint32_t{1});
    writer.add("tokenizer.ggml.remove_extra_whitespaces", true);
    return writer.finish();
  }
  std::vector<std::byte> bytes_ = write();
  gguf::File file_ = gguf::File::parse(bytes_);
  Tokenizer tokenizer_ = Tokenizer::from_gguf(file_);
};

TEST_F(Pieces, TheCutOfTheHighestScoreIsTaken) { EXPECT_EQ(tokenizer_.encode("ab"), (std::vector<TokenId>{5, 4})); }
TEST_F(Pieces, UnknownCharactersInARowAreOneToken) {
  EXPECT_EQ(tokenizer_.encode("axyz"), (std::vector<TokenId>{2, 0}));
}
TEST_F(Pieces, SpacesAreMerged) { EXPECT_EQ(tokenizer_.encode("  a  a "), (std::vector<TokenId>{2, 2})); }
TEST_F(Pieces, UserDefinedTokensAreWhole) { EXPECT_EQ(tokenizer_.encode("a<tool>"), (std::vector<TokenId>{2, 7})); }
TEST_F(Pieces, ATextEndsWithItsToken) {
  EXPECT_FALSE(tokenizer_.add_bos());
  EXPECT_TRUE(tokenizer_.add_eos());
}

TEST_F(Pieces, LongTextsTakeNoMoreThanAMoment) {
  std::string text(300'000, 'a');
  EXPECT_EQ(tokenizer_.decode(tokenizer_.encode(text)), text);
}

}  // namespace
}  // namespace cofre::tokenizer
