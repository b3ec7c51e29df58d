#include "gateway/admin/settings.h"

#include "gateway/fixture.h"
#include "http/tls_files.h"
#include "os/disk.h"

namespace cofre::gateway::admin {
namespace {

using accounts::Role;

/// A box whose settings lie in its folder; what reads them again is counted.
class BoxAdministration : public GatewayTest {
 protected:
  BoxAdministration() {
    as_operator = bearer(key_of(make_user("olga", {Role::box_operator})));
    as_security = bearer(key_of(make_user("sven", {Role::security_administrator})));
    const auto tenant = accounts.directory.create_tenant("acme", "UTC", "EUR").id;
    as_stranger = bearer(key_of(make_user("otto", {Role::box_operator, Role::security_administrator}, tenant)));
    settings.reload = [this](const std::string&, const std::string&) {
      ++reloads;
      return json::Object();
    };
    auto& door = settings.door;
    door.loaded = [this] { return config::load(config::file_in(folder.path())); };
    door.changes_at_once = [](std::string_view key) { return key.starts_with("limits."); };
    door.after_restart = [] { return std::vector<std::string>{"api.records_days"}; };
    door.change = [this](const config::LocalChange& change) {
      const auto path = config::local_file_in(folder.path());
      const auto before = std::filesystem::exists(path) ? os::read_whole(path, 1 << 20) : std::string();
      os::write_whole(path, config::changed_local(before, change));
      return json::Object{{"changed", json::Array()}, {"after_restart", json::Array()}};
    };
  }
  std::string ask(std::string_view method, const std::string& path, const std::string& body = {}) {
    return ask_as(as_operator, method, "/admin/v1/" + path, body);
  }
  json::Object done(std::string_view method, const std::string& path, const std::string& body = {}) {
    return done_as(as_operator, method, "/admin/v1/" + path, body);
  }
  json::Object setting(std::string_view key) {
    const auto shown = done("GET", "settings");
    for (const auto& one : shown.at("settings").as_array())
      if (one.at("key") == json::Value(key)) return one.as_object();
    ADD_FAILURE() << key;
    return {};
  }

  std::string as_operator, as_security, as_stranger;
  int reloads = 0;
};

TEST_F(BoxAdministration, SettingsTellWhatTheyTakeAndWhoSetThem) {
  os::write_whole(folder.path() / "cofre.toml", "[limits]\nbody_mib = 64\n[models.aliases]\n\"gpt-4o\" = \"tiny\"\n");
  auto body = setting("limits.body_mib");
  EXPECT_EQ(body.at("type"), "number");
  EXPECT_EQ(body.at("value"), json::Value(64));
  EXPECT_EQ(body.at("default"), json::Value(32));
  EXPECT_EQ(body.at("least"), json::Value(1));
  EXPECT_EQ(body.at("from").at("kind"), "file");
  EXPECT_EQ(body.at("at_once"), json::Value(true));
  EXPECT_EQ(body.at("editable"), json::Value(true));
  EXPECT_EQ(json::dump(setting("models.kv_format").at("choices")).substr(0, 6), R"(["f16")");
  EXPECT_EQ(setting("costs.purchase").at("editable"), json::Value(true));
  EXPECT_EQ(setting("ldap.urls").at("editable"), json::Value(false));
  EXPECT_EQ(setting("accounts.second_factor").at("editable"), json::Value(false));
  EXPECT_EQ(json::dump(done("GET", "settings").at("aliases")), R"({"gpt-4o":"tiny"})");
  EXPECT_TRUE(ask_as(as_stranger, "GET", "/admin/v1/settings").starts_with("HTTP/1.1 404"));
}
TEST_F(BoxAdministration, SettingsAreChangedBesideTheFileAndTakenBack) {
  os::write_whole(folder.path() / "cofre.toml", "[limits]\nbody_mib = 64\n");
  done("PATCH", "settings",
       R"({"set":{"limits.body_mib":8,"server.cors_origins":["https://a.example"],"log.level":"debug"},)"
       R"("aliases":{"gpt-4o":"tiny"}})");
  EXPECT_EQ(setting("limits.body_mib").at("value"), json::Value(8));
  EXPECT_EQ(setting("limits.body_mib").at("from").at("kind"), "console");
  EXPECT_EQ(json::dump(setting("server.cors_origins").at("value")), R"(["https://a.example"])");
  EXPECT_EQ(os::read_whole(folder.path() / "cofre.toml", 1000), "[limits]\nbody_mib = 64\n");
  done("PATCH", "settings", R"({"set":{"limits.file_mib":9},"reset":["limits.body_mib"]})");
  EXPECT_EQ(setting("limits.body_mib").at("value"), json::Value(64));
  EXPECT_EQ(setting("limits.file_mib").at("value"), json::Value(9));
  EXPECT_EQ(setting("log.level").at("value"), "debug");
  EXPECT_EQ(json::dump(done("GET", "settings").at("aliases")), R"({"gpt-4o":"tiny"})");
  done("PATCH", "settings", R"({"aliases":{}})");
  EXPECT_EQ(json::dump(done("GET", "settings").at("aliases")), "{}");
}
TEST_F(BoxAdministration, SettingsThatAreWrongChangeNothing) {
  const std::pair<std::string, std::string> wrong[] = {
      {R"({"set":{"limits.body_mib":0}})", "limits.body_mib"},
      {R"({"set":{"limits.body_mib":"8"}})", "limits.body_mib"},
      {R"({"set":{"limits.body_mob":8}})", "limits.body_mob"},
      {R"({"set":{"limits.body_mib":1.5}})", "set.limits.body_mib"},
      {R"({"set":{"server.cors_origins":[7]}})", "set.server.cors_origins"},
      {R"({"set":{"ldap.urls":["ldaps://evil.example"]}})", "ldap.urls"},
      {R"({"set":{"audit.keep_days":1}})", "audit.keep_days"},
      {R"({"set":{"server.certificate_key_file":"/etc/shadow"}})", "server.certificate_key_file"},
      {R"({"set":{"log.level":"debug\"\n[ldap]\nurls = [\"x\"]"}})", "log.level"},
      {R"({"reset":["x"]})", "x"},
      {R"({"aliases":{"a":7}})", "aliases.a"},
      {R"({"colour":1})", "colour"},
  };
  for (const auto& [body, field] : wrong) {
    const auto answer = ask("PATCH", "settings", body);
    EXPECT_TRUE(has(answer, "\"param\":\"" + field + "\"")) << body << answer;
  }
  EXPECT_FALSE(std::filesystem::exists(config::local_file_in(folder.path())));
}
TEST_F(BoxAdministration, CertificatesAreShownRequestedAndRefused) {
  const auto folder_of_tls = folder.path() / "tls";
  http::ensure_tls_files(folder_of_tls, {"box.example", "localhost"},
                         std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  const auto shown = done("GET", "tls");
  EXPECT_EQ(json::dump(shown.at("own").at("names")), R"(["box.example","localhost"])");
  EXPECT_EQ(shown.at("company"), json::Value());
  EXPECT_EQ(shown.at("requested"), json::Value(false));
  EXPECT_TRUE(has(ask("GET", "tls/authority"), "-----BEGIN CERTIFICATE-----"));
  EXPECT_FALSE(has(ask("GET", "tls/authority"), "PRIVATE"));
  const auto request = done("POST", "tls/request", R"({"names":["ai.example"]})");
  EXPECT_TRUE(has(std::string(request.at("request").as_string()), "BEGIN CERTIFICATE REQUEST"));
  EXPECT_EQ(done("GET", "tls").at("requested"), json::Value(true));
  const auto own = os::read_whole(folder_of_tls / "server.pem", 1 << 20);
  const auto refused = ask("PUT", "tls/company", json::dump(json::Object{{"certificate", own}}));
  EXPECT_TRUE(has(refused, R"("param":"certificate")")) << refused;
  EXPECT_TRUE(has(ask("PUT", "tls/company", "{}"), R"("param":"certificate")"));
  EXPECT_TRUE(ask("DELETE", "tls/company").starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(has(ask("POST", "tls/request", R"({"names":["a b"]})"), R"("param":"name")"));
  EXPECT_TRUE(ask_as(as_stranger, "POST", "/admin/v1/tls/request", "{}").starts_with("HTTP/1.1 404"));
  EXPECT_EQ(reloads, 0);
}
TEST_F(BoxAdministration, ContentRulesAreTheBoxsOrOnesTenants) {
  const auto put = [&](const std::string& as, const std::string& body) {
    return ask_as(as, "PUT", "/admin/v1/rules", body);
  };
  const std::string rule = R"({"name":"project","do":"mask","words":["heron"]})";
  const std::string own = R"({"name":"theirs","do":"report","tenant":"acme","words":["x"]})";
  EXPECT_TRUE(put(as_security, R"({"rules":[)" + rule + "]}").starts_with("HTTP/1.1 200"));
  EXPECT_EQ(reloads, 1);
  EXPECT_EQ(body_of(ask_as(as_security, "GET", "/admin/v1/rules")).at("rules").as_array().size(), 1u);
  EXPECT_TRUE(body_of(ask_as(as_stranger, "GET", "/admin/v1/rules")).at("rules").as_array().empty());
  EXPECT_TRUE(has(put(as_stranger, R"({"rules":[)" + rule + "]}"), R"("param":"tenant")"));
  EXPECT_TRUE(put(as_stranger, R"({"rules":[)" + own + "]}").starts_with("HTTP/1.1 200"));
  EXPECT_EQ(body_of(ask_as(as_security, "GET", "/admin/v1/rules")).at("rules").as_array().size(), 2u);
  EXPECT_TRUE(put(as_stranger, "{}").starts_with("HTTP/1.1 200"));
  EXPECT_EQ(body_of(ask_as(as_security, "GET", "/admin/v1/rules")).at("rules").as_array().size(), 1u);
  const auto wrong = put(as_security, R"({"rules":[{"name":"p","do":"mask","patterns":["("]}]})");
  EXPECT_TRUE(wrong.starts_with("HTTP/1.1 400")) << wrong;
  EXPECT_TRUE(put(as_security, "[]").starts_with("HTTP/1.1 400"));
  EXPECT_EQ(body_of(ask_as(as_security, "GET", "/admin/v1/rules")).at("rules").as_array().size(), 1u);
  EXPECT_TRUE(ask("GET", "rules").starts_with("HTTP/1.1 403"));
}

}  // namespace
}  // namespace cofre::gateway::admin
