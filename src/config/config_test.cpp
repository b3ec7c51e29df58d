#include "config/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/thrown.h"
#include "config/table.h"

namespace cofre::config {
namespace {

Loaded read(std::string_view text) {
  Loaded loaded;
  read_toml(loaded, text, "cofre.toml");
  return loaded;
}

std::string refusal(std::string_view text) {
  try {
    read(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid);
    return error.what();
  }
  return "accepted";
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

TEST(Config, AnEmptyFileLeavesEveryDefault) {
  const auto loaded = read("");
  EXPECT_EQ(loaded.config.listen, "0.0.0.0:8443");
  EXPECT_TRUE(loaded.origins.empty());
  for (const auto& shown : show(loaded)) EXPECT_EQ(name_of(shown.origin), "default") << shown.key;
}

TEST(Config, ValuesKnowTheLineTheyCameFrom) {
  const auto loaded = read("[server]\nlisten = \"127.0.0.1:9000\"\n[models]\npreload = [\"a\", \"b\"]\n");
  EXPECT_EQ(loaded.config.listen, "127.0.0.1:9000");
  EXPECT_EQ(loaded.config.preload, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(name_of(loaded.origins.at("server.listen")), "cofre.toml:2");
  EXPECT_EQ(name_of(loaded.origins.at("models.preload")), "cofre.toml:4");
}

TEST(Config, TheLocalFileGoesBeforeTheOther) {
  Loaded loaded;
  read_toml(loaded, "[limits]\nbody_mib = 64\nfile_mib = 5\n", "cofre.toml");
  const auto text = changed_local("", {.set = {{"limits.body_mib", std::int64_t{8}}}});
  read_toml(loaded, text, "settings.toml", Origin::Kind::local);
  EXPECT_EQ(loaded.config.body_mib, 8);
  EXPECT_EQ(loaded.config.file_mib, 5);
  EXPECT_EQ(loaded.origins.at("limits.body_mib").kind, Origin::Kind::local);
  EXPECT_EQ(changed_local(text, {}), text);
  EXPECT_FALSE(has(changed_local(text, {.reset = {"limits.body_mib"}}), "body_mib"));
}

TEST(Config, TheLocalFileSaysNothingOfWhoSignsIn) {
  for (const char* key :
       {"ldap.urls", "accounts.second_factor", "audit.keep_days", "server.certificate_file", "server.listen"})
    EXPECT_EQ(field_of([&] { changed_local("", {.set = {{key, std::string("x")}}}); }), key);
}

TEST(Config, ASectionMayLieInAnother) {
  const auto loaded =
      read("[audit]\nkeep_days = 9\n[audit.forward]\naddress = \"[2001:db8::7]:6514\"\nformat = \"cef\"\n");
  EXPECT_EQ(loaded.config.audit_keep_days, 9);
  EXPECT_EQ(loaded.config.forward_address, "[2001:db8::7]:6514");
  EXPECT_EQ(loaded.config.forward_format, "cef");
  EXPECT_EQ(name_of(loaded.origins.at("audit.forward.address")), "cofre.toml:4");
  EXPECT_TRUE(has(refusal("[audit.forwards]\naddress = \"x:1\"\n"), "there is no setting \"audit.forwards\""));
  EXPECT_TRUE(has(refusal("[audit]\nforward = 1\n"), "audit.forward: is a section"));
}

TEST(Config, ACollectorHasANameAndAPort) {
  const auto with = [](std::string_view row) { return refusal(fmt::format("[audit.forward]\n{}\n", row)); };
  EXPECT_EQ(with(R"(address = "")"), "accepted");
  for (const char* wrong : {"siem.example", "siem.example:", ":6514", "siem.example:65536", "2001:db8::7:6514"})
    EXPECT_TRUE(has(with(fmt::format("address = \"{}\"", wrong)), "must be HOST:PORT")) << wrong;
  EXPECT_TRUE(has(with("facility = 24"), "must be a whole number from 0 to 23"));
  EXPECT_TRUE(has(with("app_name = \"two words\""), "must be 1 to 48 letters"));
  EXPECT_TRUE(has(with("format = \"leef\""), "must be one of rfc5424, cef"));
}

TEST(Config, AnUnknownKeyIsRefusedWithTheNearestOne) {
  const auto text = refusal("[server]\n\nlisen = \"x\"\n");
  EXPECT_TRUE(has(text, "line 3")) << text;
  EXPECT_TRUE(has(text, "did you mean \"server.listen\"?")) << text;
  EXPECT_TRUE(has(refusal("[limits]\nkeep_alive_s = 3\n"), "did you mean \"models.keep_alive_s\"?"));
  EXPECT_TRUE(has(refusal("[sever]\nlisten = \"x\"\n"), "there is no setting \"sever\""));
  EXPECT_FALSE(has(refusal("zzzzzzzz = 1\n"), "did you mean"));
}

TEST(Config, WrongTypesAndRangesNameKeyAndLine) {
  for (const auto& [text, problem] : std::vector<std::pair<std::string, std::string>>{
           {"limits.connections = \"many\"", "limits.connections: must be a whole number from 1 to 1000000"},
           {"limits.connections = 0", "limits.connections: must be a whole number from 1 to 1000000"},
           {"limits.connections = 1.5", "must be a whole number"},
           {"limits.connections = -9223372036854775808", "must be a whole number"},
           {"server.listen = 8443", "must be a text"},
           {"server.listen = \"8443\"", "must be ADDRESS:PORT"},
           {"server.listen = \"a:70000\"", "must be ADDRESS:PORT"},
           {"server.listen = \"::1:80\"", "must be ADDRESS:PORT"},
           {"server = 3", "is a section"},
           {"models.preload = \"a\"", "must be a list of texts"},
           {"models.preload = [1]", "must be a list of texts"},
           {"models.preload = [\"\"]", "an item is empty"},
           {"models.kv_format = \"f32\"", "must be one of f16, q8"},
           {"workers.sandbox_required = 1", "must be true or false"},
           {"server.cors_origins = [\"example.com\"]", "must begin with http"},
           {"models.aliases = 3", "must be a table"},
           {"models.aliases.a = 3", "must be a table"},
           {"engine = 1", "must be written [[engine]]"},
           {"[[engine]]\nname = \"a\"", "urls are missing"},
           {"[[engine]]\nurls = [\"http://x/v1\"]", "name is missing"},
           {"[[engine]]\nname = \"a\"\nurls = [\"ftp://x\"]", "must begin with http"},
           {"[[engine]]\nname = \"a\"\nurl = \"http://x\"", "did you mean \"urls\"?"},
           {"ldap.urls = [\"http://a\"]", "must be ldaps://HOST"},
           {"ldap.urls = [\"ldap://a,b\"]", "must be ldaps://HOST"},
           {"ldap.urls = [\"ldaps://\"]", "must be ldaps://HOST"},
           {"ldap.urls = [\"ldaps://a/dc=x\"]", "must be ldaps://HOST"},
           {"ldap.user_filter = \"(uid=ana)\"", "must hold {user}"},
           {"ldap.timeout_s = 0", "must be a whole number from 1 to 60"},
           {"[[ldap.group]]\nname = \"admins\"", "must be the whole name of a group"},
           {"[[ldap.group]]\nname = \"*\"\nroles = [\"root\"]", "is none of user, operator"},
           {"ldap.group = 1", "must be written [[ldap.group]]"},
           {"oidc.issuer = \"http://a\"", "must be an address like https://"},
           {"oidc.issuer = \"https://a?b\"", "must be an address like https://"},
           {"oidc.issuer = \"https:///a\"", "must be an address like https://"},
           {"oidc.public_url = \"ai.example.org\"", "must be an address like https://"},
           {"oidc.name_claim = \"\"", "must be a word"},
           {"oidc.timeout_s = 61", "must be a whole number from 1 to 60"},
           {"[[oidc.group]]\nname = \"a\"\nroles = [\"root\"]", "is none of user, operator"},
           {"[[oidc.group]]\ntenant = \"a\"", "name is missing"},
           {"[[model]]\nname = \"a\"\n[[model]]\nname = \"a\"", "two of [[model]] are named a"},
           {"a = ", "line 1"}}) {
    const auto said = refusal(text);
    EXPECT_TRUE(has(said, problem)) << text << ": " << said;
    EXPECT_TRUE(has(said, "cofre.toml, line ")) << said;
  }
}

TEST(Config, TablesOfEnginesAndModelsAreRead) {
  const auto loaded = read(
      "[models.aliases]\n\"gpt-4o\" = \"qwen\"\n[[engine]]\nname = \"big\"\nurls = [\"http://10.0.0.1/v1\", "
      "\"http://10.0.0.2/v1\"]\nparallel = 4\n[[model]]\nname = \"qwen\"\ncontext = 4096\n");
  ASSERT_EQ(loaded.config.engines.size(), 1u);
  EXPECT_EQ(loaded.config.engines[0].urls.size(), 2u);
  EXPECT_EQ(loaded.config.engines[0].parallel, 4);
  ASSERT_EQ(loaded.config.models.size(), 1u);
  EXPECT_EQ(loaded.config.models[0].context, 4096);
  EXPECT_FALSE(loaded.config.models[0].sequences.has_value());
  EXPECT_EQ(loaded.config.aliases.at("gpt-4o"), "qwen");
}

TEST(Config, LaterSourcesWin) {
  auto loaded = read("[server]\nlisten = \"1.1.1.1:1\"\nnames = [\"a\"]\n");
  read_environment(loaded, {"COFRE_SERVER_LISTEN=2.2.2.2:2", "COFRE_SERVER_NAMES=b,c", "COFRE_DATA=/x", "HOME=/root",
                            "COFRE_SERVER_LISEN=3"});
  EXPECT_EQ(loaded.config.listen, "2.2.2.2:2");
  EXPECT_EQ(loaded.config.names, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(name_of(loaded.origins.at("server.listen")), "COFRE_SERVER_LISTEN");
  ASSERT_EQ(loaded.notes.size(), 1u);
  EXPECT_TRUE(has(loaded.notes[0], "COFRE_SERVER_LISEN"));
  read_given(loaded, {"server.listen", "127.0.0.1:0", "--listen"});
  read_given(loaded, {"models.preload", "a,b.gguf", "--model", true});
  read_given(loaded, {"models.preload", "c", "--model", true});
  read_given(loaded, {"server.names", "", "--set"});
  EXPECT_EQ(loaded.config.listen, "127.0.0.1:0");
  EXPECT_EQ(loaded.config.preload, (std::vector<std::string>{"a,b.gguf", "c"}));
  EXPECT_TRUE(loaded.config.names.empty());
  EXPECT_EQ(name_of(loaded.origins.at("models.preload")), "--model");
}

TEST(Config, GroupsOfADirectoryStandWithinItsSection) {
  const auto loaded = read(
      "[ldap]\nurls = [\"ldaps://a\", \"ldap://[::1]:389\"]\n[[ldap.group]]\nname = \"*\"\n[[ldap.group]]\n"
      "name = \"cn=a,dc=x\"\ntenant = \"acme\"\ndepartment = \"sales\"\nroles = [\"operator\"]\n");
  ASSERT_EQ(loaded.config.ldap_groups.size(), 2u);
  EXPECT_EQ(loaded.config.ldap_groups[0].roles, std::vector<std::string>{"user"});
  EXPECT_EQ(loaded.config.ldap_groups[1].tenant, "acme");
  EXPECT_EQ(loaded.config.ldap_urls.size(), 2u);
}

TEST(Config, ADirectoryThatNobodyCouldSignInToIsRefused) {
  const auto file = std::filesystem::path(testing::TempDir()) / "directory.toml";
  const std::string group = "[[ldap.group]]\nname = \"*\"\n", url = "ldap.urls = [\"ldaps://a\"]\n";
  for (const auto& [text, field] : std::vector<std::pair<std::string, std::string>>{
           {url + group, "ldap.base"},
           {url + "ldap.base = \"dc=x\"\n", "ldap.group"},
           {url + "ldap.base = \"dc=x\"\nldap.user_filter = \"\"\n" + group, "ldap.user_filter"},
           {"ldap.bind_dn = \"cn=a\"\n", "ldap.bind_dn"},
           {url + "ldap.user_dn = \"uid={user},dc=x\"\n" + group, "no error"},
           {url + "ldap.base = \"dc=x\"\n" + group, "no error"}}) {
    std::ofstream(file) << text;
    EXPECT_EQ(field_of([&] { load(file); }), field) << text;
  }
}

TEST(Config, AProviderThatNobodyCouldSignInWithIsRefused) {
  const auto file = std::filesystem::path(testing::TempDir()) / "provider.toml";
  const std::string group = "[[oidc.group]]\nname = \"staff\"\n";
  const std::string issuer = "oidc.issuer = \"https://a.example/realms/x\"\n", client = "oidc.client_id = \"box\"\n";
  for (const auto& [text, field] : std::vector<std::pair<std::string, std::string>>{
           {issuer + group, "oidc.client_id"},
           {issuer + client, "oidc.group"},
           {issuer + client + "oidc.scopes = [\"profile\"]\n" + group, "oidc.scopes"},
           {client, "no error"},
           {issuer + client + group, "no error"}}) {
    std::ofstream(file) << text;
    EXPECT_EQ(field_of([&] { load(file); }), field) << text;
  }
}

TEST(Config, TextsOfTheEnvironmentAreCheckedAsTheFileIs) {
  Loaded loaded;
  for (const char* entry : {"COFRE_LIMITS_CONNECTIONS=0", "COFRE_LIMITS_CONNECTIONS=12x", "COFRE_LIMITS_CONNECTIONS=",
                            "COFRE_LIMITS_CONNECTIONS=99999999999999999999", "COFRE_WORKERS_SANDBOX_REQUIRED=yes",
                            "COFRE_WORKERS_SANDBOX_REQUIRED=1", "COFRE_SERVER_NAMES=a,,b"}) {
    EXPECT_THROW(read_environment(loaded, {entry}), Error) << entry;
  }
  EXPECT_THROW(read_given(loaded, {"server.lisen", "x", "--set"}), Error);
}

TEST(Config, TheDefaultFileIsValidAndSoIsItUncommented) {
  const std::string file = default_file();
  EXPECT_TRUE(read(file).origins.size() == 0) << file;
  std::string uncommented;
  std::istringstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    const bool is_setting = line.starts_with('#') && !line.starts_with("# ") && !line.starts_with("#[");
    // Absent values and the tables have no text of their own.
    if (line.starts_with("#[")) break;
    uncommented += (is_setting ? line.substr(1) : line) + "\n";
  }
  const auto loaded = read(uncommented);
  EXPECT_EQ(loaded.origins.size(), rows().size());
  const auto plain = show(Loaded{}), all = show(loaded);
  ASSERT_EQ(plain.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(plain[i].value, all[i].value) << all[i].key;
}

TEST(Config, EveryDefaultLiesInItsRange) {
  Config config;
  for (const auto& row : rows()) {
    if (const auto* field = std::get_if<std::int64_t Config::*>(&row.field)) {
      EXPECT_NO_THROW(assign(row, config, config.**field, "default")) << row.key;
    } else if (const auto* text = std::get_if<std::string Config::*>(&row.field)) {
      EXPECT_NO_THROW(assign(row, config, config.**text, "default")) << row.key;
    }
  }
}

TEST(Config, KeysAreNamedOnce) {
  std::vector<std::string> names;
  for (const auto& row : rows()) names.push_back(environment_name(row.key));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(Config, ThePageOfTheDocumentationIsTheTable) {
  std::ifstream file(std::filesystem::path(COFRE_SOURCE_DIR) / "docs/configuration.md");
  std::ostringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), documentation()) << "make it anew: cofre config --markdown > docs/configuration.md";
}

}  // namespace
}  // namespace cofre::config
