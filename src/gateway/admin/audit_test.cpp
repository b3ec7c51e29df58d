#include "gateway/admin/audit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "accounts/audit/segment.h"
#include "gateway/fixture.h"
#include "os/disk.h"

namespace cofre::gateway::admin {
namespace {

using accounts::Role;

/// A box that keeps a trail, and somebody who may read it.
class AuditRoutes : public GatewayTest {
 protected:
  AuditRoutes() {
    options.folder = folder.path() / "audit";
    options.segment_bytes = 4000;
    trail = std::make_unique<accounts::audit::Trail>(database, database_mutex, master, folder.path(), options);
    settings.audit = trail.get();
    key = key_of("alice", accounts::home_tenant, Role::auditor);
  }

  std::string key_of(const std::string& name, std::int64_t tenant, Role role) {
    return GatewayTest::key_of(make_user(name, {role}, tenant));
  }
  /// The whole answer; chunks are left as they are.
  std::string ask(std::string_view method, std::string_view path, const std::string& as = {}) {
    return ask_as(bearer(as.empty() ? key : as), method, fmt::format("/admin/v1/audit/{}", path));
  }
  json::Object object(std::string_view method, std::string_view path) {
    const auto text = ask(method, path);
    EXPECT_TRUE(text.starts_with("HTTP/1.1 200")) << text;
    return json::parse(text.substr(text.find("\r\n\r\n") + 4)).as_object();
  }
  json::Object page(std::string_view query) { return object("GET", fmt::format("records{}", query)); }
  static std::size_t count(const json::Object& page) { return page.at("records").as_array().size(); }
  /// 300 requests of bob and carol, over several files.
  void fill() {
    for (int i = 0; i < 300; ++i) {
      trail->record({.action = "request",
                     .outcome = i % 3 == 0 ? "refused" : "stop",
                     .who = i % 2 == 0 ? "bob" : "carol",
                     .from = "192.0.2.7",
                     .facts = {{"id", fmt::format("req_{}", i)}}});
      if (i % 20 == 0) trail->flush();
    }
    trail->flush();
  }
  /// Once the verification has ended.
  json::Object verified() {
    for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);;) {
      auto state = object("GET", "verification");
      if (state.at("state") != "running" || std::chrono::steady_clock::now() > until) return state;
      std::this_thread::yield();
    }
  }

  accounts::audit::Trail::Options options;
  std::unique_ptr<accounts::audit::Trail> trail;
  std::string key;
};

TEST_F(AuditRoutes, PagesHoldEveryWantedRecordOnceAndInOrder) {
  fill();
  for (const bool newest_first : {false, true}) {
    std::vector<std::int64_t> numbers;
    std::int64_t after = 0;
    for (bool more = true; more;) {
      const auto part = page(
          fmt::format("?action=request&person=bob&limit=7&after={}&order={}", after, newest_first ? "desc" : "asc"));
      EXPECT_LE(count(part), 7u);
      for (const auto& record : part.at("records").as_array()) {
        EXPECT_EQ(record.at("who"), "bob");
        EXPECT_EQ(record.at("from"), "192.0.2.7");
        numbers.push_back(record.at("n").as_int64());
      }
      more = part.at("more").as_bool();
      after = part.at("next").as_int64();
    }
    EXPECT_EQ(numbers.size(), 150u);
    if (newest_first) std::reverse(numbers.begin(), numbers.end());
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end(), std::less_equal<>()));
  }
}

TEST_F(AuditRoutes, WhatHappensBetweenTwoPagesOfTheNewestMovesNoRecord) {
  fill();
  const auto first = page("?action=request&limit=10&order=desc");
  trail->record({.action = "request", .outcome = "ok", .who = "dora", .from = "192.0.2.7"});
  const auto second = page(fmt::format("?action=request&limit=10&order=desc&after={}", first.at("next").as_int64()));
  EXPECT_EQ(second.at("records").at(0).at("n").as_int64(), first.at("records").at(9).at("n").as_int64() - 1);
  EXPECT_EQ(count(page("?order=desc&after=1")), 0u);
  EXPECT_EQ(page("?limit=1&order=desc").at("records").at(0).at("do"), "audit.list");
}

TEST_F(AuditRoutes, EachFilterLeavesWhatItNames) {
  fill();
  EXPECT_EQ(count(page("?outcome=refused&limit=1000")), 100u);
  EXPECT_EQ(count(page("?id=req_17")), 1u);
  EXPECT_EQ(count(page("?outcome=stop&id=req_0")), 0u);
  EXPECT_EQ(count(page("?action=req&person=carol&outcome=refused&limit=1000")), 50u);
  EXPECT_EQ(count(page("?from=2999-01-01")), 0u);
  EXPECT_EQ(count(page("?until=2001-01-01T00:00")), 0u);
  EXPECT_EQ(count(page("?action=request&limit=1000&from=2001-01-01&until=2999-01-01&outcome=refused")), 100u);
}

TEST_F(AuditRoutes, APersonWhoseFirstRecordStillWaitsIsFound) {
  trail->record({.action = "request", .outcome = "ok", .who = "dora", .from = "192.0.2.7"});
  EXPECT_EQ(count(page("?person=dora")), 1u);
}
TEST_F(AuditRoutes, WrongParametersAreNamed) {
  const std::pair<const char*, const char*> wrong[] = {
      {"?from=yesterday", "from"}, {"?limit=0", "limit"},        {"?limit=1001", "limit"}, {"?after=-1", "after"},
      {"?colour=red", "colour"},   {"?person=nobody", "person"}, {"?order=up", "order"}};
  for (const auto& [query, field] : wrong) {
    const auto answer = ask("GET", fmt::format("records{}", query));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 40")) << answer;
    EXPECT_TRUE(has(answer, fmt::format(R"("param":"{}")", field))) << answer;
  }
  EXPECT_TRUE(has(ask("GET", "export?limit=1"), R"("param":"limit")"));
}

TEST_F(AuditRoutes, AnExportHasEveryRecordThatIsThere) {
  fill();
  const auto answer = ask("GET", "export?action=request&outcome=refused");
  EXPECT_TRUE(has(answer, "Content-Type: application/x-ndjson"));
  EXPECT_TRUE(answer.ends_with("\r\n0\r\n\r\n"));
  for (int i = 0; i < 300; ++i) EXPECT_EQ(has(answer, fmt::format("\"req_{}\"", i)), i % 3 == 0) << i;
}

TEST_F(AuditRoutes, WhoReadsTheTrailIsRecordedOnceAndWithoutNames) {
  fill();
  page("?person=bob&limit=10");
  page("?person=bob&limit=10&after=20");
  ask("GET", "export?person=bob");
  object("POST", "verification");
  const auto bob = trail->persons().find("bob");
  for (const char* action : {"audit.list", "audit.export", "audit.verify"}) {
    const auto notes = page(fmt::format("?action={}&after=1", action)).at("records").as_array();
    ASSERT_EQ(notes.size(), 1u) << action;
    EXPECT_EQ(notes[0].at("who"), "alice");
    const auto facts = notes[0].as_object().if_contains("facts");
    EXPECT_FALSE(facts != nullptr && has(json::dump(*facts), "bob"));
    if (std::string_view(action) == "audit.verify") continue;
    EXPECT_EQ(facts->at("filter").at("person"), json::Value(*bob));
  }
}

TEST_F(AuditRoutes, AVerificationTellsWhatItFound) {
  EXPECT_EQ(object("GET", "verification").at("state"), "none");
  fill();
  EXPECT_EQ(object("POST", "verification").at("state"), "running");
  auto state = verified();
  ASSERT_EQ(state.at("state"), "done") << json::dump(state);
  EXPECT_EQ(state.at("verdict").at("ok"), true);
  EXPECT_GT(state.at("verdict").at("records").as_int64(), 300);
  // A record in the middle is changed: its number is told.
  const auto segment = accounts::audit::segments_in(options.folder).at(2);
  auto text = os::read_whole(segment.path, 1 << 20);
  const auto at = text.find("refused");
  ASSERT_NE(at, text.npos);
  std::ofstream(segment.path, std::ios::binary) << text.replace(at, 7, "allowed");
  object("POST", "verification");
  state = verified();
  EXPECT_EQ(state.at("verdict").at("ok"), false);
  EXPECT_EQ(state.at("verdict").at("first_bad").at("file"), json::Value(segment.path.filename().string()));
}

TEST_F(AuditRoutes, AuditorsOfHomeAloneReadTheTrail) {
  const auto acme = accounts.directory.create_tenant("acme", "UTC", "EUR").id;
  const auto other = key_of("mallory", acme, Role::auditor);
  const auto administrator = key_of("root", accounts::home_tenant, Role::system_administrator);
  for (const auto& [method, path] :
       {std::pair{"GET", "records"}, {"GET", "export"}, {"POST", "verification"}, {"GET", "verification"}}) {
    EXPECT_TRUE(ask(method, path, other).starts_with("HTTP/1.1 404")) << path;
    EXPECT_TRUE(ask(method, path, administrator).starts_with("HTTP/1.1 403")) << path;
  }
}

}  // namespace
}  // namespace cofre::gateway::admin
