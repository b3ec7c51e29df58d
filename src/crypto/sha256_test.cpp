#include "crypto/sha256.h"

#include <gtest/gtest.h>

namespace cofre::crypto {
namespace {

// FIPS 180-4 examples and NIST's long message.
TEST(Sha256, MeetsThePublishedVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheSumOfTheWhole) {
  const std::string text(1000, 'x');
  for (const std::size_t piece : {1u, 63u, 64u, 65u, 999u}) {
    Sha256 sum;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      sum.update(std::as_bytes(std::span(text).subspan(at, std::min(piece, text.size() - at))));
    }
    EXPECT_EQ(sum.hex(), sha256_hex(text)) << piece;
  }
}

TEST(Sha256, BeginsAnewAfterASum) {
  Sha256 sum;
  sum.update(std::as_bytes(std::span(std::string_view("abc"))));
  sum.hex();
  EXPECT_EQ(sum.hex(), sha256_hex(""));
}

TEST(Sha256, OnlySixtyFourLowerCaseHexDigitsAreASum) {
  EXPECT_TRUE(is_sha256(sha256_hex("x")));
  EXPECT_FALSE(is_sha256(""));
  EXPECT_FALSE(is_sha256(std::string(63, 'a')));
  EXPECT_FALSE(is_sha256(std::string(65, 'a')));
  EXPECT_FALSE(is_sha256(std::string(64, 'A')));
  EXPECT_FALSE(is_sha256(std::string(64, 'g')));
}

}  // namespace
}  // namespace cofre::crypto
