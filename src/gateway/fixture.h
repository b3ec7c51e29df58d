#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "gateway/gateway.h"
#include "gateway/replay_models.h"
#include "http/raw_client.h"
#include "http/server.h"
#include "os/paths.h"

namespace cofre::gateway {

inline bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// The body of an answer that was not streamed.
inline json::Object body_of(const std::string& answer) {
  return json::parse(answer.substr(answer.find("\r\n\r\n") + 4)).as_object();
}

/// The events of a chunked stream, without the frames around them.
inline std::string events_of(const std::string& answer) {
  std::string out;
  for (auto at = answer.find("\r\n\r\n") + 4; at < answer.size();) {
    const auto size = std::stoul(answer.substr(at), nullptr, 16);
    at = answer.find("\r\n", at) + 2;
    out += answer.substr(at, size);
    at += size + 2;
  }
  return out;
}

/// A gateway in a folder of its own, over models that replay, for tests. `now` is the clock of its records.
class GatewayTest : public testing::Test {
 protected:
  /// What a gateway calls of a test must still be there when it ends.
  void TearDown() override { stop(); }
  void start() {
    gateway = std::make_unique<Gateway>(models, accounts, records, settings);
    server = std::make_unique<http::Server>(http::Options{}, *gateway);
  }
  void stop() {
    server.reset();
    gateway.reset();
  }

  /// A request's bytes; `headers` end with their lines.
  static std::string request(std::string_view method, std::string_view path, const std::string& body,
                             const std::string& headers) {
    return fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n{}\r\n{}", method, path, body.size(),
                       headers, body);
  }
  static std::string bearer(const std::string& key) { return "Authorization: Bearer " + key + "\r\n"; }
  /// Of a session that begins now.
  std::string session_of(std::int64_t owner) {
    const auto session = accounts.sessions.begin(owner, false, "");
    return fmt::format("Cookie: __Host-cofre={}\r\nX-CSRF-Token: {}\r\n", session,
                       accounts.sessions.csrf_token(session));
  }
  /// The body of an answer that is 200.
  json::Object done_as(const std::string& headers, std::string_view method, const std::string& path,
                       const std::string& body = {}) {
    const auto answer = ask_as(headers, method, path, body);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << method << ' ' << path << ' ' << answer;
    return body_of(answer);
  }
  /// The whole answer, over a connection of its own; begins the gateway where it has not begun.
  std::string ask_as(const std::string& headers, std::string_view method, std::string_view path,
                     const std::string& body = {}) {
    if (!server) start();
    http::RawClient client(server->port());
    client.send(request(method, path, body, headers + "Connection: close\r\n"));
    return client.wait_for_end();
  }

  accounts::Owner make_user(const std::string& name, accounts::Roles roles, std::int64_t tenant = accounts::home_tenant,
                            std::int64_t department = 0) {
    accounts::Owner wanted;
    wanted.tenant = tenant;
    wanted.department = department;
    wanted.name = name;
    wanted.roles = roles;
    return accounts.directory.create_owner(wanted);
  }
  /// A key with all that its owner may do.
  std::string key_of(const accounts::Owner& owner) {
    return accounts.keys.create(
        {.name = owner.name, .owner = owner.id, .maker = owner.id, .scopes = owner.scopes(), .expires = {}});
  }

  static Settings with_data(const std::filesystem::path& data) {
    Settings made;
    made.data = data;
    return made;
  }

  /// What models answer.
  static std::vector<protocol::Event> hello(const protocol::Request& asked) {
    using namespace protocol;
    if (std::holds_alternative<Tokenize>(asked.task)) return {Tokens{{1, 2}, {"a", "b"}, ""}, Done{}};
    if (std::holds_alternative<Embedding>(asked.task)) return {Vectors{{{1.0f}}}, Done{{2, 0, 0, 0}}};
    if (std::holds_alternative<Rerank>(asked.task)) return {Vectors{{{0.25f}, {0.75f}}}, Done{{9, 0, 0, 0}}};
    return {Started{5, 0}, Text{0, "Hello"}, Text{0, " world"}, Finished{}, Done{{5, 0, 2, 0}}};
  }

  os::TemporaryDirectory folder{testing::TempDir()};
  crypto::Secret master = crypto::Secret::random();
  store::Database database{folder.path() / "test.db", master.derive("store")};
  std::mutex database_mutex;
  accounts::Accounts accounts{database, database_mutex, master, folder.path()};
  std::atomic<std::int64_t> now{records::system_seconds()};
  records::Records records{database, database_mutex, {.data = folder.path(), .backups = folder.path(), .clock = [this] {
                                                        return now.load();
                                                      }}};
  ReplayModels models;
  Settings settings = with_data(folder.path());
  std::unique_ptr<Gateway> gateway;
  std::unique_ptr<http::Server> server;
};

}  // namespace cofre::gateway
