#include "grammar/vocabulary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "base/thrown.h"
#include "grammar/grammar.h"

namespace cofre::grammar {
namespace {

TEST(Vocabulary, TokensOfEqualBytesAreAllAllowed) {
  const std::vector<std::string> tokens{"a", "ab", "a", "", "b"};
  const auto vocabulary = std::make_shared<const Vocabulary>(tokens, std::array<TokenId, 1>{3});
  Matcher matcher(std::make_shared<const Masks>(from_regex("ab", "regex"), vocabulary));
  Bits bits(vocabulary->words());
  matcher.fill_mask(bits);
  EXPECT_EQ(bits[0], 0b00111u);
}

TEST(Vocabulary, AnEndMustBeAToken) {
  const std::vector<std::string> tokens{"a"};
  EXPECT_EQ(code_of([&] { Vocabulary(tokens, std::array<TokenId, 1>{1}); }), Code::invalid);
  EXPECT_EQ(code_of([&] { Vocabulary(tokens, std::array<TokenId, 1>{-1}); }), Code::invalid);
}

TEST(Vocabulary, InsideStringsTokensAreCountedInCharacters) {
  const std::vector<std::string> tokens{"ab", "é\"", "\\n", "\xe4\xb8", "\"x", "\x01", "\\", "\xff"};
  const Vocabulary vocabulary(tokens, {});
  const auto& text = vocabulary.text_tokens(json_text::boundary);
  ASSERT_EQ(text.inside.size(), 4u);
  for (const auto& inside : text.inside) {
    EXPECT_EQ(inside.units, inside.token == 0 ? 2 : 1);
    EXPECT_EQ(inside.rest, inside.token == 3 || inside.token == 6 ? 1 : 0);
  }
  ASSERT_EQ(text.closing.size(), 1u);
  EXPECT_EQ(text.closing[0].at, 1u);
  EXPECT_EQ(text.leaving.size(), 1u) << "a token that goes on behind the quote";
  EXPECT_EQ(vocabulary.inside_at_most(json_text::boundary, 1)[0], 0b1001100u);
}

}  // namespace
}  // namespace cofre::grammar
