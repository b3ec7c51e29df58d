// Every route of the box asked by every kind of caller: no door is open that should not be.
#include <gtest/gtest.h>

#include <map>
#include <regex>

#include "crypto/client_fixture.h"
#include "gateway/gateway.h"
#include "gateway/replay_models.h"
#include "gateway/route_table.h"
#include "http/raw_client.h"
#include "http/server.h"
#include "http/tls_fixture.h"
#include "os/paths.h"

namespace cofre::gateway {
namespace {

using accounts::KeyWish;
using accounts::Owner;
using accounts::Role;
using accounts::Roles;
using accounts::Scope;
using accounts::Scopes;
using accounts::State;

/// Who asks: the headers, and what is to be expected of them.
struct Asker {
  std::string name, headers;
  bool valid = true;
  Scopes scopes{};
  std::int64_t user = 0, tenant = 0, department = 0;
  crypto::Identity shown{};  ///< a certificate, over TLS
};

class Access : public testing::Test {
 protected:
  Access() {
    accounts.policy.cost = {1, 8 << 20};
    models.answer = [](const protocol::Request& request) {
      using namespace protocol;
      if (std::holds_alternative<Tokenize>(request.task)) return std::vector<Event>{Tokens{{1}, {"a"}, ""}, Done{}};
      if (std::holds_alternative<Detokenize>(request.task)) return std::vector<Event>{Tokens{{}, {}, "a"}, Done{}};
      if (std::holds_alternative<Embedding>(request.task) || std::holds_alternative<Rerank>(request.task))
        return std::vector<Event>{Vectors{{{1.0f}}}, Done{}};
      return std::vector<Event>{Started{5, 0}, Text{0, "Hello"}, Finished{}, Done{{5, 0, 2, 0}}};
    };
    acme = accounts.directory.create_tenant("acme", "UTC", "EUR").id;
    other = accounts.directory.create_tenant("other", "UTC", "EUR").id;
    accounts.directory.create_department(acme, "research");
    accounts.directory.create_department(acme, "sales");
    make_victim();
    make_askers();
  }

  Owner make_user(std::string name, std::int64_t tenant, Roles roles, const char* department = nullptr) {
    Owner wanted;
    wanted.tenant = tenant;
    wanted.name = std::move(name);
    wanted.roles = roles;
    if (department != nullptr) wanted.department = accounts.directory.department_named(tenant, department).id;
    return accounts.directory.create_owner(wanted);
  }
  std::string bearer(const std::string& key) { return "Authorization: Bearer " + key + "\r\n"; }
  std::string make_key(const Owner& owner, std::optional<std::int64_t> expires = std::nullopt) {
    return accounts.keys.create(KeyWish{.name = fmt::format("k{}", ++made),
                                        .owner = owner.id,
                                        .maker = owner.id,
                                        .scopes = owner.scopes(),
                                        .expires = expires});
  }

  crypto::Identity make_certificate(const Owner& owner, std::optional<std::int64_t> expires = std::nullopt) {
    auto identity = crypto::make_client_certificate(company, {.name = owner.name});
    accounts.keys.create(KeyWish{.name = fmt::format("c{}", ++made),
                                 .owner = owner.id,
                                 .maker = owner.id,
                                 .scopes = owner.scopes(),
                                 .expires = expires},
                         crypto::read_certificate(identity.certificate_pem));
    return identity;
  }
  void start() {
    gateway = std::make_unique<Gateway>(models, accounts, records, settings());
    server = std::make_unique<http::Server>(http::Options{}, *gateway);
    auto options = tls.options();
    options.tls.clients.authorities_pem = company.certificate_pem;
    tls_server = std::make_unique<http::Server>(options, *gateway);
  }

  /// The user whose objects the paths name.
  void make_victim() {
    const auto owner = make_user(fmt::format("victim{}", ++made), acme, {Role::user}, "research");
    const auto key = make_key(owner);
    const auto caller = accounts.keys.authenticate(key);
    make_certificate(owner);
    const auto certificate = accounts.keys.list(owner.id).back().id;
    const auto session = accounts.sessions.begin(owner.id, false, "");
    const auto quota =
        accounts.quotas.set({0, accounts::Quota::Level::user, owner.id, "", accounts::Quota::Metric::requests,
                             accounts::Quota::Period::day, 1'000'000});
    const auto rule = accounts.retention.set({0, accounts::Level::user, owner.id, accounts::Kept::files, 30});
    const auto department = accounts.directory.create_department(acme, fmt::format("empty{}", made));
    const auto response = fmt::format("resp_{}", made);
    records.responses.add({.id = response,
                           .tenant = static_cast<std::uint64_t>(owner.id),
                           .key_id = caller->key_id,
                           .created = accounts::system_seconds(),
                           .status = "completed",
                           .input = "[]",
                           .object = R"({"id":"x","status":"completed","output":[]})"});
    const auto draft = records.files.begin();
    draft->write("{}");
    const auto file = records.files.keep(*draft, {caller->holder(), "a.jsonl", "batch"});
    const auto batch = records.batches.create(
        {caller->holder(), caller->key_id, "/v1/embeddings", file.id, nullptr, std::nullopt}, 1000);
    auto chat = records.chats.create(owner.id, acme, {.folder = std::optional(fmt::format("folder{}", made))});
    records::ChatMessage message;
    message.id = fmt::format("cmsg_{}", made);
    message.text = "hi";
    records.chats.add(chat, std::nullopt, message, std::nullopt);
    chat = records.chats.share(chat, owner.department);
    const auto assistant = records.assistants.create(owner.id, acme, {.name = fmt::format("assistant{}", made)});
    victim = {"the user", bearer(key), true, owner.scopes(), owner.id, acme, owner.department};
    names = {{"user", std::to_string(owner.id)},
             {"key", std::to_string(caller->key_id)},
             {"session", std::to_string(-accounts.sessions.authenticate(session)->key_id)},
             {"certificate", std::to_string(certificate)},
             {"quota", std::to_string(quota.id)},
             {"rule", std::to_string(rule.id)},
             {"department", std::to_string(department.id)},
             {"tenant", std::to_string(acme)},
             {"model", "tiny"},
             {"since", "2026-01-01"},
             {"id", response},
             {"file_id", file.id},
             {"batch_id", batch.id},
             {"chat", chat.id},
             {"message", message.id},
             {"share", chat.share->id},
             {"folder", *chat.folder},
             {"assistant", assistant.id}};
  }

  void add(std::string name, const Owner& owner) {
    askers.push_back(
        {name + ", a key", bearer(make_key(owner)), true, owner.scopes(), owner.id, owner.tenant, owner.department});
    const auto session = accounts.sessions.begin(owner.id, false, "");
    askers.push_back(
        {name + ", a session",
         fmt::format("Cookie: __Host-cofre={}\r\nX-CSRF-Token: {}\r\n", session, accounts.sessions.csrf_token(session)),
         true, owner.scopes(), owner.id, owner.tenant, owner.department});
  }

  void add_certificate(std::string name, const Owner& owner) {
    askers.push_back({name + ", a certificate", "", true, owner.scopes(), owner.id, owner.tenant, owner.department,
                      make_certificate(owner)});
  }

  void make_askers() {
    const auto out = [&](std::string name, std::string headers) {
      askers.push_back({std::move(name), std::move(headers), false});
    };
    out("nobody", "");
    out("a garbage key", bearer("cofre_" + std::string(43, 'A')));
    out("another garbage key", "x-api-key: nonsense\r\n");
    out("a garbage session", "Cookie: __Host-cofre=" + std::string(43, 'A') + "; a=b\r\n");
    out("nobody's certificate", "");
    askers.back().shown = crypto::make_client_certificate(company, {.name = "victim1"});
    const auto ghost = make_user("ghost", acme, {Role::user, Role::system_administrator});
    const auto expired = make_key(ghost, now + 10), revoked = make_key(ghost);
    accounts.keys.revoke(accounts.keys.authenticate(revoked)->key_id);
    out("an expired key", bearer(expired));
    out("a revoked key", bearer(revoked));
    const auto session = accounts.sessions.begin(ghost.id, false, "");
    accounts.sessions.end_all(ghost.id);
    out("an ended session", "Cookie: __Host-cofre=" + session + "\r\n");
    const auto certified = make_certificate(ghost);
    out("a garbage key beside a certificate", bearer("cofre_" + std::string(43, 'A')));
    askers.back().shown = certified;
    out("an ended session beside a certificate", "Cookie: __Host-cofre=" + session + "\r\n");
    askers.back().shown = certified;
    out("a certificate whose time is over here", "");
    askers.back().shown = make_certificate(ghost, now + 10);
    out("a revoked certificate", "");
    askers.back().shown = make_certificate(ghost);
    accounts.keys.revoke(accounts.keys.list(ghost.id).back().id);
    const auto suspended = make_user("suspended", acme, {Role::user, Role::system_administrator});
    out("a suspended user", bearer(make_key(suspended)));
    out("a suspended user's certificate", "");
    askers.back().shown = make_certificate(suspended);
    accounts.directory.set_owner_state(suspended.id, State::suspended);
    const auto deleted = make_user("deleted", acme, {Role::user, Role::security_administrator});
    out("a deleted user", bearer(make_key(deleted)));
    accounts.directory.set_owner_state(deleted.id, State::deleted);
    now += 10;
    add("same department", make_user("same", acme, {Role::user}, "research"));
    add("other department", make_user("sales", acme, {Role::user}, "sales"));
    const auto stranger = make_user("stranger", other, {Role::user});
    add("other tenant", stranger);
    add_certificate("other tenant", stranger);
    for (const auto role :
         {Role::box_operator, Role::auditor, Role::system_administrator, Role::security_administrator}) {
      const std::string name(accounts::name_of(role));
      const auto at_home = make_user(name, accounts::home_tenant, {role});
      add("home " + name, at_home);
      add_certificate("home " + name, at_home);
      add("own tenant's " + name, make_user(name, acme, {role}));
      add("other tenant's " + name, make_user(name, other, {role}));
    }
  }

  std::string path_of(std::string_view pattern) const {
    std::string path;
    static const std::regex parameter(R"(\{([^}.]*)(\.\.\.)?\})");
    const std::string text(pattern);
    auto at = text.cbegin();
    for (std::sregex_iterator it(text.begin(), text.end(), parameter), end; it != end; ++it) {
      path.append(at, (*it)[0].first);
      const auto known = names.find((*it)[1].str());
      path += known == names.end() ? "x" : known->second;
      at = (*it)[0].second;
    }
    return path.append(at, text.cend());
  }

  /// What a caller who may do it would send.
  std::string body_of(const Route& route) {
    const std::string pattern(route.pattern);
    const auto fresh = fmt::format("n{}", ++made);
    if (route.body == Body::none) return "";
    if (pattern.ends_with("/users")) return fmt::format(R"({{"name":"{}"}})", fresh);
    if (pattern.ends_with("/users/import")) return fmt::format(R"({{"csv":"name\n{}\n"}})", fresh);
    if (pattern.ends_with("/users/{user}")) return R"({"label":"x"})";
    if (pattern.ends_with("/roles")) return R"({"roles":["user"]})";
    if (pattern == "/admin/v1/users/{user}/certificates") {
      return json::dump({{"pem", crypto::make_client_certificate(company, {}).certificate_pem}});
    }
    if (pattern.ends_with("/keys") || pattern.ends_with("/assistants") || pattern.ends_with("/tenants") ||
        pattern.ends_with("/departments")) {
      return fmt::format(R"({{"name":"{}"}})", fresh);
    }
    if (pattern.ends_with("/quotas")) {
      return fmt::format(R"({{"user":{},"metric":"requests","period":"day","amount":1000000}})", names.at("user"));
    }
    if (pattern.ends_with("/retention")) {
      return fmt::format(R"({{"user":{},"kind":"files","days":30}})", names.at("user"));
    }
    if (pattern.ends_with("/revoke-leaked")) return R"({"prefix":"cofre_????"})";
    if (pattern == "/v1/chat/completions") return R"({"model":"tiny","messages":[{"role":"user","content":"a"}]})";
    if (pattern == "/v1/completions") return R"({"model":"tiny","prompt":"a"})";
    if (pattern == "/v1/responses" || pattern == "/v1/embeddings") return R"({"model":"tiny","input":"a"})";
    if (pattern == "/v1/rerank") return R"({"model":"tiny","query":"a","documents":["b"]})";
    if (pattern.ends_with("/messages")) return R"({"text":"a"})";
    if (pattern.ends_with("/{folder}")) return fmt::format(R"({{"name":"{}"}})", fresh);
    if (pattern == "/tokenize") return R"({"content":"a"})";
    if (pattern == "/detokenize") return R"({"tokens":[1]})";
    return "{}";
  }

  int ask(const Route& route, const Asker& asker) {
    const auto body = body_of(route);
    const bool shows = !asker.shown.certificate_pem.empty();
    http::RawClient client((shows ? tls_server : server)->port(), shows ? tls.authority.certificate_pem : "",
                           TLS1_3_VERSION, asker.shown);
    client.send(fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n{}\r\n{}",
                            route.method, path_of(route.pattern), body.size(), asker.headers, body));
    last = client.wait_for_end();
    return last.starts_with("HTTP/1.1 ") ? std::atoi(last.c_str() + 9) : 0;
  }

  bool names_an_object(const Route& route) const {
    for (const char* name :
         {"{id}", "{user}", "{key}", "{certificate}", "{session}", "{quota}", "{rule}", "{department}", "{tenant}",
          "{file_id}", "{batch_id}", "{chat}", "{share}", "{folder}", "{assistant}"}) {
      if (route.pattern.find(name) != std::string_view::npos) return true;
    }
    return false;
  }

  void check(const Route& route, const Asker& asker) {
    const int status = ask(route, asker);
    const bool done = status >= 200 && status < 300;
    const auto what = fmt::format("{} {} by {}: {}\n{}", route.method, route.pattern, asker.name, status, last);
    EXPECT_GT(status, 0) << what;
    EXPECT_TRUE(status < 500 || status == 501) << what;
    if (!route.scope) {
      EXPECT_NE(status, 403) << what;
    } else if (!asker.valid) {
      EXPECT_EQ(status, 401) << what;
    } else if (!asker.scopes.has_all(*route.scope)) {
      EXPECT_EQ(status, 403) << what;
    } else {
      EXPECT_NE(status, 401) << what;
      EXPECT_NE(status, 403) << what;
      const bool own = route.pattern.starts_with("/admin/v1/me/") || route.pattern.starts_with("/v1/") ||
                       route.pattern.starts_with("/console/v1/");
      const bool of_department = route.pattern.starts_with("/console/v1/shared/");
      const bool reaches = of_department ? asker.tenant == victim.tenant && asker.department == victim.department
                           : own         ? asker.user == victim.user
                                         : asker.tenant == accounts::home_tenant || asker.tenant == victim.tenant;
      EXPECT_TRUE(!names_an_object(route) || reaches || status == 404) << what;
      // The box as a whole is home's.
      EXPECT_TRUE(!route.scope->has(accounts::Scope::admin) || asker.tenant == accounts::home_tenant || status == 404)
          << what;
    }
    if (done && route.method != "GET" && route.pattern.find('{') != std::string_view::npos) make_victim();
  }

  os::TemporaryDirectory folder{testing::TempDir()};
  crypto::Secret master = crypto::Secret::random();
  store::Database database{folder.path() / "test.db", master.derive("store")};
  std::mutex database_mutex;
  std::int64_t now = 1'795'608'000;
  accounts::Accounts accounts{database, database_mutex, master, folder.path(), [this] { return now; }};
  Settings settings() const {
    Settings settings;
    settings.data = folder.path();
    settings.program = "/bin/true";
    settings.reload = [](auto&&...) { return json::Object(); };
    return settings;
  }
  records::Records records{database, database_mutex, {folder.path(), folder.path()}};
  ReplayModels models;
  std::int64_t acme = 0, other = 0;
  int made = 0;
  Asker victim;
  std::map<std::string, std::string> names;
  std::vector<Asker> askers;
  std::string last;
  std::unique_ptr<Gateway> gateway;
  const http::TestTls tls;
  const crypto::Identity company = crypto::make_authority("Company", tls.now, std::chrono::days(2));
  std::unique_ptr<http::Server> server, tls_server;
};

TEST_F(Access, EveryRouteIsClosedToWhoMayNot) {
  start();
  int cells = 0;
  for (const auto& route : route_table()) {
    // What ends a whole tenant, or the asker's own session, is asked last of its kind: by who may not.
    const bool ends_all = route.pattern.starts_with("/admin/v1/tenants/{tenant}") && route.method != "GET";
    const bool ends_own = route.pattern == "/admin/v1/session" && route.method == "DELETE";
    for (const auto& asker : askers) {
      const bool may = asker.valid && route.scope && asker.scopes.has_all(*route.scope);
      if (may && (ends_own || (ends_all && asker.tenant != other))) continue;
      check(route, asker);
      ++cells;
    }
    if (!ends_all && !ends_own) {
      check(route, Asker(victim));
      ++cells;
    }
  }
  std::printf("%d cells: %zu routes, %zu kinds of callers\n", cells, route_table().size(), askers.size() + 1);
}

TEST_F(Access, ASessionChangesNothingWithoutItsToken) {
  start();
  const auto session = accounts.sessions.begin(victim.user, false, "");
  const auto cookie = "Cookie: __Host-cofre=" + session + "\r\n";
  const auto token = "X-CSRF-Token: " + accounts.sessions.csrf_token(session) + "\r\n";
  const Route create{"POST", "/admin/v1/me/keys", Scope::account, Body::small, nullptr};
  const Route show{"GET", "/admin/v1/me", Scope::account, Body::none, nullptr};
  EXPECT_EQ(ask(show, {"", cookie}), 200);
  EXPECT_EQ(ask(create, {"", cookie}), 403);
  EXPECT_EQ(ask(create, {"", cookie + "X-CSRF-Token: x\r\n"}), 403);
  EXPECT_EQ(ask(create, {"", cookie + token + "Origin: https://evil.example\r\n"}), 403);
  EXPECT_EQ(ask(create, {"", cookie + token + "Sec-Fetch-Site: cross-site\r\n"}), 403);
  EXPECT_EQ(ask(create, {"", cookie + token + "Origin: https://localhost\r\n"}), 200);
}

TEST_F(Access, ACertificateChangesNothingForAPageOfAnotherSite) {
  start();
  const auto owner = accounts.directory.owner(victim.user);
  Asker asker = victim;
  asker.shown = make_certificate(owner);
  const Route create{"POST", "/admin/v1/me/keys", Scope::account, Body::small, nullptr};
  const Route show{"GET", "/admin/v1/me", Scope::account, Body::none, nullptr};
  const auto asked = [&](const Route& route, const char* headers) {
    asker.headers = headers;
    return ask(route, asker);
  };
  EXPECT_EQ(asked(show, ""), 200);
  EXPECT_EQ(asked(create, ""), 200) << "a program";
  EXPECT_EQ(asked(create, "Origin: https://localhost\r\nSec-Fetch-Site: same-origin\r\n"), 200);
  EXPECT_EQ(asked(create, "Origin: https://evil.example\r\n"), 403);
  EXPECT_EQ(asked(create, "Origin: null\r\n"), 403);
  EXPECT_EQ(asked(create, "Sec-Fetch-Site: cross-site\r\n"), 403);
  EXPECT_EQ(asked(create, "Sec-Fetch-Site: same-site\r\n"), 403);
  EXPECT_EQ(asked({"GET", "/admin/v1/live", Scope::account, Body::none, nullptr},
                  "Origin: https://evil.example\r\nUpgrade: websocket\r\n"),
            403);
  EXPECT_NE(last.find("for pages of this box"), std::string::npos);
}

TEST_F(Access, AKeyCountsBeforeTheCertificateBesideIt) {
  start();
  Asker asker = victim;
  const auto stranger = accounts.directory.owner_named(other, "stranger");
  asker.shown = make_certificate(stranger);
  const Route show{"GET", "/admin/v1/me", Scope::account, Body::none, nullptr};
  EXPECT_EQ(ask(show, asker), 200);
  EXPECT_NE(last.find(fmt::format("\"name\":\"{}\"", accounts.directory.owner(victim.user).name)), std::string::npos);
  asker.headers = "";
  EXPECT_EQ(ask(show, asker), 200);
  EXPECT_NE(last.find("\"name\":\"stranger\""), std::string::npos);
}

}  // namespace
}  // namespace cofre::gateway
