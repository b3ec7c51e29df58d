#include <gtest/gtest.h>

#include "crypto/password.h"
#include "crypto/totp.h"

namespace cofre::crypto {
namespace {

constexpr PasswordCost cheap{1, 8 << 20};

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(Password, IsKnownByItsHashAlone) {
  const auto hash = hash_password("correct horse", cheap);
  EXPECT_TRUE(hash.starts_with("$argon2id$"));
  EXPECT_TRUE(is_password(hash, "correct horse"));
  EXPECT_FALSE(is_password(hash, "correct hors"));
  EXPECT_FALSE(is_password("nonsense", "correct horse"));
  EXPECT_NE(hash, hash_password("correct horse", cheap));
}

TEST(Totp, GivesTheCodesOfTheRfc) {  // RFC 6238 appendix B, the last six digits
  const auto secret = bytes("12345678901234567890");
  EXPECT_EQ(totp_code(secret, 59 / totp_step_s), "287082");
  EXPECT_EQ(totp_code(secret, 1111111109 / totp_step_s), "081804");
  EXPECT_EQ(totp_code(secret, 20000000000 / totp_step_s), "353130");
}

TEST(Base32, IsAsInTheRfc) {  // RFC 4648 §10
  EXPECT_EQ(base32(bytes("foobar")), "MZXW6YTBOI");
  EXPECT_EQ(base32(bytes("f")), "MY");
  EXPECT_EQ(base32(bytes("")), "");
}

}  // namespace
}  // namespace cofre::crypto
