#include "crypto/secret.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"

namespace cofre::crypto {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span(text));
  return {view.begin(), view.end()};
}

// RFC 4231, test case 2 has a short key; HMAC pads it with zeros, so that padded here it is the same.
TEST(Secret, HmacMeetsThePublishedVector) {
  auto key = bytes_of("Jefe");
  key.resize(secret_bytes);
  EXPECT_EQ(hex(hmac_sha256(Secret::from(key), "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Secret, PurposesHaveKeysOfTheirOwn) {
  const auto master = Secret::random();
  EXPECT_EQ(master.derive("store").hex(), master.derive("store").hex());
  EXPECT_NE(master.derive("store").hex(), master.derive("keys").hex());
  EXPECT_NE(master.derive("store").hex(), master.hex());
  EXPECT_NE(Secret::random().hex(), Secret::random().hex());
}

TEST(Secret, HasThirtyTwoBytes) {
  EXPECT_THROW(Secret::from(bytes_of("short")), Error);
  EXPECT_THROW(Secret::from(std::vector<std::byte>(33)), Error);
}

// RFC 4231 §4.3 and §4.7.
TEST(Secret, AKeyOfAnyLengthSigns) {
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  const auto key = Secret::random();
  const std::string_view same(reinterpret_cast<const char*>(key.bytes().data()), key.bytes().size());
  EXPECT_EQ(hmac_sha256(same, "text"), hmac_sha256(key, "text"));
}

TEST(Secret, TextsOfBytes) {
  EXPECT_EQ(base64url(bytes_of("foobar")), "Zm9vYmFy");
  EXPECT_EQ(base64url(bytes_of("\xff\xfe")), "__4");
  EXPECT_EQ(base64url({}), "");
  EXPECT_EQ(hex(bytes_of("\x01\xaf")), "01af");
}

TEST(Secret, EqualComparesLengthAndBytes) {
  EXPECT_TRUE(equal(bytes_of("abc"), bytes_of("abc")));
  EXPECT_FALSE(equal(bytes_of("abc"), bytes_of("abd")));
  EXPECT_FALSE(equal(bytes_of("abc"), bytes_of("ab")));
  EXPECT_TRUE(equal({}, {}));
}

}  // namespace
}  // namespace cofre::crypto
