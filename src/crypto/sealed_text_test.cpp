#include "crypto/sealed_text.h"

#include <gtest/gtest.h>

#include "crypto/sign.h"

namespace cofre::crypto {
namespace {

TEST(SealedText, OpensUnderItsKeyAndContextAlone) {
  const auto key = Secret::random();
  const auto sealed = seal_text(key, "alice", "record 7");
  EXPECT_EQ(sealed.find("alice"), sealed.npos);
  EXPECT_EQ(unseal_text(key, sealed, "record 7"), "alice");
  EXPECT_EQ(unseal_text(key, sealed, "record 8"), std::nullopt);
  EXPECT_EQ(unseal_text(Secret::random(), sealed, "record 7"), std::nullopt);
  EXPECT_NE(seal_text(key, "alice", "record 7"), sealed) << "a nonce was used twice";
  EXPECT_EQ(unseal_text(key, seal_text(key, "", ""), ""), "");
}

TEST(SealedText, EveryChangedOrMissingLetterIsFound) {
  const auto key = Secret::random();
  const auto sealed = seal_text(key, "alice", "");
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    std::string changed = sealed;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    // The last letter carries bits that belong to no byte: a change there may be no base64url at all.
    EXPECT_EQ(unseal_text(key, changed, ""), std::nullopt) << at;
    EXPECT_EQ(unseal_text(key, sealed.substr(0, at), ""), std::nullopt) << at;
  }
}

// RFC 8032, §7.1, test 1.
TEST(SigningKey, MeetsThePublishedVector) {
  const auto bytes = [](std::string_view hex_digits) {
    std::vector<std::byte> out;
    for (std::size_t i = 0; i < hex_digits.size(); i += 2)
      out.push_back(static_cast<std::byte>(std::stoi(std::string(hex_digits.substr(i, 2)), nullptr, 16)));
    return out;
  };
  const SigningKey key(Secret::from(bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")));
  EXPECT_EQ(key.public_key(), base64url(bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")));
  EXPECT_EQ(key.sign(""),
            base64url(bytes("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33b"
                            "acc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")));
}

TEST(SigningKey, SignaturesSpeakOfOneText) {
  const SigningKey key(Secret::random()), other(Secret::random());
  const auto signature = key.sign("text");
  EXPECT_TRUE(is_signature(key.public_key(), "text", signature));
  EXPECT_FALSE(is_signature(key.public_key(), "texT", signature));
  EXPECT_FALSE(is_signature(other.public_key(), "text", signature));
  EXPECT_FALSE(is_signature(key.public_key(), "text", "short"));
  EXPECT_FALSE(is_signature("*", "text", signature));
}

}  // namespace
}  // namespace cofre::crypto
