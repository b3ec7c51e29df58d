// Passkeys over HTTP: the software authenticator stands for a browser.
#include <gtest/gtest.h>

#include "gateway/gateway.h"
#include "gateway/replay_models.h"
#include "http/raw_client.h"
#include "http/server.h"
#include "os/paths.h"
#include "webauthn/authenticator_fixture.h"

namespace cofre::gateway::admin {
namespace {

using json::Object;

constexpr const char* password = "correct horse battery";

std::string encoded(std::string_view text) { return crypto::base64url(std::as_bytes(std::span(text))); }

class PasskeyRoutes : public testing::Test {
 protected:
  PasskeyRoutes() {
    accounts.policy.cost = {1, 8 << 20};
    accounts.signed_in = [&](const accounts::Accounts::SignedIn& one) { tried.push_back(one); };
    accounts::Owner wanted;
    wanted.tenant = accounts::home_tenant;
    wanted.name = "ana";
    wanted.roles = {accounts::Role::user};
    ana = accounts.directory.create_owner(wanted).id;
    accounts.sign_in.set_password(ana, password);
    gateway = std::make_unique<Gateway>(models, accounts, records, Settings{});
    server = std::make_unique<http::Server>(http::Options{}, *gateway);
  }

  int post(std::string_view path, const Object& body, std::string_view headers = "") {
    const auto text = json::dump(body);
    http::RawClient client(server->port());
    client.send(
        fmt::format("POST /admin/v1{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{}\r\n{}",
                    path, host, text.size(), headers, text));
    last = client.wait_for_end();
    const auto begin = last.find("\r\n\r\n");
    answer = begin == last.npos ? Object() : json::parse(last.substr(begin + 4)).as_object();
    return last.starts_with("HTTP/1.1 ") ? std::atoi(last.c_str() + 9) : 0;
  }
  std::string param() const { return std::string(json::string_at(answer.at("error").as_object(), "param")); }
  Object options() const { return answer.at("publicKey").as_object(); }
  /// Signed in, with the headers that its requests have.
  std::string signed_in() {
    EXPECT_EQ(post("/session", {{"name", "ana"}, {"password", password}}), 200) << last;
    const auto begin = last.find("__Host-cofre=");
    return fmt::format("Cookie: {}\r\nX-CSRF-Token: {}\r\n", last.substr(begin, last.find(';', begin) - begin),
                       json::string_at(answer, "csrf_token"));
  }
  Object created(const Object& from) const {
    const auto made = phone.make(json::string_at(from, "challenge"));
    return {{"id", encoded(phone.id)},
            {"response", Object{{"clientDataJSON", encoded(made.client_data)},
                                {"attestationObject", encoded(made.attestation)},
                                {"transports", json::Array{"internal"}}}},
            {"clientExtensionResults", Object()}};
  }
  Object asserted(const Object& from, json::Value handle) {
    ++phone.counter;
    const auto got = phone.get(json::string_at(from, "challenge"));
    return {{"id", encoded(phone.id)},
            {"response", Object{{"clientDataJSON", encoded(got.client_data)},
                                {"authenticatorData", encoded(got.authenticator_data)},
                                {"signature", encoded(got.signature)},
                                {"userHandle", std::move(handle)}}}};
  }
  /// A passkey of ana's; her handle.
  json::Value set_up() {
    const auto headers = signed_in();
    EXPECT_EQ(post("/me/passkeys/options", {{"password", password}}, headers), 200) << last;
    const auto handle = options().at("user").as_object().at("id");
    EXPECT_EQ(post("/me/passkeys", {{"name", "phone"}, {"credential", created(options())}}, headers), 200) << last;
    tried.clear();
    return handle;
  }

  os::TemporaryDirectory folder{testing::TempDir()};
  crypto::Secret master = crypto::Secret::random();
  store::Database database{folder.path() / "test.db", master.derive("store")};
  std::mutex database_mutex;
  accounts::Accounts accounts{database, database_mutex, master, folder.path()};
  records::Records records{database, database_mutex, {folder.path(), folder.path()}};
  ReplayModels models;
  std::int64_t ana = 0;
  std::vector<accounts::Accounts::SignedIn> tried;
  std::string host = "box.example:8443", last;
  Object answer;
  webauthn::Authenticator phone;
  std::unique_ptr<Gateway> gateway;
  std::unique_ptr<http::Server> server;
};

TEST_F(PasskeyRoutes, OneSignsInBesideThePasswordAndAlone) {
  const auto handle = set_up();
  EXPECT_EQ(post("/session", {{"name", "ana"}, {"password", password}}), 401);
  EXPECT_EQ(json::string_at(answer.at("error").as_object(), "code"), "code_needed");
  EXPECT_EQ(post("/session/passkey/options", {{"name", "ana"}, {"password", "wrong"}}), 401);
  EXPECT_EQ(post("/session/passkey/options", {{"name", "ana"}, {"password", password}}), 200) << last;
  EXPECT_EQ(post("/session/passkey", {{"credential", asserted(options(), nullptr)}}), 200) << last;
  EXPECT_NE(last.find("Set-Cookie: __Host-cofre="), std::string::npos);
  EXPECT_EQ(json::string_at(answer, "user"), "ana");
  EXPECT_EQ(post("/session/passkey/options", {}), 200) << last;
  const Object credential{{"credential", asserted(options(), handle)}};
  EXPECT_EQ(post("/session/passkey", credential), 200) << last;
  EXPECT_EQ(post("/session/passkey", credential), 400) << "a challenge is good once";
  EXPECT_EQ(param(), "credential");
  std::vector<std::int64_t> owners;
  for (const auto& one : tried) owners.push_back(one.owner);
  EXPECT_EQ(owners, (std::vector<std::int64_t>{0, 0, ana, ana, 0}));
  EXPECT_NE(tried.back().why.find("challenge"), std::string::npos);
  EXPECT_EQ(tried.back().with, "passkey");
}

TEST_F(PasskeyRoutes, OneOfAnotherOriginIsRefusedAndTheTrailIsTold) {
  const auto handle = set_up();
  EXPECT_EQ(post("/session/passkey/options", {}), 200);
  phone.origin = "https://box.example";
  EXPECT_EQ(post("/session/passkey", {{"credential", asserted(options(), handle)}}), 400);
  EXPECT_EQ(param(), "credential");
  ASSERT_EQ(tried.size(), 1u);
  EXPECT_NE(tried[0].why.find("another origin"), std::string::npos);
}

TEST_F(PasskeyRoutes, ThePagesHostIsTheDomain) {
  for (const auto& [name, domain] :
       {std::pair("box.example", "box.example"), {"BOX.example:443", "box.example"}, {"localhost:9", "localhost"}}) {
    host = name;
    EXPECT_EQ(post("/session/passkey/options", {}), 200) << name;
    EXPECT_EQ(json::string_at(options(), "rpId"), domain);
  }
  for (const char* name : {"127.0.0.1:8443", "[::1]:8443", "10.1.2.3"}) {
    host = name;
    EXPECT_EQ(post("/session/passkey/options", {}), 400) << name;
    EXPECT_EQ(param(), "passkey");
  }
}

TEST_F(PasskeyRoutes, ADomainOfTheSettingsIsForItsNamesAlone) {
  accounts.policy.passkeys_domain = "box.example";
  phone.origin = "https://a.box.example";
  host = "a.box.example";
  const auto handle = set_up();
  accounts.policy.passkeys_origins = {"https://b.box.example"};
  host = "b.box.example";
  EXPECT_EQ(post("/session/passkey/options", {}), 200);
  EXPECT_EQ(json::string_at(options(), "rpId"), "box.example");
  EXPECT_EQ(post("/session/passkey", {{"credential", asserted(options(), handle)}}), 400) << "not of these pages";
  phone.origin = "https://b.box.example";
  EXPECT_EQ(post("/session/passkey/options", {}), 200);
  EXPECT_EQ(post("/session/passkey", {{"credential", asserted(options(), handle)}}), 200) << last;
  for (const char* name : {"other.example", "evilbox.example", "box.example.evil.example"}) {
    host = name;
    EXPECT_EQ(post("/session/passkey/options", {}), 400) << name;
  }
}

}  // namespace
}  // namespace cofre::gateway::admin
