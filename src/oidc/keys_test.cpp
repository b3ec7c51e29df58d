#include "oidc/keys.h"

#include <gtest/gtest.h>

#include "base/thrown.h"
#include "crypto/sign.h"
#include "oidc/signer_fixture.h"

namespace cofre::oidc {
namespace {

KeySet set_of(std::initializer_list<json::Object> keys) {
  json::Array list;
  for (const auto& key : keys) list.push_back(key);
  return KeySet::parse(json::dump(json::Object{{"keys", list}}));
}

std::string part(const json::Object& object) {
  const auto text = json::dump(object);
  return crypto::base64url(std::as_bytes(std::span(text)));
}

const Signer& rsa() {
  static const Signer signer("RS256", "rsa");
  return signer;
}

const json::Object hello{{"hello", "world"}};

TEST(Keys, OpenWhatEachAlgorithmSigned) {
  for (const char* algorithm : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}) {
    const Signer signer(algorithm, "a");
    const auto opened = set_of({signer.public_key()}).open(signer.sign(hello));
    EXPECT_EQ(opened.algorithm, algorithm);
    EXPECT_EQ(opened.payload, R"({"hello":"world"})");
  }
}

TEST(Keys, OpenWhatEd25519Signed) {
  const crypto::SigningKey key(crypto::Secret::random());
  const json::Object jwk{{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", key.public_key()}, {"kid", "e"}};
  const auto signed_part = part({{"alg", "EdDSA"}, {"kid", "e"}}) + "." + part(hello);
  const auto keys = set_of({jwk});
  EXPECT_EQ(keys.open(signed_part + "." + key.sign(signed_part)).payload, R"({"hello":"world"})");
  const crypto::SigningKey other(crypto::Secret::random());
  EXPECT_EQ(field_of([&] { keys.open(signed_part + "." + other.sign(signed_part)); }), "token");
}

TEST(Keys, TheOneThatTheTokenNamesMustHaveSignedIt) {
  const Signer first("ES256", "first"), second("ES256", "second");
  const auto keys = set_of({first.public_key(), second.public_key()});
  EXPECT_NO_THROW(keys.open(second.sign(hello)));
  EXPECT_EQ(field_of([&] { keys.open(second.sign(hello, {{"kid", "first"}})); }), "token");
  EXPECT_EQ(field_of([&] { keys.open(second.sign(hello, {{"kid", "third"}})); }), "token");
  EXPECT_NO_THROW(keys.open(second.sign(hello, {{"kid", nullptr}})));
}

TEST(Keys, NothingSignedByNoneIsTaken) {
  const auto keys = set_of({rsa().public_key()});
  for (const char* none : {"none", "None", "NONE", ""}) {
    const auto token = part({{"alg", none}, {"kid", "rsa"}}) + "." + part(hello) + ".";
    EXPECT_EQ(field_of([&] { keys.open(token); }), "token") << none;
  }
  EXPECT_EQ(field_of([&] { keys.open(part({{"kid", "rsa"}}) + "." + part(hello) + "."); }), "token");
}

// The attack on those who take the algorithm from the token alone: the public key as the secret of an HMAC.
TEST(Keys, AnHmacUnderThePublicKeyIsNoSignature) {
  const auto keys = set_of({rsa().public_key()});
  const auto jwk = json::dump(rsa().public_key());
  for (const auto& secret : {jwk, std::string(rsa().public_key().at("n").as_string())}) {
    EXPECT_EQ(field_of([&] { keys.open(Signer::of_secret("rsa", secret).sign(hello)); }), "token");
  }
  // And a set that says it is a secret has none that signs.
  const json::Object secret{{"kty", "oct"}, {"k", "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}, {"kid", "rsa"}};
  EXPECT_EQ(set_of({secret}).size(), 0u);
}

TEST(Keys, AnotherAlgorithmThanTheKeysIsRefused) {
  const auto keys = set_of({rsa().public_key()});
  EXPECT_EQ(field_of([&] { keys.open(rsa().sign(hello, {{"alg", "PS256"}})); }), "token");
  EXPECT_EQ(field_of([&] { keys.open(rsa().sign(hello, {{"alg", "RS512"}})); }), "token");
}

TEST(Keys, AChangedTokenIsRefused) {
  const auto keys = set_of({rsa().public_key()});
  const auto token = rsa().sign(hello);
  EXPECT_NO_THROW(keys.open(token));
  for (std::size_t at = 0; at < token.size(); at += 7) {
    auto changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(code_of([&] { keys.open(changed); }), Code::invalid) << at;
  }
  EXPECT_EQ(field_of([&] { keys.open(token + ".x"); }), "token");
  EXPECT_EQ(field_of([&] { keys.open(token.substr(0, token.rfind('.'))); }), "token");
  EXPECT_EQ(field_of([&] { keys.open(std::string(token_bytes_max, 'a') + token); }), "token");
}

TEST(Keys, WhatTheHeaderDemandsAndIsNotKnownIsRefused) {
  const auto token = rsa().sign(hello, {{"crit", json::Array{"b64"}}});
  EXPECT_EQ(field_of([&] { set_of({rsa().public_key()}).open(token); }), "token");
}

TEST(Keys, ThoseThatSignNothingOrAreWeakAreLeftOut) {
  auto encrypts = rsa().public_key(), wraps = rsa().public_key();
  encrypts["use"] = "enc";
  wraps["key_ops"] = json::Array{"wrapKey"};
  auto off_curve = Signer("ES256", "a").public_key();
  off_curve["y"] = off_curve["x"];
  const json::Object unknown{{"kty", "LMS"}, {"kid", "a"}}, empty{};
  EXPECT_EQ(set_of({encrypts, wraps, off_curve, unknown, empty, Signer("RS256", "weak", 1024).public_key()}).size(),
            0u);
  EXPECT_EQ(set_of({rsa().public_key(), unknown}).size(), 1u);
}

// libcjose aborts at such texts.
TEST(Keys, WhatIsNotBase64urlDoesNotEndTheProcess) {
  for (const char* text : {"A=AB", "=", "====", "A===", "AB=A", "A", "AAAAA", "", "+/", "A B"}) {
    const json::Object key{{"kty", "RSA"}, {"n", text}, {"e", text}, {"kid", "rsa"}};
    const json::Object point{{"kty", "EC"}, {"crv", "P-256"}, {"x", text}, {"y", text}};
    EXPECT_EQ(set_of({key, point}).size(), 0u) << text;
    const auto token = rsa().sign(hello);
    const auto keys = set_of({rsa().public_key()});
    const auto signature = token.rfind('.') + 1, payload = token.find('.') + 1;
    EXPECT_EQ(field_of([&] { keys.open(token.substr(0, signature) + text); }), "token") << text;
    EXPECT_EQ(field_of([&] { keys.open(token.substr(0, payload) + text + token.substr(signature - 1)); }), "token")
        << text;
  }
}

TEST(Keys, WhatIsNoSetIsRefused) {
  for (const char* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[1]})", "{\"keys\":[", "null"}) {
    EXPECT_EQ(code_of([&] { KeySet::parse(text); }), Code::invalid) << text;
  }
  EXPECT_EQ(field_of([] { KeySet::parse(std::string(keys_bytes_max + 1, ' ')); }), "keys");
}

// OpenID Connect Core, appendix A.4.
TEST(Keys, TheHashOfAnAccessTokenIsThatOfTheStandard) {
  EXPECT_TRUE(is_half_hash("77QmUPtjPfzWtF2AnpK9RQ", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS256"));
  EXPECT_FALSE(is_half_hash("77QmUPtjPfzWtF2AnpK9RQ", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS512"));
  EXPECT_FALSE(is_half_hash("77QmUPtjPfzWtF2AnpK9RQ", "another", "RS256"));
  EXPECT_FALSE(is_half_hash("", "another", "none"));
}

}  // namespace
}  // namespace cofre::oidc
