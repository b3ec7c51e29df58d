// Every vocabulary of ../shared/tokenizers against its expected ids.

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "gguf/gguf.h"
#include "tokenizer/tokenizer.h"

namespace cofre::tokenizer {
namespace {

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

/// Pieces are separated by a line `__ggml_vocab_test__`; an empty last piece is dropped.
std::vector<std::string> pieces_of(const std::string& text) {
  const std::string separator = "\n__ggml_vocab_test__\n";
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at <= text.size();) {
    const auto next = text.find(separator, at);
    pieces.push_back(text.substr(at, next == std::string::npos ? next : next - at));
    if (next == std::string::npos) break;
    at = next + separator.size();
  }
  if (!pieces.empty() && pieces.back().empty()) pieces.pop_back();
  return pieces;
}

class Vectors : public ::testing::TestWithParam<const char*> {};

TEST_P(Vectors, IdsAreThoseExpected) {
  const auto base = std::filesystem::path(COFRE_SOURCE_DIR) / "../shared/tokenizers" /
                    ("ggml-vocab-" + std::string(GetParam()) + ".gguf");
  if (!std::filesystem::exists(base)) GTEST_SKIP() << "no vectors at " << base;
  const auto file = gguf::File::open(base);
  const auto tokenizer = Tokenizer::from_gguf(file);
  const auto pieces = pieces_of(read_all(base.string() + ".inp"));
  std::istringstream expected(read_all(base.string() + ".out"));
  ASSERT_FALSE(pieces.empty());
  for (const auto& piece : pieces) {
    std::string line;
    ASSERT_TRUE(std::getline(expected, line));
    std::istringstream numbers(line);
    std::vector<TokenId> ids;
    for (TokenId id; numbers >> id;) ids.push_back(id);
    const auto got = tokenizer.encode(piece);
    EXPECT_EQ(got, ids) << "piece: [" << piece << "]";
    if (std::string_view(GetParam()) == "bert-bge") continue;  // BERT keeps neither case nor spaces
    EXPECT_EQ(tokenizer.decode(got), piece);
  }
}

INSTANTIATE_TEST_SUITE_P(Tokenizer, Vectors,
                         ::testing::Values("bert-bge", "deepseek-llm", "gpt-2", "llama-bpe", "llama-spm", "phi-3",
                                           "qwen2"),
                         [](const auto& one) {
                           std::string name(one.param);
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace cofre::tokenizer
