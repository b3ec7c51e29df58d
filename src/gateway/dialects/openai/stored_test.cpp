#include <gtest/gtest.h>

#include "gateway/fixture.h"

namespace cofre::gateway::openai {
namespace {

using namespace protocol;

class StoredResponsesOfABox : public GatewayTest {
 protected:
  StoredResponsesOfABox() { models.answer = hello; }

  std::string ask(std::string_view method, const std::string& path, const std::string& body = {}) {
    return ask_as(bearer(key), method, path, body);
  }
  std::string get(const std::string& path) { return ask("GET", "/v1/responses/" + path); }
  /// POST /v1/responses with these members beside model and input.
  std::string post(const std::string& members = {}, const std::string& input = "\"hi\"") {
    return ask("POST", "/v1/responses",
               R"({"model":"tiny","input":)" + input + (members.empty() ? "" : "," + members) + "}");
  }
  std::string id_of(const std::string& answer) { return std::string(body_of(answer).at("id").as_string()); }
  std::string status_of(const std::string& id) { return std::string(body_of(get(id)).at("status").as_string()); }
  /// Background responses end on their own: until this one has.
  json::Object wait_for_end(const std::string& id) {
    // Its stream ends when its end is stored.
    get(id + "?stream=true");
    return body_of(get(id));
  }

  accounts::Keys& keys = accounts.keys;
  std::string key = keys.create("app", {accounts::Scope::inference});
};

TEST_F(StoredResponsesOfABox, AResponseIsReadAgainAsItWasTold) {
  const auto told = body_of(post());
  EXPECT_EQ(told.at("store"), json::Value(true));
  const auto id = std::string(told.at("id").as_string());
  EXPECT_EQ(json::dump(body_of(get(id))), json::dump(told));
  EXPECT_EQ(json::dump(body_of(ask("DELETE", "/v1/responses/" + id))),
            R"({"id":")" + id + R"(","object":"response","deleted":true})");
  EXPECT_TRUE(get(id).starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(ask("DELETE", "/v1/responses/" + id).starts_with("HTTP/1.1 404"));
}
TEST_F(StoredResponsesOfABox, AStreamedResponseIsStoredToo) {
  const auto stream = events_of(post(R"("stream":true)"));
  const auto last = stream.substr(stream.rfind("data: ") + 6);
  const auto told = json::parse(last.substr(0, last.find('\n'))).at("response");
  EXPECT_EQ(json::dump(body_of(get(std::string(told.at("id").as_string())))), json::dump(told));
}
TEST_F(StoredResponsesOfABox, WhereAQuotaOfStorageIsUsedUpNothingIsStored) {
  const auto owner = accounts.keys.authenticate(key)->user;
  const auto quota = accounts.quotas.set(
      {0, accounts::Level::user, owner, "", accounts::Quota::Metric::storage, accounts::Quota::Period::now, 1'000'000});
  const auto id = id_of(post());
  EXPECT_GT(accounts.quotas.list().at(0).used, 100u);
  accounts.quotas.set(
      {0, accounts::Level::user, owner, "", accounts::Quota::Metric::storage, accounts::Quota::Period::now, 100});
  for (const std::string more : {"", R"("background":true)", R"("stream":true)"}) {
    const auto refused = post(more);
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 429")) << more;
    EXPECT_TRUE(has(refused, fmt::format("quota {}", quota.id)));
  }
  EXPECT_TRUE(post(R"("store":false)").starts_with("HTTP/1.1 200"));
  ask("DELETE", "/v1/responses/" + id);
  EXPECT_EQ(accounts.quotas.list().at(0).used, 0u);
}
TEST_F(StoredResponsesOfABox, WhatIsNotToBeStoredIsNotThere) {
  EXPECT_TRUE(get(id_of(post(R"("store":false)"))).starts_with("HTTP/1.1 404"));
}
TEST_F(StoredResponsesOfABox, WhatIsNoIdOfOnesOwnIsNotFound) {
  const auto id = id_of(post());
  const auto background = id_of(post(R"("background":true)"));
  wait_for_end(background);
  key = keys.create("other", {accounts::Scope::inference});
  for (const auto& name : {id, background, std::string("x"), std::string("resp_%27"), std::string(4000, 'a')}) {
    EXPECT_TRUE(get(name).starts_with("HTTP/1.1 404")) << name;
    EXPECT_TRUE(get(name + "?stream=true").starts_with("HTTP/1.1 404"));
    EXPECT_TRUE(get(name + "/input_items").starts_with("HTTP/1.1 404"));
    EXPECT_TRUE(ask("DELETE", "/v1/responses/" + name).starts_with("HTTP/1.1 404"));
    EXPECT_TRUE(ask("POST", "/v1/responses/" + name + "/cancel").starts_with("HTTP/1.1 404"));
  }
  EXPECT_TRUE(has(post(R"("previous_response_id":")" + id + "\""), "previous_response_not_found"));
}
TEST_F(StoredResponsesOfABox, AConversationGoesOnWithoutItsInstructions) {
  std::string asked;
  models.answer = [&](const Request& request) {
    asked = json::dump(std::get<Chat>(request.task).messages);
    return std::vector<Event>{Started{5, 0},
                              Reasoning{0, "hm"},
                              Text{0, "yes"},
                              ToolCall{0, 0, "call_1", "f", ""},
                              ToolCall{0, 0, "", "", "{\"x\":1}"},
                              Finished{0, FinishReason::tool_calls, ""},
                              Done{}};
  };
  const auto first = id_of(post(R"("instructions":"be brief")"));
  EXPECT_EQ(asked, R"([{"role":"system","content":"be brief"},{"role":"user","content":"hi"}])");
  const std::string said =
      R"({"role":"user","content":"hi"},{"role":"assistant","content":"yes","reasoning_content":"hm",)"
      R"("tool_calls":[{"type":"function","id":"call_1","function":{"name":"f","arguments":{"x":1}}}]})";
  const auto second = id_of(post(R"("instructions":"be long","previous_response_id":")" + first + "\"",
                                 R"([{"type":"function_call_output","call_id":"call_1","output":"o"}])"));
  EXPECT_EQ(asked, R"([{"role":"system","content":"be long"},)" + said +
                       R"(,{"role":"tool","content":"o","tool_call_id":"call_1"}])");
  EXPECT_EQ(body_of(get(second)).at("previous_response_id").as_string(), first);
  post(R"("previous_response_id":")" + second + "\"", R"([{"role":"user","content":"more"}])");
  EXPECT_TRUE(has(asked, said)) << asked;
  EXPECT_TRUE(asked.ends_with(R"({"role":"user","content":"more"}])"));
  EXPECT_FALSE(has(asked, "be brief") || has(asked, "be long"));

  ask("DELETE", "/v1/responses/" + first);
  const auto refused = post(R"("previous_response_id":")" + second + "\"");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(has(refused, R"("param":"previous_response_id","code":"previous_response_not_found")"));
}
TEST_F(StoredResponsesOfABox, InputItemsComeInPages) {
  const auto first = id_of(post({}, R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"},)"
                                    R"({"role":"user","content":[{"type":"input_text","text":"c"}]}])"));
  const auto second = id_of(post(R"("previous_response_id":")" + first + "\"", "\"d\""));
  auto page = body_of(get(second + "/input_items"));
  EXPECT_EQ(page.at("data").as_array().size(), 5u);
  EXPECT_EQ(page.at("has_more"), json::Value(false));
  EXPECT_EQ(page.at("data").at(0).at("content").at(0).at("text").as_string(), "d");
  EXPECT_EQ(page.at("data").at(1).at("content").at(0).at("text").as_string(), "Hello world");
  std::string text, after;
  for (int pages = 0; pages < 3; ++pages) {
    page = body_of(get(second + "/input_items?order=asc&limit=2" + (after.empty() ? "" : "&after=" + after)));
    for (const auto& item : page.at("data").as_array()) text += item.at("content").at(0).at("text").as_string();
    EXPECT_EQ(page.at("has_more"), json::Value(pages < 2));
    after = page.at("last_id").as_string();
  }
  EXPECT_EQ(text, "abcHello worldd");
  EXPECT_EQ(body_of(get(first + "/input_items?limit=1")).at("data").as_array().size(), 1u);
}
TEST_F(StoredResponsesOfABox, QueriesAreReadStrictly) {
  const auto id = id_of(post());
  const std::pair<std::string, std::string> cases[] = {
      {"/input_items?limit=0", "limit"},
      {"/input_items?limit=101", "limit"},
      {"/input_items?limit=-1", "limit"},
      {"/input_items?limit=1e1", "limit"},
      {"/input_items?order=up", "order"},
      {"/input_items?after=nobody", "after"},
      {"?stream=maybe", "stream"},
      {"?stream=true", "stream"},
      {"?starting_after=1", "starting_after"},
      {"?stream=true&starting_after=-1", "starting_after"},
      {"?stream=true&starting_after=99999999999999999999", "starting_after"},
      {"?include=web_search_call.action.sources", "include"},
  };
  for (const auto& [query, field] : cases) {
    const auto answer = get(id + query);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << query << answer;
    EXPECT_TRUE(has(answer, "\"param\":\"" + field + "\"")) << answer;
  }
  EXPECT_TRUE(get(id + "?stream=false&include[]=message.output_text.logprobs").starts_with("HTTP/1.1 200"));
}
TEST_F(StoredResponsesOfABox, ABackgroundResponseIsWrittenWhileNobodyListens) {
  models.answer = nullptr;
  const auto queued = body_of(post(R"("background":true)"));
  EXPECT_EQ(queued.at("status").as_string(), "queued");
  EXPECT_EQ(queued.at("background"), json::Value(true));
  const auto id = std::string(queued.at("id").as_string());
  const auto asked = models.wait_for_request();
  ASSERT_TRUE(asked);
  EXPECT_EQ(status_of(id), "queued");
  asked->give(Started{});
  EXPECT_EQ(status_of(id), "in_progress");
  const auto conflict = post(R"("previous_response_id":")" + id + "\"");
  EXPECT_TRUE(conflict.starts_with("HTTP/1.1 409")) << conflict;
  EXPECT_TRUE(has(conflict, R"("param":"previous_response_id")"));
  asked->give(Text{0, "done"});
  asked->give(Finished{});
  asked->give(Done{{1, 0, 1, 0}});
  const auto whole = wait_for_end(id);
  EXPECT_EQ(whole.at("status").as_string(), "completed");
  EXPECT_EQ(whole.at("output").at(0).at("content").at(0).at("text").as_string(), "done");
  EXPECT_EQ(whole.at("usage").at("output_tokens").as_int64(), 1);
}
TEST_F(StoredResponsesOfABox, AStreamThatWasLostGoesOnWhereItWas) {
  models.answer = nullptr;
  start();
  http::RawClient client(server->port());
  client.send(request("POST", "/v1/responses", R"({"model":"tiny","input":"a","background":true,"stream":true})",
                      bearer(key) + "Connection: close\r\n"));
  const auto asked = models.wait_for_request();
  ASSERT_TRUE(asked);
  asked->give(Started{});
  asked->give(Text{0, "one "});
  const auto begun = client.wait_for("one ");
  const auto id = begun.substr(begun.find("resp_"), 29);
  client.vanish();

  http::RawClient again(server->port());
  again.send(request("GET", "/v1/responses/" + id + "?stream=true&starting_after=4", "",
                     bearer(key) + "Connection: close\r\n"));
  again.wait_for("\"sequence_number\":5,");
  asked->give(Text{0, "two"});
  again.wait_for("two");
  asked->give(Finished{});
  asked->give(Done{});
  const auto rest = events_of(again.wait_for_end());
  EXPECT_TRUE(has(rest, "event: response.completed"));
  EXPECT_FALSE(has(rest, "\"sequence_number\":4,"));

  const auto whole = events_of(get(id + "?stream=true"));
  EXPECT_TRUE(whole.starts_with("event: response.created\n"));
  EXPECT_TRUE(has(whole, "event: response.queued\n"));
  EXPECT_TRUE(has(whole, "event: response.in_progress\n"));
  EXPECT_TRUE(whole.ends_with(rest));
  EXPECT_EQ(events_of(get(id + "?stream=true&starting_after=4")), rest);
  EXPECT_EQ(events_of(get(id + "?stream=true&starting_after=1000")), "");
}
TEST_F(StoredResponsesOfABox, ALongStreamIsReadAgainInPieces) {
  models.answer = [](const Request&) {
    std::vector<Event> events{Started{}};
    for (int i = 0; i < 40; ++i) events.emplace_back(Text{0, std::string(100'000, static_cast<char>('a' + i % 26))});
    events.emplace_back(Finished{});
    events.emplace_back(Done{});
    return events;
  };
  const auto id = id_of(post(R"("background":true)"));
  const auto whole = events_of(get(id + "?stream=true"));
  EXPECT_GT(whole.size(), 16'000'000u);
  EXPECT_TRUE(has(whole.substr(whole.size() - 5'000'000), "event: response.completed"));
}
TEST_F(StoredResponsesOfABox, ACancelledResponseStaysCancelled) {
  models.answer = nullptr;
  const auto id = id_of(post(R"("background":true)"));
  const auto asked = models.wait_for_request();
  asked->give(Started{});
  asked->give(Text{0, "half"});
  const auto cancelled = body_of(ask("POST", "/v1/responses/" + id + "/cancel"));
  EXPECT_EQ(cancelled.at("status").as_string(), "cancelled");
  EXPECT_EQ(cancelled.at("output").at(0).at("content").at(0).at("text").as_string(), "half");
  EXPECT_EQ(cancelled.at("output").at(0).at("status").as_string(), "incomplete");
  EXPECT_TRUE(asked->wait_until_dropped());
  EXPECT_EQ(json::dump(body_of(ask("POST", "/v1/responses/" + id + "/cancel"))), json::dump(cancelled));
  EXPECT_EQ(json::dump(body_of(get(id))), json::dump(cancelled));
  EXPECT_TRUE(has(events_of(get(id + "?stream=true")), "event: response.incomplete"));
  models.answer = hello;
  const auto plain = ask("POST", "/v1/responses/" + id_of(post()) + "/cancel");
  EXPECT_TRUE(plain.starts_with("HTTP/1.1 400")) << plain;
}
TEST_F(StoredResponsesOfABox, ADeletedResponseRunsNoLonger) {
  models.answer = nullptr;
  const auto id = id_of(post(R"("background":true)"));
  const auto asked = models.wait_for_request();
  EXPECT_TRUE(ask("DELETE", "/v1/responses/" + id).starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(asked->wait_until_dropped());
  EXPECT_TRUE(get(id).starts_with("HTTP/1.1 404"));
}
TEST_F(StoredResponsesOfABox, AKeyHasOnlySoManyInTheBackground) {
  models.answer = nullptr;
  settings.background_per_key = 1;
  const auto id = id_of(post(R"("background":true)"));
  const auto refused = post(R"("background":true)");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 429")) << refused;
  EXPECT_TRUE(has(refused, "Retry-After: 1"));
  ask("POST", "/v1/responses/" + id + "/cancel");
  EXPECT_TRUE(post(R"("background":true)").starts_with("HTTP/1.1 200"));
}
TEST_F(StoredResponsesOfABox, AFailureIsTheResponsesOwn) {
  models.answer = [](const Request&) {
    return std::vector<Event>{Started{}, Failed{Code::unavailable, "its worker died", ""}};
  };
  const auto failed = wait_for_end(id_of(post(R"("background":true)")));
  EXPECT_EQ(failed.at("status").as_string(), "failed");
  EXPECT_EQ(failed.at("error").at("message").as_string(), "its worker died");
  const auto id = std::string(failed.at("id").as_string());
  EXPECT_TRUE(has(post(R"("previous_response_id":")" + id + "\""), "previous_response_failed"));
  EXPECT_TRUE(has(ask("POST", "/v1/responses", R"({"model":"nobody","input":"a","background":true})"),
                  R"("param":"model","code":"model_not_found")"));
}
TEST_F(StoredResponsesOfABox, ARevokedKeyEndsItsBackgroundResponses) {
  models.answer = nullptr;
  start();
  http::RawClient client(server->port());
  client.send(request("POST", "/v1/responses", R"({"model":"tiny","input":"a","background":true,"stream":true})",
                      bearer(key) + "Connection: close\r\n"));
  const auto asked = models.wait_for_request();
  asked->give(Started{});
  client.wait_for("in_progress");
  keys.revoke("app");
  EXPECT_TRUE(has(events_of(client.wait_for_end()), "the key is no longer valid"));
  EXPECT_TRUE(asked->wait_until_dropped());
}
TEST_F(StoredResponsesOfABox, WhatRanWhenTheBoxStoppedHasFailed) {
  models.answer = nullptr;
  const auto id = id_of(post(R"("background":true)"));
  ASSERT_TRUE(models.wait_for_request());
  stop();
  const auto failed = body_of(get(id));
  EXPECT_EQ(failed.at("status").as_string(), "failed");
  EXPECT_EQ(failed.at("error").at("message").as_string(), "the box is stopping");
}
TEST_F(StoredResponsesOfABox, WhatRanWhenTheBoxDiedHasFailed) {
  records.responses.add({.id = "resp_lost",
                         .tenant = keys.authenticate(key)->holder(),
                         .created = now,
                         .background = true,
                         .status = "queued",
                         .input = "[]",
                         .object = R"({"id":"resp_lost","status":"queued","error":null,"output":[]})"});
  const auto failed = body_of(get("resp_lost"));
  EXPECT_EQ(failed.at("status").as_string(), "failed");
  EXPECT_EQ(failed.at("error").at("code").as_string(), "server_error");
  const auto events = events_of(get("resp_lost?stream=true&starting_after=41"));
  EXPECT_TRUE(events.starts_with("event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":42,"))
      << events;
}
TEST_F(StoredResponsesOfABox, AClientThatLeavesCancelsAndNothingIsStored) {
  models.answer = nullptr;
  start();
  http::RawClient client(server->port());
  client.send(
      request("POST", "/v1/responses", R"({"model":"tiny","input":"a"})", bearer(key) + "Connection: close\r\n"));
  const auto asked = models.wait_for_request();
  ASSERT_TRUE(asked);
  client.vanish();
  EXPECT_TRUE(asked->wait_until_dropped());
  auto row = database.query("SELECT count(*) FROM responses");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.integer(0), 0);
}
TEST_F(StoredResponsesOfABox, WhatIsTooLargeIsNotStored) {
  settings.response_bytes_max = 2000;
  EXPECT_TRUE(post().starts_with("HTTP/1.1 200"));
  const auto refused = post({}, '"' + std::string(2000, 'a') + '"');
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(has(refused, R"("param":"input")"));
  EXPECT_TRUE(post(R"("store":false)", '"' + std::string(2000, 'a') + '"').starts_with("HTTP/1.1 200"));
  models.answer = [](const Request&) {
    return std::vector<Event>{Started{}, Text{0, std::string(3000, 'x')}, Finished{}, Done{}};
  };
  EXPECT_TRUE(has(post(), R"("param":"store","code":"response_too_large")"));
  models.answer = nullptr;
  const auto id = id_of(post(R"("background":true)"));
  const auto asked = models.wait_for_request();
  asked->give(Started{});
  asked->give(Text{0, std::string(3000, 'x')});
  EXPECT_TRUE(asked->wait_until_dropped());
  EXPECT_EQ(wait_for_end(id).at("error").at("code").as_string(), "response_too_large");
}
TEST_F(StoredResponsesOfABox, OldResponsesAreSwept) {
  const auto id = id_of(post());
  now += 31 * 86'400;
  gateway->tick();
  stop();  // which waits for what the tick has begun
  EXPECT_TRUE(get(id).starts_with("HTTP/1.1 404"));
}

}  // namespace
}  // namespace cofre::gateway::openai
