#include "oidc/claims.h"

#include <gtest/gtest.h>

#include "base/thrown.h"

namespace cofre::oidc {
namespace {

constexpr std::int64_t now = 1'795'608'000;
const Expected expected{.issuer = "https://a.example",
                        .client_id = "box",
                        .nonce = "n1",
                        .access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
                        .now = now};

json::Object good() {
  return {{"iss", "https://a.example"}, {"sub", "7"}, {"aud", "box"},
          {"exp", now + 300},           {"iat", now}, {"nonce", "n1"}};
}

/// The claim that is refused when this one is so; "no error" where all are good.
std::string refused(std::string_view name, const json::Value& value) {
  auto claims = good();
  claims[name] = value;
  return field_of([&] { checked_claims({"RS256", json::dump(claims)}, expected); });
}
std::string refused_without(std::string_view name) {
  auto claims = good();
  claims.erase(name);
  return field_of([&] { checked_claims({"RS256", json::dump(claims)}, expected); });
}

TEST(Claims, GoodOnesAreTaken) { EXPECT_EQ(checked_claims({"RS256", json::dump(good())}, expected).at("sub"), "7"); }

TEST(Claims, EachThatMustBeThereIsMissedByName) {
  for (const char* name : {"iss", "sub", "aud", "exp", "iat", "nonce"}) EXPECT_EQ(refused_without(name), name);
}

TEST(Claims, AnotherIssuerIsRefused) {
  for (const char* issuer : {"https://b.example", "https://a.example/", "HTTPS://A.EXAMPLE", ""}) {
    EXPECT_EQ(refused("iss", issuer), "iss") << issuer;
  }
  EXPECT_EQ(refused("iss", json::Array{"https://a.example"}), "iss");
}

TEST(Claims, AnotherAudienceIsRefused) {
  for (const json::Value& audience : std::initializer_list<json::Value>{
           "other", "", "BOX", 7, nullptr, json::Array{}, json::Array{"other"}, json::Object{{"box", 1}}}) {
    EXPECT_EQ(refused("aud", audience), "aud") << json::dump(audience);
  }
  EXPECT_EQ(refused("aud", json::Array{"box"}), "no error");
}

TEST(Claims, OfSeveralAudiencesTheAuthorizedPartyMustBeThisBox) {
  EXPECT_EQ(refused("aud", json::Array{"box", "other"}), "azp");
  EXPECT_EQ(refused("azp", "other"), "azp");
  EXPECT_EQ(refused("azp", "box"), "no error");
  auto claims = good();
  claims["aud"] = json::Array{"other", "box"};
  claims["azp"] = "box";
  EXPECT_NO_THROW(checked_claims({"RS256", json::dump(claims)}, expected));
}

TEST(Claims, ATokenIsGoodWhileItsTimeLastsButForAMinuteOfSkew) {
  EXPECT_EQ(refused("exp", now - clock_skew_s), "exp");
  EXPECT_EQ(refused("exp", now - clock_skew_s + 1), "no error");
  EXPECT_EQ(refused("iat", now + clock_skew_s + 1), "iat");
  EXPECT_EQ(refused("iat", now + clock_skew_s), "no error");
  EXPECT_EQ(refused("nbf", now + clock_skew_s + 1), "nbf");
  EXPECT_EQ(refused("nbf", now), "no error");
  EXPECT_EQ(refused("exp", static_cast<double>(now) + 1.5), "no error");
}

TEST(Claims, WhatIsNoTimeIsRefused) {
  for (const json::Value& time :
       std::initializer_list<json::Value>{"1795608000", -1, 1e300, nullptr, true, json::Array{}}) {
    EXPECT_EQ(refused("exp", time), "exp") << json::dump(time);
    EXPECT_EQ(refused("iat", time), "iat") << json::dump(time);
    EXPECT_EQ(refused("nbf", time), "nbf") << json::dump(time);
  }
}

TEST(Claims, TheNonceOfAnotherSignInIsRefused) {
  for (const char* nonce : {"n2", "n", "n11", ""}) EXPECT_EQ(refused("nonce", nonce), "nonce") << nonce;
}

TEST(Claims, ASubjectIsATextOfAtMost255Bytes) {
  EXPECT_EQ(refused("sub", ""), "sub");
  EXPECT_EQ(refused("sub", 7), "sub");
  EXPECT_EQ(refused("sub", json::Value(std::string(256, 'a'))), "sub");
  EXPECT_EQ(refused("sub", json::Value(std::string(255, 'a'))), "no error");
}

TEST(Claims, AnAccessTokenOfAnotherIsRefused) {
  EXPECT_EQ(refused("at_hash", "77QmUPtjPfzWtF2AnpK9RQ"), "no error");
  EXPECT_EQ(refused("at_hash", "77QmUPtjPfzWtF2AnpK9RA"), "at_hash");
  EXPECT_EQ(refused("at_hash", nullptr), "at_hash");
}

TEST(Claims, WhatIsNoObjectIsRefused) {
  for (const char* text : {"", "[]", "1", "{", "{}x"}) {
    EXPECT_EQ(code_of([&] { checked_claims({"RS256", text}, expected); }), Code::invalid) << text;
  }
}

}  // namespace
}  // namespace cofre::oidc
