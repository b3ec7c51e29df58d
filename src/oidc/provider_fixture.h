#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/calls.h"
#include "http/message.h"
#include "json/json.h"
#include "oidc/hash.h"
#include "oidc/signer_fixture.h"

namespace cofre::oidc {

/// For tests: a provider of OpenID Connect in this process. It tells its configuration and its keys, gives tokens for
/// codes (once, by PKCE) and userinfo.
class TestProvider {
 public:
  static constexpr std::string_view issuer = "https://sign-in.example";
  static constexpr std::string_view client_id = "box";
  static constexpr std::string_view secret = "s3cret & more";

  std::int64_t now = 1'795'608'000;
  Signer signer{"ES256", "first"};
  std::optional<Signer> forger;  ///< signs tokens in its place, by a key that is not told
  json::Object configuration;    ///< instead of and beside what it says of itself
  json::Object claims{{"sub", "7001"}, {"preferred_username", "ana"}, {"groups", json::Array{"staff"}}};  ///< likewise
  json::Object userinfo;
  bool is_down = false;
  std::vector<std::string> asked;  ///< paths, in their order

  /// What the person does there: the code that the browser takes back. `address`: where it was sent.
  std::string sign_in(const std::string& address) {
    const auto query = address.substr(address.find('?') + 1);
    CHECK(parameter(query, "response_type") == "code" && parameter(query, "client_id") == client_id);
    CHECK(parameter(query, "code_challenge_method") == "S256");
    codes_.push_back({fmt::format("code {}", codes_.size()), parameter(query, "nonce"),
                      parameter(query, "code_challenge"), parameter(query, "redirect_uri")});
    return codes_.back().code;
  }

  http::Incoming answer(const http::Outgoing& request) {
    CHECK(request.url.starts_with(issuer));
    const auto path = request.url.substr(issuer.size());
    asked.push_back(path);
    if (is_down) fail(Code::unavailable, "{}: connection refused", request.url);
    if (path == "/token") return token(request);
    if (path == "/keys") return as_json(200, {{"keys", json::Array{signer.public_key()}}});
    if (path == "/me") return request.key.starts_with("access ") ? as_json(200, userinfo) : as_json(401, {});
    CHECK(path == "/.well-known/openid-configuration");
    const std::string base(issuer);
    json::Object object{{"issuer", base},
                        {"authorization_endpoint", base + "/auth"},
                        {"token_endpoint", base + "/token"},
                        {"jwks_uri", base + "/keys"}};
    for (const auto& [name, value] : configuration) object[name] = value;
    return as_json(200, object);
  }

  std::ptrdiff_t times_asked(std::string_view path) const { return std::count(asked.begin(), asked.end(), path); }

 private:
  struct Given {
    std::string code, nonce, challenge, redirect;
  };

  static http::Incoming as_json(long status, const json::Object& object) { return {status, json::dump(object)}; }
  /// Of a form, or of a query.
  static std::string parameter(std::string_view form, std::string_view name) {
    http::Request request;
    request.query = form;
    return request.parameter(name).value_or("");
  }

  http::Incoming token(const http::Outgoing& request) {
    const auto& form = request.body;
    const bool by_header =
        request.user == http::percent_encode(client_id) && request.password == http::percent_encode(secret);
    const bool by_body = parameter(form, "client_id") == client_id && parameter(form, "client_secret") == secret;
    if (by_header == by_body) return as_json(401, {{"error", "invalid_client"}});
    const auto given = std::find_if(codes_.begin(), codes_.end(),
                                    [&](const Given& one) { return one.code == parameter(form, "code"); });
    if (given == codes_.end() || given->challenge != hash_text("SHA256", parameter(form, "code_verifier")) ||
        given->redirect != parameter(form, "redirect_uri")) {
      return as_json(400, {{"error", "invalid_grant"}, {"error_description", "grant request is invalid"}});
    }
    const auto access = "access " + std::exchange(given->code, "gone");
    json::Object object{{"iss", issuer}, {"aud", client_id},      {"exp", now + 300},
                        {"iat", now},    {"nonce", given->nonce}, {"at_hash", half_hash_text("SHA256", access)}};
    for (const auto& [name, value] : claims) object[name] = value;
    return as_json(
        200,
        {{"id_token", (forger ? *forger : signer).sign(object)}, {"access_token", access}, {"token_type", "Bearer"}});
  }

  std::vector<Given> codes_;
};

}  // namespace cofre::oidc
