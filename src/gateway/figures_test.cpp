#include "gateway/figures.h"

#include <gtest/gtest.h>

#include <chrono>

#include "gateway/fixture.h"
#include "http/raw_websocket.h"

namespace cofre::gateway {
namespace {

using accounts::Role;
using accounts::Scope;
using Raw = http::RawWebSocket;

fleet::ModelState model_at(std::uint64_t prompt_tokens, std::uint64_t generated_tokens) {
  fleet::ModelState model;
  model.name = "tiny";
  model.kind = fleet::ModelState::Kind::ready;
  model.memory_bytes = 2000;
  model.streams = 3;
  auto& status = model.status.emplace();
  status.running = 2;
  status.waiting = 1;
  status.total_pages = 10;
  status.free_pages = 4;
  status.prompt_tokens = prompt_tokens;
  status.generated_tokens = generated_tokens;
  status.resident_bytes = 1000;
  return model;
}

TEST(Figures, TellWhatAModelDoesNow) {
  const auto figures = figures_of({{model_at(300, 70)}}, {{model_at(100, 20)}}, 2.0, 5);
  EXPECT_EQ(json::dump(figures),
            R"({"requests_open":5,"models":[{"name":"tiny","state":"ready","healthy":false,"requests":3,)"
            R"("memory_bytes":2000,"running":2,"waiting":1,"prompt_tokens_per_second":100.0,)"
            R"("generated_tokens_per_second":25.0,"kv_pages":10,"kv_pages_used":6,"resident_bytes":1000}]})");
}
TEST(Figures, AReplacedWorkerCountsFromZero) {
  const auto text = json::dump(figures_of({{model_at(10, 4)}}, {{model_at(100, 20)}}, 1.0, 0));
  EXPECT_TRUE(has(text, R"("prompt_tokens_per_second":10.0,"generated_tokens_per_second":4.0)")) << text;
}
TEST(Figures, AModelThatIsNewHasNoRateYet) {
  const auto text = json::dump(figures_of({{model_at(10, 4)}}, {}, 1.0, 0));
  EXPECT_TRUE(has(text, R"("generated_tokens_per_second":0.0)")) << text;
}
TEST(Figures, TellHowLongAnswersTookToTheirFirstTokenSinceTheLast) {
  Metrics metrics;
  fleet::ModelState remote;
  remote.name = "far";
  const auto moment = [&] { return Moment{{remote}, metrics.first_tokens()}; };
  const auto start = moment();
  metrics.first_token("far", std::chrono::milliseconds(100));
  metrics.first_token("far", std::chrono::milliseconds(300));
  metrics.first_token("near", std::chrono::milliseconds(5));
  const auto then = moment();
  metrics.first_token("far", std::chrono::milliseconds(50));
  const auto now = moment();
  const auto text = [](const Moment& at, const Moment& before, double seconds) {
    return json::dump(figures_of(at, before, seconds, 0));
  };
  EXPECT_TRUE(has(text(then, start, 1), R"("first_token_ms":200.0)")) << text(then, start, 1);
  EXPECT_TRUE(has(text(now, then, 1), R"("first_token_ms":50.0)")) << text(now, then, 1);
  EXPECT_FALSE(has(text(now, now, 1), "first_token_ms"));
  EXPECT_FALSE(has(text(now, {}, 0), "first_token_ms"));
}
TEST(Figures, AModelThatIsNotLoadedHasFewer) {
  fleet::ModelState idle;
  idle.name = "tiny";
  EXPECT_EQ(json::dump(figures_of({{idle}}, {{idle}}, 1.0, 0)),
            R"({"requests_open":0,"models":[{"name":"tiny","state":"idle","healthy":false,"requests":0,)"
            R"("memory_bytes":0}]})");
}

/// A box whose tick is the test's.
class LiveFigures : public GatewayTest {
 protected:
  LiveFigures() { start(); }
  static std::string as(const std::string& key) { return bearer(key); }
  std::string key_with(Scope scope) { return accounts.keys.create(fmt::format("key{}", ++made), {scope}); }
  std::string cookie(const std::string& session) const { return "Cookie: __Host-cofre=" + session + "\r\n"; }
  /// The head of the answer to who wants to watch.
  std::string head(const std::string& headers) { return Raw(server->port(), "/admin/v1/live", headers).head; }

  const std::int64_t user = make_user("olga", {Role::box_operator}).id;
  int made = 0;
};

TEST_F(LiveFigures, ComeAtOnceAndWithEveryTick) {
  Raw socket(server->port(), "/admin/v1/live", as(key_with(Scope::metrics)) + "X-Request-Id: mine\r\n");
  EXPECT_TRUE(socket.head.starts_with("HTTP/1.1 101")) << socket.head;
  EXPECT_TRUE(has(socket.head, "\r\nX-Request-Id: mine")) << socket.head;
  for (int i = 0; i < 3; ++i) {
    const auto figures = socket.receive();
    ASSERT_TRUE(figures);
    EXPECT_EQ(figures->opcode, Raw::text);
    EXPECT_TRUE(has(figures->payload, R"({"name":"tiny","state":"ready")")) << figures->payload;
    EXPECT_TRUE(has(figures->payload, R"("kv_pages":10)")) << figures->payload;
    gateway->tick();
  }
}
TEST_F(LiveFigures, AreForWhoMayReadMetrics) {
  EXPECT_TRUE(head("").starts_with("HTTP/1.1 401"));
  EXPECT_TRUE(head(as("cofre_x")).starts_with("HTTP/1.1 401"));
  EXPECT_TRUE(head(as(key_with(Scope::inference))).starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(Raw(server->port(), "/admin/v1/nothing", as(key_with(Scope::metrics))).head.starts_with("HTTP/1.1 404"));
}
TEST_F(LiveFigures, AnOrdinaryRequestIsToldToUpgrade) {
  http::RawClient client(server->port());
  client.send("GET /admin/v1/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + as(key_with(Scope::metrics)) +
              "\r\n");
  const auto& answer = client.wait_for_end();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 426 Upgrade Required")) << answer;
  EXPECT_TRUE(has(answer, "\r\nUpgrade: websocket\r\n")) << answer;
}
TEST_F(LiveFigures, ASessionMayWatchFromThisBoxsOwnPagesAlone) {
  const auto session = cookie(accounts.sessions.begin(user, false, ""));
  EXPECT_TRUE(head(session + "Origin: https://localhost\r\n").starts_with("HTTP/1.1 101"));
  EXPECT_TRUE(head(session).starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(head(session + "Origin: https://evil.example\r\n").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(head(session + "Origin: null\r\n").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(head(session + "Origin: https://localhost.evil.example\r\n").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(
      head(session + "Origin: https://localhost\r\nSec-Fetch-Site: cross-site\r\n").starts_with("HTTP/1.1 403"));
}
TEST_F(LiveFigures, EndWithTheKeyOrTheSession) {
  const auto key = key_with(Scope::metrics);
  const auto session = accounts.sessions.begin(user, false, "");
  Raw by_key(server->port(), "/admin/v1/live", as(key));
  Raw by_session(server->port(), "/admin/v1/live", cookie(session) + "Origin: https://localhost\r\n");
  Raw another(server->port(), "/admin/v1/live", as(key_with(Scope::metrics)));
  accounts.keys.revoke(accounts.keys.authenticate(key)->key_id);
  accounts.sessions.end_all(user);
  gateway->tick();
  EXPECT_EQ(by_key.close_code(Raw::text), 1008);
  EXPECT_EQ(by_session.close_code(Raw::text), 1008);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(another.receive()->opcode, Raw::text);
}
TEST_F(LiveFigures, SocketsOfAKeyAreCounted) {
  const auto key = as(key_with(Scope::metrics));
  std::vector<std::unique_ptr<Raw>> sockets;
  for (std::size_t i = 0; i < Figures::watchers_of_key; ++i) {
    sockets.push_back(std::make_unique<Raw>(server->port(), "/admin/v1/live", key));
    EXPECT_TRUE(sockets.back()->head.starts_with("HTTP/1.1 101"));
  }
  EXPECT_TRUE(head(key).starts_with("HTTP/1.1 429"));
  EXPECT_TRUE(head(as(key_with(Scope::metrics))).starts_with("HTTP/1.1 101"));
}

}  // namespace
}  // namespace cofre::gateway
