#include "oidc/provider.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/thrown.h"
#include "oidc/provider_fixture.h"
#include "os/paths.h"

namespace cofre::oidc {
namespace {

class AtProvider : public testing::Test {
 protected:
  AtProvider() {
    std::ofstream(options_.client_secret_file) << TestProvider::secret << '\n';
    open();
  }
  void open() {
    provider_ = std::make_unique<Provider>(
        options_, [this] { return there_.now; }, [this](const http::Outgoing& one) { return there_.answer(one); });
  }
  Trip trip() const { return new_trip("https://box.example/admin/v1/oidc/callback", "/"); }
  Person sign_in() {
    const auto trip = this->trip();
    return provider_->verify(trip, {there_.sign_in(provider_->address_for(trip)), std::nullopt});
  }
  std::string refused() {
    return field_of([&] { sign_in(); });
  }

  os::TemporaryDirectory folder_{testing::TempDir()};
  TestProvider there_;
  Options options_{.issuer = std::string(TestProvider::issuer),
                   .client_id = std::string(TestProvider::client_id),
                   .client_secret_file = (folder_.path() / "secret").string(),
                   .scopes = {"openid", "profile"},
                   .ca_file = {},
                   .name_claim = "preferred_username",
                   .groups_claim = "groups"};
  std::unique_ptr<Provider> provider_;
};

TEST_F(AtProvider, WhoComesBackIsWhoTheTokenSays) {
  const auto person = sign_in();
  EXPECT_EQ(person.subject, "https://sign-in.example 7001");
  EXPECT_EQ(person.name, "ana");
  EXPECT_EQ(person.groups, std::vector<std::string>{"staff"});
}

TEST_F(AtProvider, TheAddressAsksForWhatTheSignInNeeds) {
  there_.configuration["authorization_endpoint"] = "https://sign-in.example/auth?tenant=1";
  const Trip trip{"s", "n", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "https://b/c", "/"};
  EXPECT_EQ(provider_->address_for(trip),
            "https://sign-in.example/auth?tenant=1&response_type=code&client_id=box&redirect_uri=https%3A%2F%2Fb%2Fc"
            "&scope=openid%20profile&state=s&nonce=n"
            "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");  // RFC 7636, B
}

TEST_F(AtProvider, TheSecretsOfATripAreItsOwn) {
  const auto one = trip(), other = trip();
  EXPECT_EQ(one.verifier.size(), 43u);  // RFC 7636 §4.1: at least 43
  EXPECT_NE(one.state, other.state);
  EXPECT_NE(one.nonce, other.nonce);
  EXPECT_NE(one.verifier, other.verifier);
  EXPECT_NE(one.state, one.nonce);
}

TEST_F(AtProvider, ACodeIsGoodOnceAndForItsTripAlone) {
  const auto first = trip(), second = trip();
  const auto code = there_.sign_in(provider_->address_for(first));
  EXPECT_EQ(field_of([&] { provider_->verify(second, {code, {}}); }), "code");  // another verifier
  EXPECT_NO_THROW(provider_->verify(first, {code, {}}));
  EXPECT_EQ(field_of([&] { provider_->verify(first, {code, {}}); }), "code");
}

TEST_F(AtProvider, ATokenOfAnotherSignInIsRefused) {
  there_.claims["nonce"] = "of another";
  EXPECT_EQ(refused(), "nonce");
}

TEST_F(AtProvider, ATokenForOthersOrOfOthersOrTooOldIsRefused) {
  for (const auto& [claim, value] : json::Object{{"iss", "https://evil.example"}, {"aud", "other"}, {"exp", 1000}}) {
    TestProvider fresh;
    there_.claims = fresh.claims;
    there_.claims[claim] = value;
    EXPECT_EQ(refused(), std::string(claim));
  }
}

TEST_F(AtProvider, AnAnswerOfAnotherIssuerIsRefused) {
  const auto trip = this->trip();
  const auto code = there_.sign_in(provider_->address_for(trip));
  EXPECT_EQ(field_of([&] { provider_->verify(trip, {code, "https://evil.example"}); }), "iss");
  EXPECT_NO_THROW(provider_->verify(trip, {code, "https://sign-in.example"}));
}

TEST_F(AtProvider, WhereTheProviderSendsItsIssuerTheAnswerHasIt) {
  there_.configuration["authorization_response_iss_parameter_supported"] = true;
  EXPECT_EQ(refused(), "iss");
}

TEST_F(AtProvider, ANewKeyIsFetchedWhenATokenNamesIt) {
  sign_in();
  sign_in();
  EXPECT_EQ(there_.times_asked("/keys"), 1);
  there_.signer = Signer("RS256", "second");
  EXPECT_EQ(sign_in().name, "ana");
  EXPECT_EQ(there_.times_asked("/keys"), 2);
}

TEST_F(AtProvider, KeysAreNotFetchedForEveryTokenThatNobodySigned) {
  sign_in();
  there_.forger.emplace("ES256", "first");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(refused(), "token");
  EXPECT_EQ(there_.times_asked("/keys"), 2);
  there_.now += 30;
  EXPECT_EQ(refused(), "token");
  EXPECT_EQ(there_.times_asked("/keys"), 3);
  there_.forger.reset();
  EXPECT_EQ(sign_in().name, "ana");
}

TEST_F(AtProvider, WhatItSaysOfItselfIsKeptForAnHour) {
  sign_in();
  there_.now += 3599;
  sign_in();
  EXPECT_EQ(there_.times_asked("/.well-known/openid-configuration"), 1);
  there_.now += 1;
  sign_in();
  EXPECT_EQ(there_.times_asked("/.well-known/openid-configuration"), 2);
  EXPECT_EQ(there_.times_asked("/keys"), 2);
}

TEST_F(AtProvider, AProviderThatDoesNotAnswerIsNotAskedAgainAtOnce) {
  there_.is_down = true;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(code_of([&] { provider_->address_for(trip()); }), Code::unavailable);
  EXPECT_EQ(there_.asked.size(), 1u);
  there_.is_down = false;
  EXPECT_EQ(code_of([&] { provider_->probe(); }), Code::unavailable);
  there_.now += 2;
  EXPECT_NO_THROW(provider_->probe());
}

TEST_F(AtProvider, AConfigurationThatIsNotItsOwnOrNotSafeIsRefused) {
  for (const auto& [name, value] : json::Object{{"issuer", "https://evil.example"},
                                                {"authorization_endpoint", "http://sign-in.example/auth"},
                                                {"token_endpoint", "file:///etc/passwd"},
                                                {"jwks_uri", "https://sign-in.example/ keys"},
                                                {"userinfo_endpoint", 7},
                                                {"code_challenge_methods_supported", json::Array{"plain"}}}) {
    there_.configuration = {{name, value}};
    open();
    EXPECT_EQ(field_of([&] { provider_->probe(); }), std::string(name));
  }
}

TEST_F(AtProvider, TheSecretGoesInTheBodyWhereTheProviderTakesNoOther) {
  there_.configuration["token_endpoint_auth_methods_supported"] = json::Array{"client_secret_post"};
  EXPECT_EQ(sign_in().name, "ana");
}

TEST_F(AtProvider, AWrongSecretIsTold) {
  std::ofstream(options_.client_secret_file) << "wrong";
  const auto error = thrown_by([&] { sign_in(); });
  ASSERT_TRUE(error);
  EXPECT_NE(std::string(error->what()).find("invalid_client"), std::string::npos);
  EXPECT_EQ(std::string(error->what()).find("wrong"), std::string::npos);
  std::ofstream(options_.client_secret_file) << "";
  EXPECT_EQ(refused(), "oidc.client_secret_file");
}

TEST_F(AtProvider, WhatTheTokenDoesNotSayIsAskedAtTheUserinfoEndpoint) {
  there_.configuration["userinfo_endpoint"] = "https://sign-in.example/me";
  sign_in();
  EXPECT_EQ(there_.times_asked("/me"), 0);
  there_.claims = {{"sub", "7001"}};
  there_.userinfo = {{"sub", "7001"}, {"preferred_username", "ana"}, {"groups", "ops"}};
  EXPECT_EQ(sign_in().name, "ana");
  EXPECT_EQ(sign_in().groups, std::vector<std::string>{"ops"});
  there_.userinfo["sub"] = "7002";
  EXPECT_EQ(refused(), "sub");
}

TEST_F(AtProvider, WithoutANameNobodySignsIn) {
  there_.claims = {{"sub", "7001"}};
  EXPECT_EQ(refused(), "preferred_username");
}

TEST_F(AtProvider, AnAddressThatNobodyCheckedIsNoName) {
  options_.name_claim = "email";
  open();
  there_.claims["email"] = "ana@example.org";
  EXPECT_EQ(refused(), "email_verified");
  there_.claims["email_verified"] = "true";
  EXPECT_EQ(refused(), "email_verified");
  there_.claims["email_verified"] = true;
  EXPECT_EQ(sign_in().name, "ana@example.org");
}

TEST_F(AtProvider, GroupsAreNamesOrAreRefused) {
  for (const json::Value& groups : std::initializer_list<json::Value>{7, json::Object{}, json::Array{7}, true}) {
    there_.claims["groups"] = groups;
    EXPECT_EQ(refused(), "groups") << json::dump(groups);
  }
  there_.claims["groups"] = nullptr;
  EXPECT_TRUE(sign_in().groups.empty());
}

}  // namespace
}  // namespace cofre::oidc
