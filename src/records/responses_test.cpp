#include "records/responses.h"

#include <gtest/gtest.h>

#include "accounts/accounts.h"
#include "base/thrown.h"
#include "json/json.h"
#include "os/paths.h"

namespace cofre::records {
namespace {

struct StoredResponses : testing::Test {
  os::TemporaryDirectory folder{testing::TempDir()};
  crypto::Secret key = crypto::Secret::random();
  store::Database database{folder.path() / "test.db", key};
  std::mutex mutex;
  std::int64_t now = 1000;
  accounts::Accounts accounts{database, mutex, key, folder.path() / "backups"};
  Tables tables{database, mutex, folder.path() / "backups"};
  Keeping keeping;
  Responses responses{tables, keeping, [this] { return now; }};

  void add(const std::string& id, std::optional<std::string> previous = std::nullopt,
           const std::string& status = "completed", std::uint64_t tenant = 1) {
    responses.add({.id = id,
                   .tenant = tenant,
                   .key_id = 7,
                   .created = now,
                   .previous = std::move(previous),
                   .background = status == "queued",
                   .status = status,
                   .input = R"([{"type":"message"}])",
                   .object = R"({"id":")" + id + R"(","status":"queued","error":null})"});
  }
};

TEST_F(StoredResponses, AResponseReadsAsItWasWritten) {
  add("resp_a", "resp_0");
  const auto found = responses.find(1, "resp_a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->previous, "resp_0");
  EXPECT_EQ(found->key_id, 7);
  EXPECT_EQ(found->input, R"([{"type":"message"}])");
  EXPECT_FALSE(found->background);
  EXPECT_FALSE(responses.events(1, "resp_a"));
}
TEST_F(StoredResponses, AnotherTenantsResponseIsNotThere) {
  add("resp_a");
  EXPECT_FALSE(responses.find(2, "resp_a"));
  EXPECT_FALSE(responses.remove(2, "resp_a"));
  EXPECT_TRUE(responses.conversation(2, "resp_a", 1 << 20).empty());
  EXPECT_TRUE(responses.find(1, "resp_a"));
  EXPECT_FALSE(responses.find(1, "'; DROP TABLE responses; --"));
}
TEST_F(StoredResponses, AnEndIsWrittenOnce) {
  add("resp_a", std::nullopt, "queued");
  EXPECT_TRUE(responses.finish("resp_a", {"completed", "{}", "event: x\n\n"}));
  EXPECT_FALSE(responses.finish("resp_a", {"failed", "{}", ""}));
  EXPECT_EQ(responses.find(1, "resp_a")->status, "completed");
  EXPECT_EQ(responses.events(1, "resp_a"), "event: x\n\n");
  EXPECT_FALSE(responses.events(2, "resp_a"));
}
TEST_F(StoredResponses, ARemovedResponseLeavesNothingAndTakesNoEnd) {
  add("resp_a", std::nullopt, "queued");
  add("resp_b", std::nullopt, "queued");
  responses.finish("resp_a", {"completed", "{}", "events"});
  EXPECT_TRUE(responses.remove(1, "resp_a"));
  EXPECT_FALSE(responses.remove(1, "resp_a"));
  EXPECT_TRUE(responses.remove(1, "resp_b"));
  EXPECT_FALSE(responses.finish("resp_b", {"completed", "{}", "events"}));
  auto row = database.query("SELECT (SELECT count(*) FROM responses) + (SELECT count(*) FROM response_events)");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.integer(0), 0);
}
TEST_F(StoredResponses, AConversationIsToldOldestFirst) {
  add("resp_a");
  add("resp_b", "resp_a");
  add("resp_c", "resp_b");
  const auto turns = responses.conversation(1, "resp_c", 1 << 20);
  ASSERT_EQ(turns.size(), 3u);
  EXPECT_EQ(turns.front().id, "resp_a");
  EXPECT_FALSE(turns.front().previous);
  responses.remove(1, "resp_a");
  EXPECT_EQ(responses.conversation(1, "resp_c", 1 << 20).front().previous, "resp_a");
}
TEST_F(StoredResponses, AConversationHasABound) {
  add("resp_a");
  add("resp_b", "resp_a");
  EXPECT_EQ(field_of([&] { responses.conversation(1, "resp_b", 100); }), "previous_response_id");
  std::string last = "resp_b";
  store::Transaction quickly(database);
  for (std::size_t i = 2; i < Responses::turns_max; ++i) {
    add("resp_" + std::to_string(i), last);
    last = "resp_" + std::to_string(i);
  }
  EXPECT_EQ(responses.conversation(1, last, 1 << 30).size(), Responses::turns_max);
  add("resp_more", last);
  EXPECT_EQ(code_of([&] { responses.conversation(1, "resp_more", 1 << 30); }), Code::invalid);
}
TEST_F(StoredResponses, WhatABoxLeftQueuedHasFailed) {
  add("resp_a", std::nullopt, "queued");
  add("resp_b");
  EXPECT_EQ(responses.fail_queued("server_error", "the box stopped"), 1u);
  EXPECT_EQ(responses.fail_queued("server_error", "the box stopped"), 0u);
  const auto found = responses.find(1, "resp_a");
  EXPECT_EQ(found->status, "failed");
  const auto object = json::parse(found->object);
  EXPECT_EQ(object.at("status").as_string(), "failed");
  EXPECT_EQ(object.at("error").at("message").as_string(), "the box stopped");
  EXPECT_EQ(responses.events(1, "resp_a"), "");
  EXPECT_EQ(responses.find(1, "resp_b")->status, "completed");
}
TEST_F(StoredResponses, EventsAreKeptForADay) {
  add("resp_a", std::nullopt, "queued");
  responses.finish("resp_a", {"completed", "{}", "events"});
  now += Responses::events_kept_s;
  responses.sweep_events();
  EXPECT_TRUE(responses.events(1, "resp_a"));
  now += 1;
  responses.sweep_events();
  EXPECT_FALSE(responses.events(1, "resp_a"));
  EXPECT_TRUE(responses.find(1, "resp_a"));
}

}  // namespace
}  // namespace cofre::records
