#include "gateway/admin/oidc.h"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>

#include "crypto/totp.h"
#include "gateway/fixture.h"
#include "oidc/provider_fixture.h"

namespace cofre::gateway::admin {
namespace {

using accounts::Role;

std::string first_match(const std::string& text, const char* pattern) {
  std::smatch found;
  return std::regex_search(text, found, std::regex(pattern)) ? found[1].str() : std::string();
}

/// What the browser keeps of an answer: "name=value".
std::string cookie_of(const std::string& answer, const std::string& name) {
  const auto value = first_match(answer, ("Set-Cookie: " + name + "=([^;]*)").c_str());
  return value.empty() ? std::string() : name + "=" + value;
}

/// A box with a provider, and a browser.
class CompanySignInRoutes : public GatewayTest {
 protected:
  CompanySignInRoutes() {
    accounts.policy.cost = {1, 8 << 20};
    accounts.base_url = "https://box.example:8443";
    accounts.signed_in = [this](const accounts::Accounts::SignedIn& one) {
      signed_in.push_back({one.name, one.owner});
    };
    std::ofstream(folder.path() / "secret") << oidc::TestProvider::secret;
    settings.company.emplace(CompanySignIn{provider, users, "Company <account>", "",
                                           [this](const std::string& text) { noted += text + "\n"; }});
  }

  std::string get(const std::string& path, const std::string& cookie = {}) {
    return ask_as(cookie.empty() ? "" : "Cookie: " + cookie + "\r\n", "GET", path);
  }

  struct Started {
    std::string address, cookie, state;
  };
  Started depart(const std::string& query = {}) {
    const auto answer = get("/admin/v1/oidc/start" + query);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 302")) << answer;
    const auto address = first_match(answer, "Location: ([^\r]*)");
    return {address, cookie_of(answer, "__Host-cofre-oidc"), first_match(address, "state=([^&]*)")};
  }
  std::string callback(const std::string& code, const std::string& state, const std::string& cookie) {
    return get("/admin/v1/oidc/callback?code=" + http::percent_encode(code) + "&state=" + state, cookie);
  }
  /// The answer to a browser that comes back from where it was sent.
  std::string sign_in(const std::string& query = {}) {
    const auto begun = depart(query);
    return callback(there.sign_in(begun.address), begun.state, begun.cookie);
  }
  accounts::Owner ana() { return accounts.directory.owner_named(accounts::home_tenant, "ana"); }

  oidc::TestProvider there;
  oidc::Provider provider{{.issuer = std::string(oidc::TestProvider::issuer),
                           .client_id = std::string(oidc::TestProvider::client_id),
                           .client_secret_file = (folder.path() / "secret").string(),
                           .scopes = {"openid"},
                           .ca_file = {},
                           .name_claim = "preferred_username",
                           .groups_claim = "groups"},
                          [this] { return there.now; },
                          [this](const http::Outgoing& request) { return there.answer(request); }};
  accounts::VouchedUsers users{
      database, database_mutex, accounts, {.source = "oidc", .groups = {{"staff", "home", "", {Role::user}}}}};
  std::vector<std::pair<std::string, std::int64_t>> signed_in;
  std::string noted;
};

TEST_F(CompanySignInRoutes, WhoComesBackHasASession) {
  const auto answer = sign_in();
  ASSERT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
  EXPECT_TRUE(has(answer, "signed in as ana"));
  EXPECT_TRUE(has(answer, "content=\"0;url=/\""));
  EXPECT_TRUE(has(answer, "SameSite=Strict"));
  EXPECT_TRUE(has(answer, "__Host-cofre-oidc=; "));
  const auto session = get("/admin/v1/session", cookie_of(answer, "__Host-cofre"));
  EXPECT_TRUE(has(session, R"("name":"ana")") && has(session, R"("kept_by":"oidc")")) << session;
  EXPECT_EQ(signed_in.back(), std::pair(std::string("ana"), ana().id));
}

TEST_F(CompanySignInRoutes, TheBrowserIsSentWithACookieThatComesBackFromAnotherSite) {
  const auto answer = get("/admin/v1/oidc/start");
  EXPECT_TRUE(has(answer, "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600")) << answer;
  EXPECT_TRUE(has(answer, "redirect_uri=https%3A%2F%2Fbox.example%3A8443%2Fadmin%2Fv1%2Foidc%2Fcallback")) << answer;
  EXPECT_TRUE(has(answer, "Cache-Control: no-store"));
}

TEST_F(CompanySignInRoutes, AStateIsGoodOnce) {
  const auto begun = depart();
  const auto code = there.sign_in(begun.address);
  EXPECT_TRUE(callback(code, begun.state, begun.cookie).starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(callback(code, begun.state, begun.cookie).starts_with("HTTP/1.1 400"));
  EXPECT_EQ(there.times_asked("/token"), 1);
}

TEST_F(CompanySignInRoutes, AnotherBrowsersOrNobodysStateIsRefused) {
  const auto mine = depart(), others = depart();
  const auto code = there.sign_in(mine.address);
  for (const auto& [state, cookie] : std::vector<std::pair<std::string, std::string>>{{mine.state, ""},
                                                                                      {mine.state, others.cookie},
                                                                                      {others.state, mine.cookie},
                                                                                      {"", mine.cookie},
                                                                                      {"x", mine.cookie}}) {
    const auto answer = callback(code, state, cookie);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
    EXPECT_EQ(cookie_of(answer, "__Host-cofre"), "");
  }
  EXPECT_EQ(there.times_asked("/token"), 0);
  EXPECT_TRUE(callback(code, mine.state, mine.cookie).starts_with("HTTP/1.1 200"));  // nobody took it away
}

TEST_F(CompanySignInRoutes, ACodeOfAnotherSignInIsRefused) {
  const auto victim = depart(), own = depart();
  const auto code = there.sign_in(victim.address);
  const auto answer = callback(code, own.state, own.cookie);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
  EXPECT_TRUE(has(noted, "invalid_grant")) << noted;
  EXPECT_FALSE(has(noted, code));
}

TEST_F(CompanySignInRoutes, ATokenOfAnotherSignInIsRefused) {
  there.claims["nonce"] = "of another";
  EXPECT_TRUE(sign_in().starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(has(noted, "nonce")) << noted;
  EXPECT_EQ(signed_in.back().second, 0);
  EXPECT_FALSE(accounts.directory.find_owner(accounts::home_tenant, "ana"));
}

TEST_F(CompanySignInRoutes, WhoIsInNoGroupStaysOutside) {
  there.claims["groups"] = json::Array{"guests"};
  EXPECT_TRUE(sign_in().starts_with("HTTP/1.1 403"));
  EXPECT_EQ(signed_in.back(), std::pair(std::string("ana"), std::int64_t{0}));
}

TEST_F(CompanySignInRoutes, WhoIsSuspendedStaysOutside) {
  sign_in();
  accounts.directory.set_owner_state(ana().id, accounts::State::suspended);
  EXPECT_TRUE(sign_in().starts_with("HTTP/1.1 403"));
}

TEST_F(CompanySignInRoutes, WhatTheProviderRefusesIsTold) {
  const auto begun = depart();
  const auto answer = get(
      "/admin/v1/oidc/callback?error=access_denied&error_description=%3Cscript%3E&state=" + begun.state, begun.cookie);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(has(answer, "access_denied"));
  EXPECT_FALSE(has(answer, "<script>"));
}

TEST_F(CompanySignInRoutes, AProviderThatIsDownIsTold) {
  there.is_down = true;
  const auto answer = get("/admin/v1/oidc/start");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503")) << answer;
  EXPECT_TRUE(has(noted, "connection refused"));
}

TEST_F(CompanySignInRoutes, TheSecondFactorIsAskedForBeforeThereIsASession) {
  sign_in();
  const auto secret = accounts.sign_in.begin_factor(ana().id);
  const auto step = accounts.clock() / crypto::totp_step_s;
  const auto codes = accounts.sign_in.confirm_factor(ana().id, crypto::totp_code(secret, step));
  const auto asked = sign_in("?return_to=/console/");
  EXPECT_TRUE(has(asked, "<form")) << asked;
  EXPECT_EQ(cookie_of(asked, "__Host-cofre"), "");
  const auto cookie = "Cookie: " + cookie_of(asked, "__Host-cofre-oidc") + "\r\n";
  const auto give = [&](const std::string& text, const std::string& with) {
    return ask_as(with, "POST", "/admin/v1/oidc/code", "code=" + text);
  };
  EXPECT_TRUE(give(codes.at(0), "").starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(give("000", cookie).starts_with("HTTP/1.1 401"));
  EXPECT_TRUE(give("", cookie).starts_with("HTTP/1.1 400"));
  const auto welcome = give(codes.at(0), cookie);
  EXPECT_TRUE(has(welcome, "content=\"0;url=/console/\"")) << welcome;
  EXPECT_TRUE(has(get("/admin/v1/session", cookie_of(welcome, "__Host-cofre")), "\"ana\""));
  EXPECT_TRUE(give(codes.at(1), cookie).starts_with("HTTP/1.1 400"));
}

TEST_F(CompanySignInRoutes, ASecondFactorIsSetUpWithoutAPassword) {
  const auto session = cookie_of(sign_in(), "__Host-cofre");
  const auto token = accounts.sessions.csrf_token(session.substr(session.find('=') + 1));
  const auto answer = ask_as(fmt::format("Cookie: {}\r\nX-CSRF-Token: {}\r\n", session, token), "POST",
                             "/admin/v1/me/second-factor", "{}");
  EXPECT_TRUE(has(answer, "\"secret\"")) << answer;
}

TEST_F(CompanySignInRoutes, OnlyAPathOfTheBoxIsGoneBackTo) {
  const auto answer = sign_in("?return_to=/console/chats%3Fa%3D1%26b");
  EXPECT_TRUE(has(answer, "content=\"0;url=/console/chats?a=1&amp;b\"")) << answer;
  for (const char* other :
       {"//evil.example", "https://evil.example", "/%5Cevil.example", "evil", "/a%22b", "/a%0D%0Ab"}) {
    EXPECT_TRUE(get(std::string("/admin/v1/oidc/start?return_to=") + other).starts_with("HTTP/1.1 400")) << other;
  }
}

TEST_F(CompanySignInRoutes, TheButtonIsDescribedForAnybody) {
  const auto answer = get("/admin/v1/oidc");
  EXPECT_TRUE(
      has(answer,
          R"({"providers":[{"label":"Company <account>","start":"https://box.example:8443/admin/v1/oidc/start"}]})"))
      << answer;
}

TEST_F(CompanySignInRoutes, WhoOnlyLooksAheadTakesNothing) {
  const auto begun = depart();
  const auto path = "/admin/v1/oidc/callback?code=x&state=" + begun.state;
  EXPECT_TRUE(ask_as("Cookie: " + begun.cookie + "\r\n", "HEAD", path).starts_with("HTTP/1.1 405"));
  EXPECT_TRUE(callback(there.sign_in(begun.address), begun.state, begun.cookie).starts_with("HTTP/1.1 200"));
}

}  // namespace
}  // namespace cofre::gateway::admin
