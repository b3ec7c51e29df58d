#include "gateway/batch_runner.h"

#include <gtest/gtest.h>

#include <map>

#include "accounts/audit/export.h"
#include "base/thrown.h"
#include "gateway/fixture.h"
#include "records/person.h"

namespace cofre::gateway {
namespace {

using namespace protocol;

/// A box whose applications give files and ask batches.
class FilesAndBatches : public GatewayTest {
 protected:
  FilesAndBatches() { now = 1'000'000; }

  struct Answer {
    int status = 0;
    std::string head, body;
    json::Object object() const { return json::parse(body).as_object(); }
  };
  Answer ask(std::string_view method, std::string_view path, const std::string& body = {},
             const std::string& headers = {}, const std::string& as = {}) {
    const auto text = ask_as(bearer(as.empty() ? key : as) + headers, method, path, body);
    const auto end = text.find("\r\n\r\n");
    return {std::stoi(text.substr(9, 3)), text.substr(0, end), text.substr(end + 4)};
  }
  static std::string field(std::string_view name, std::string_view value) {
    return fmt::format("--b\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n", name, value);
  }
  static std::string file_field(std::string_view content, std::string_view name = "in.jsonl") {
    return fmt::format("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\r\n{}\r\n", name,
                       content);
  }
  Answer upload(const std::string& parts) {
    return ask("POST", "/v1/files", parts + "--b--\r\n", "Content-Type: multipart/form-data; boundary=b\r\n");
  }
  std::string given(std::string_view content) {
    return std::string(upload(field("purpose", "batch") + file_field(content)).object().at("id").as_string());
  }
  static std::string line(std::string_view id, std::string_view model = "tiny") {
    return fmt::format(
        R"({{"custom_id":"{}","method":"POST","url":"/v1/chat/completions","body":{{"model":"{}","messages":[{{"role":"user","content":"{}"}}]}}}})",
        id, model, id);
  }
  Answer create(const std::string& file, std::string_view more = {}) {
    return ask("POST", "/v1/batches",
               fmt::format(R"({{"input_file_id":"{}","endpoint":"/v1/chat/completions","completion_window":"24h"{}}})",
                           file, more));
  }
  std::string created(std::string_view content) {
    return std::string(create(given(content)).object().at("id").as_string());
  }
  json::Object batch(const std::string& id) { return ask("GET", "/v1/batches/" + id).object(); }
  /// Once it has this status; what it is after 20 s where it never has.
  json::Object wait_for(const std::string& id, std::string_view status) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
      auto object = batch(id);
      if (object.at("status") == json::Value(status) || std::chrono::steady_clock::now() > until) return object;
      std::this_thread::yield();
    }
  }
  /// The content of a file, "" for null.
  std::string content(const json::Value& id) {
    if (id.is_null()) return {};
    auto text = ask("GET", fmt::format("/v1/files/{}/content", std::string_view(id.as_string()))).body;
    // One chunk: its length, the text, the last chunk.
    const auto begin = text.find("\r\n") + 2;
    return text.substr(begin, text.rfind("\r\n0\r\n") - begin);
  }
  static std::vector<Event> hello(const Request&) {
    return {Started{5, 1}, Text{0, "Hello"}, Finished{}, Done{{5, 1, 2, 0}}};
  }

  std::string key = accounts.keys.create("app", {accounts::Scope::inference});
};

TEST_F(FilesAndBatches, AFileIsGivenReadAndDeleted) {
  const std::string text(300'000, 'x');
  const auto made = upload(field("purpose", "user_data") + field("expires_after[anchor]", "created_at") +
                           field("expires_after[seconds]", "3600") + file_field(text, "中.txt"));
  ASSERT_EQ(made.status, 200) << made.body;
  const auto object = made.object();
  const std::string id(object.at("id").as_string());
  EXPECT_EQ(json::dump(object),
            fmt::format(R"({{"id":"{}","object":"file","bytes":300000,"created_at":1000000,"expires_at":1003600,)"
                        R"("filename":"中.txt","purpose":"user_data","status":"processed","status_details":null}})",
                        id));
  EXPECT_EQ(ask("GET", "/v1/files/" + id).body, made.body);
  const auto read = ask("GET", "/v1/files/" + id + "/content");
  EXPECT_EQ(std::count(read.body.begin(), read.body.end(), 'x'), 300'000);
  EXPECT_TRUE(has(read.head, "Content-Type: application/octet-stream"));
  const auto stranger = accounts.keys.create("stranger", {accounts::Scope::inference});
  for (const auto& path : {"/v1/files/" + id, "/v1/files/" + id + "/content"})
    EXPECT_EQ(ask("GET", path, {}, {}, stranger).status, 404);
  EXPECT_EQ(ask("DELETE", "/v1/files/" + id, {}, {}, stranger).status, 404);
  EXPECT_EQ(ask("DELETE", "/v1/files/" + id).body, fmt::format(R"({{"id":"{}","object":"file","deleted":true}})", id));
  EXPECT_EQ(ask("GET", "/v1/files/" + id).status, 404);
  EXPECT_TRUE(has(ask("DELETE", "/v1/files/" + id).body, R"("param":"file_id")"));
}
TEST_F(FilesAndBatches, BadFormsAreRefusedWithTheField) {
  const std::pair<std::string, std::string> cases[] = {
      {field("purpose", "batch"), "file"},
      {file_field("a"), "purpose"},
      {field("purpose", "fun") + file_field("a"), "purpose"},
      {field("purpose", "batch") + field("purpose", "batch") + file_field("a"), "purpose"},
      {field("purpose", "batch") + file_field("a") + file_field("a"), "file"},
      {field("purpose", "batch") + field("file", "a"), "file"},
      {field("purpose", "batch") + file_field("a", ""), "file"},
      {field("purpose", "batch") + field("color", "red") + file_field("a"), "color"},
      {field("purpose", "batch") + field("expires_after[seconds]", "3600") + file_field("a"), "expires_after.anchor"},
      {field("purpose", "batch") + field("expires_after[anchor]", "created_at") +
           field("expires_after[seconds]", "-1") + file_field("a"),
       "expires_after.seconds"},
  };
  for (const auto& [parts, param] : cases) {
    const auto answer = upload(parts);
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_EQ(answer.object().at("error").at("param"), json::Value(param)) << answer.body;
  }
  const auto no_form = ask("POST", "/v1/files", "{}", "Content-Type: application/json\r\n");
  EXPECT_EQ(no_form.status, 400);
  EXPECT_TRUE(has(no_form.body, R"("param":"Content-Type")"));
  EXPECT_EQ(ask("POST", "/v1/files", "--b", "Content-Type: multipart/form-data; boundary=b\r\n").status, 400);
}
TEST_F(FilesAndBatches, AFileBeyondTheLimitIsRefusedWithIt) {
  settings.file_bytes_max = 1000;
  for (const std::size_t size : {1001ul, 200'000ul}) {
    const auto answer = upload(field("purpose", "batch") + file_field(std::string(size, 'x')));
    EXPECT_EQ(answer.status, 413);
    EXPECT_TRUE(has(answer.body, "limits.file_mib")) << answer.body;
    EXPECT_TRUE(has(answer.body, R"("param":"file")"));
  }
  EXPECT_EQ(upload(field("purpose", "batch") + file_field(std::string(1000, 'x'))).status, 200);
}
TEST_F(FilesAndBatches, AFileBeyondAQuotaOfStorageIsRefusedWithIt) {
  const auto owner = accounts.keys.authenticate(key)->user;
  const auto quota = accounts.quotas.set(
      {0, accounts::Level::user, owner, "", accounts::Quota::Metric::storage, accounts::Quota::Period::now, 300'000});
  const auto form = [&](std::size_t bytes) {
    return field("purpose", "user_data") + file_field(std::string(bytes, 'x'));
  };
  const auto first = upload(form(200'000));
  EXPECT_EQ(first.status, 200);
  const auto refused = upload(form(100'001));  // told by what has come; the first one's room is known
  EXPECT_EQ(refused.status, 429);
  const auto error = refused.object().at("error").as_object();
  EXPECT_EQ(error.at("code"), "insufficient_quota");
  EXPECT_EQ(error.at("param"), json::Value(fmt::format("quota {}", quota.id)));
  EXPECT_NE(error.at("message").as_string().find("300000 stored bytes of the user"), std::string::npos);
  EXPECT_EQ(upload(form(400'000)).status, 429);  // told by its Content-Length
  EXPECT_EQ(upload(form(100'000)).status, 200);
  EXPECT_EQ(upload(form(1)).status, 429);
  EXPECT_EQ(create("file-any").status, 429);
  const auto id = std::string(first.object().at("id").as_string());
  EXPECT_EQ(ask("DELETE", "/v1/files/" + id).status, 200);
  EXPECT_EQ(upload(form(200'000)).status, 200);
  EXPECT_EQ(accounts.quotas.list().at(0).reserved, 0u);
}
TEST_F(FilesAndBatches, TheBatchOfAnErasedPersonIsLeft) {
  accounts::audit::Trail::Options options;
  options.folder = folder.path() / "audit";
  accounts::audit::Trail trail(database, database_mutex, master, folder.path(), options);
  models.answer = [](const Request&) {
    return std::vector<Event>{Failed{Code::exhausted, "the queue is full", "", 0.001}};
  };
  const auto id = created(line("a") + "\n");
  EXPECT_EQ(wait_for(id, "in_progress").at("status"), "in_progress");
  records::erase_person({accounts, trail, records}, "app", "root");
  EXPECT_TRUE(records.batches.open().empty());
  stop();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "files"));
}
TEST_F(FilesAndBatches, FilesAreListedInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(given("a"));
  auto page = ask("GET", "/v1/files?limit=2").object();
  EXPECT_EQ(page.at("data").as_array().size(), 2u);
  EXPECT_EQ(page.at("first_id"), json::Value(ids[2]));
  EXPECT_EQ(page.at("last_id"), json::Value(ids[1]));
  EXPECT_EQ(page.at("has_more"), json::Value(true));
  page = ask("GET", "/v1/files?limit=2&purpose=batch&after=" + ids[1]).object();
  EXPECT_EQ(page.at("data").as_array().size(), 1u);
  EXPECT_EQ(page.at("has_more"), json::Value(false));
  EXPECT_EQ(ask("GET", "/v1/files?order=asc&purpose=batch").object().at("first_id"), json::Value(ids[0]));
  EXPECT_TRUE(ask("GET", "/v1/files?purpose=vision").object().at("data").as_array().empty());
  for (const std::string& query :
       std::vector<std::string>{"limit=0", "limit=x", "order=up", "after=file-x", "colour=red"}) {
    const auto answer = ask("GET", "/v1/files?" + query);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_EQ(answer.object().at("error").at("param"), json::Value(query.substr(0, query.find('='))));
  }
}
TEST_F(FilesAndBatches, ABatchIsAnsweredWhole) {
  models.answer = hello;
  const auto made =
      create(given(line("a") + "\n\n" + line("b", "nobody") + "\r\n" + line("c")), R"(,"metadata":{"job":"night"})");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.object().at("status"), json::Value("validating"));
  const auto done = wait_for(std::string(made.object().at("id").as_string()), "completed");
  EXPECT_EQ(json::dump(done.at("request_counts")), R"({"total":3,"completed":2,"failed":1})");
  EXPECT_EQ(json::dump(done.at("metadata")), R"({"job":"night"})");
  EXPECT_EQ(done.at("usage").at("input_tokens"), json::Value(10));
  EXPECT_EQ(done.at("usage").at("input_tokens_details").at("cached_tokens"), json::Value(2));
  EXPECT_EQ(done.at("usage").at("output_tokens"), json::Value(4));
  for (const char* time : {"in_progress_at", "finalizing_at", "completed_at"})
    EXPECT_EQ(done.at(time), json::Value(1'000'000));
  EXPECT_TRUE(done.at("failed_at").is_null() && done.at("errors").is_null());
  const auto output = content(done.at("output_file_id"));
  ASSERT_EQ(std::count(output.begin(), output.end(), '\n'), 2) << output;
  const auto first = json::parse(output.substr(0, output.find('\n')));
  EXPECT_EQ(first.at("custom_id"), json::Value("a"));
  EXPECT_TRUE(first.at("error").is_null());
  EXPECT_EQ(first.at("response").at("status_code"), json::Value(200));
  EXPECT_EQ(first.at("response").at("body").at("choices").at(0).at("message").at("content"), json::Value("Hello"));
  EXPECT_TRUE(has(output.substr(output.find('\n')), R"("custom_id":"c")"));
  const auto errors = json::parse(content(done.at("error_file_id")));
  EXPECT_EQ(errors.at("custom_id"), json::Value("b"));
  EXPECT_EQ(errors.at("response").at("status_code"), json::Value(404));
  EXPECT_EQ(errors.at("response").at("body").at("error").at("code"), json::Value("model_not_found"));
}
TEST_F(FilesAndBatches, EachLineHasARecordThatNamesItsBatch) {
  accounts::audit::Trail::Options options;
  options.folder = folder.path() / "audit";
  accounts::audit::Trail trail(database, database_mutex, master, folder.path(), options);
  settings.audit = &trail;
  models.answer = hello;
  const auto id = created(line("canary") + "\n\n" + line("b", "missing"));
  const auto done = wait_for(id, "completed");
  const auto output = content(done.at("output_file_id"));
  stop();
  trail.flush();
  const accounts::audit::Filter filter{.from = {}, .until = {}, .person = {}, .action = "request"};
  std::map<std::int64_t, json::Object> lines;
  for (const auto& text : read_page(trail.folder(), trail.persons(), filter, {}, UINT64_MAX, {SIZE_MAX}).lines) {
    EXPECT_FALSE(has(text, "canary"));
    auto record = json::parse(text).as_object();
    const auto& facts = record.at("facts").as_object();
    if (const auto* batch = facts.if_contains("batch")) {
      EXPECT_EQ(*batch, json::Value(id));
      EXPECT_TRUE(lines.emplace(facts.at("line").as_int64(), record).second) << "one record a line";
    }
  }
  ASSERT_EQ(lines.size(), 2u);
  const auto& good = lines.at(1);
  EXPECT_EQ(good.at("who"), "app");
  EXPECT_EQ(good.at("from"), "batch");
  EXPECT_EQ(good.at("outcome"), "stop");
  EXPECT_EQ(good.at("facts").at("route"), "/v1/chat/completions");
  EXPECT_EQ(good.at("facts").at("status"), 200);
  EXPECT_EQ(good.at("facts").at("model"), "tiny");
  EXPECT_EQ(good.at("facts").at("prompt_tokens"), 5);
  EXPECT_EQ(good.at("facts").at("completion_tokens"), 2);
  EXPECT_TRUE(has(output, std::string_view(good.at("facts").at("id").as_string())));
  EXPECT_EQ(lines.at(3).at("outcome"), "model_not_found");
  EXPECT_EQ(lines.at(3).at("facts").at("status"), 404);
}
TEST_F(FilesAndBatches, LinesGoBehindEverybodyElseAndOnlySoManyAtOnce) {
  settings.batch_lines = 2;
  const auto id = created(line("a") + "\n" + line("b") + "\n" + line("c"));
  const auto first = models.wait_for_request(), second = models.wait_for_request();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->request.priority, -1);
  EXPECT_EQ(json::dump(wait_for(id, "in_progress").at("request_counts")), R"({"total":3,"completed":0,"failed":0})");
  for (auto& event : hello(second->request)) second->give(std::move(event));
  const auto third = models.wait_for_request();
  ASSERT_TRUE(third);
  EXPECT_EQ(json::dump(batch(id).at("request_counts")), R"({"total":3,"completed":1,"failed":0})");
  for (const auto& asked : {first, third})
    for (auto& event : hello(asked->request)) asked->give(std::move(event));
  EXPECT_EQ(json::dump(wait_for(id, "completed").at("request_counts")), R"({"total":3,"completed":3,"failed":0})");
}
TEST_F(FilesAndBatches, WrongLinesFailTheBatchAndAreNamed) {
  const std::string input = line("a") + "\n{\n" + line("a") +
                            R"(
{"custom_id":"m","method":"GET","url":"/v1/chat/completions","body":{}}
{"custom_id":"u","method":"POST","url":"/v1/embeddings","body":{}}
{"method":"POST","url":"/v1/chat/completions","body":{}}
{"custom_id":"s","method":"POST","url":"/v1/chat/completions","body":{"stream":true}}
{"custom_id":"x","method":"POST","url":"/v1/chat/completions","body":{},"more":1}
)" + std::string(2000, 'x');
  settings.body_bytes_max = 1000;
  const auto failed = wait_for(created(input), "failed");
  EXPECT_EQ(failed.at("failed_at"), json::Value(1'000'000));
  std::string told;
  for (const auto& one : failed.at("errors").at("data").as_array())
    told += fmt::format("{}:{}:{} ", one.at("line").as_int64(), std::string_view(one.at("code").as_string()),
                        one.at("param").is_null() ? "" : std::string_view(one.at("param").as_string()));
  EXPECT_EQ(told,
            "2:invalid_json_line: 3:duplicate_custom_id:custom_id 4:invalid_method:method 5:mismatched_url:url "
            "6:invalid_request:custom_id 7:invalid_request:body.stream 8:invalid_request:more 9:request_too_large: ");
  EXPECT_EQ(wait_for(created("\n \n"), "failed").at("errors").at("data").at(0).at("code"), json::Value("empty_file"));
}
TEST_F(FilesAndBatches, BadBatchesAreRefusedWithTheField) {
  const auto file = given(line("a"));
  const auto other = std::string(upload(field("purpose", "vision") + file_field("a")).object().at("id").as_string());
  const auto refused = [&](const std::string& body) {
    const auto answer = ask("POST", "/v1/batches", body);
    return fmt::format("{} {}", answer.status, std::string_view(answer.object().at("error").at("param").as_string()));
  };
  const auto with = [&](std::string_view id, std::string_view endpoint, std::string_view more) {
    return refused(fmt::format(R"({{"input_file_id":"{}","endpoint":"{}",{}}})", id, endpoint, more));
  };
  const std::string window = R"("completion_window":"24h")", chats = "/v1/chat/completions";
  EXPECT_EQ(refused("{}"), "400 input_file_id");
  EXPECT_EQ(with("file-x", chats, window), "404 input_file_id");
  EXPECT_EQ(with(other, chats, window), "400 input_file_id");
  EXPECT_EQ(with(file, "/v1/files", window), "400 endpoint");
  EXPECT_EQ(with(file, chats, R"("completion_window":"1h")"), "400 completion_window");
  EXPECT_EQ(with(file, chats, R"("metadata":null)"), "400 completion_window");
  EXPECT_EQ(with(file, chats, window + R"(,"metadata":{"a":1})"), "400 metadata.a");
  EXPECT_EQ(with(file, chats, window + R"(,"output_expires_after":{"anchor":"created_at","seconds":1})"),
            "400 output_expires_after.seconds");
  EXPECT_EQ(with(file, chats, window + R"(,"colour":"red")"), "400 colour");
  settings.batches_per_key = 0;
  stop();
  EXPECT_EQ(create(file).status, 429);
}
TEST_F(FilesAndBatches, ACancelledBatchKeepsWhatIsAnswered) {
  settings.batch_lines = 1;
  const auto id = created(line("a") + "\n" + line("b"));
  const auto first = models.wait_for_request();
  ASSERT_TRUE(first);
  for (auto& event : hello(first->request)) first->give(std::move(event));
  const auto second = models.wait_for_request();
  ASSERT_TRUE(second);
  const auto stranger = accounts.keys.create("stranger", {accounts::Scope::inference});
  EXPECT_EQ(ask("POST", "/v1/batches/" + id + "/cancel", {}, {}, stranger).status, 404);
  EXPECT_EQ(ask("GET", "/v1/batches/" + id, {}, {}, stranger).status, 404);
  EXPECT_EQ(ask("POST", "/v1/batches/" + id + "/cancel").object().at("status"), json::Value("cancelling"));
  EXPECT_TRUE(second->wait_until_dropped());
  const auto cancelled = wait_for(id, "cancelled");
  EXPECT_EQ(json::dump(cancelled.at("request_counts")), R"({"total":2,"completed":1,"failed":0})");
  EXPECT_TRUE(has(content(cancelled.at("output_file_id")), R"("custom_id":"a")"));
  EXPECT_TRUE(cancelled.at("error_file_id").is_null());
  const auto again = ask("POST", "/v1/batches/" + id + "/cancel");
  EXPECT_EQ(again.status, 409);
  EXPECT_TRUE(has(again.head, "X-Should-Retry: false"));
}
TEST_F(FilesAndBatches, ARevokedKeyStopsItsBatchesWithTheReason) {
  const auto id = created(line("a"));
  const auto asked = models.wait_for_request();
  ASSERT_TRUE(asked);
  const auto holder = accounts.keys.authenticate(key)->holder();
  accounts.keys.revoke("app");
  EXPECT_TRUE(asked->wait_until_dropped());
  auto batch = records.batches.find(holder, id);
  for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
       !batch->ended && std::chrono::steady_clock::now() < until; batch = records.batches.find(holder, id))
    std::this_thread::yield();
  EXPECT_EQ(batch->status, records::Batch::Status::cancelled);
  EXPECT_TRUE(has(json::dump(batch->faults), R"("code":"key_ended")"));
}
TEST_F(FilesAndBatches, WhatIsNotAnsweredWithinADayIsLeft) {
  settings.batch_lines = 1;
  const auto id = created(line("a") + "\n" + line("b"));
  ASSERT_TRUE(models.wait_for_request());
  now += 86'400;
  create(given(line("later")));  // which makes the runner look
  const auto expired = wait_for(id, "expired");
  EXPECT_EQ(expired.at("expired_at"), json::Value(1'086'400));
  const auto errors = content(expired.at("error_file_id"));
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 2);
  EXPECT_TRUE(has(errors, R"("custom_id":"b","response":null,"error":{"code":"batch_expired")"));
}
TEST_F(FilesAndBatches, ABoxThatStartsAgainGoesOnWhereItWas) {
  settings.batch_lines = 1;
  const auto id = created(line("a") + "\n" + line("b") + "\n" + line("c"));
  const auto first = models.wait_for_request();
  ASSERT_TRUE(first);
  for (auto& event : hello(first->request)) first->give(std::move(event));
  const auto second = models.wait_for_request();
  ASSERT_TRUE(second);
  stop();
  EXPECT_TRUE(second->wait_until_dropped());
  models.answer = hello;
  const auto done = wait_for(id, "completed");
  const auto output = content(done.at("output_file_id"));
  EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 3) << output;
  for (const char* each : {"\"custom_id\":\"a\"", "\"custom_id\":\"b\"", "\"custom_id\":\"c\""})
    EXPECT_EQ(output.find(each), output.rfind(each));
}
TEST_F(FilesAndBatches, ABusyBoxIsAskedAgain) {
  std::atomic<int> asked{0};
  models.answer = [&](const Request& request) -> std::vector<Event> {
    if (++asked == 1) return {Failed{Code::exhausted, "the queue is full", "", 0.001}};
    if (asked == 2) return {Failed{Code::unavailable, "the worker died", ""}};
    return hello(request);
  };
  EXPECT_EQ(json::dump(wait_for(created(line("a")), "completed").at("request_counts")),
            R"({"total":1,"completed":1,"failed":0})");
  EXPECT_EQ(asked, 3);
}
TEST_F(FilesAndBatches, BatchesOfTenantsTakeTurns) {
  settings.batch_lines = 1;
  const auto first_key = key;
  created(line("a1") + "\n" + line("a2") + "\n" + line("a3"));
  const auto first = models.wait_for_request();
  key = accounts.keys.create("other", {accounts::Scope::inference});
  created(line("b1") + "\n" + line("b2"));
  std::string order;
  const auto answer = [&](const std::shared_ptr<ReplayModels::Asked>& asked) {
    order += std::string(std::get<Chat>(asked->request.task).messages.at(0).at("content").as_string()) + " ";
    for (auto& event : hello(asked->request)) asked->give(std::move(event));
  };
  answer(first);
  for (int i = 0; i < 4; ++i) {
    const auto next = models.wait_for_request();
    ASSERT_TRUE(next);
    answer(next);
  }
  EXPECT_EQ(order, "a1 b1 a2 b2 a3 ");
}
TEST_F(FilesAndBatches, BatchesAreListedInPages) {
  models.answer = hello;
  const auto file = given(line("a"));
  std::vector<json::Value> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(create(file).object().at("id"));
  const auto page = ask("GET", "/v1/batches?limit=2").object();
  EXPECT_EQ(page.at("first_id"), ids[2]);
  EXPECT_EQ(page.at("has_more"), json::Value(true));
  const auto rest = ask("GET", "/v1/batches?limit=2&after=" + std::string(page.at("last_id").as_string())).object();
  EXPECT_EQ(rest.at("data").as_array().size(), 1u);
  EXPECT_EQ(rest.at("first_id"), ids[0]);
  for (const auto& id : ids) wait_for(std::string(id.as_string()), "completed");
}

}  // namespace
}  // namespace cofre::gateway
