#include "gateway/gateway.h"

#include <regex>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "accounts/audit/export.h"
#include "gateway/fixture.h"
#include "gateway/route_table.h"
#include "gateway/transcript.h"
#include "os/disk.h"

namespace cofre::gateway {
namespace {

using namespace protocol;
using namespace std::chrono_literals;

class GatewayOfABox : public GatewayTest {
 protected:
  GatewayOfABox() {
    key = keys.create("app", {accounts::Scope::inference});
    settings.log = [this](std::string_view event, const json::Object& fields) {
      const std::scoped_lock lock(log_mutex);
      logged += std::string(event) + json::dump(fields) + "\n";
    };
  }
  std::string as_app() const { return "Authorization: Bearer " + key + "\r\n"; }
  /// The whole answer, over a connection of its own.
  std::string ask(std::string_view method, std::string_view path, const std::string& body, const std::string& headers) {
    return ask_as(headers, method, path, body);
  }
  std::string post(std::string_view path, const std::string& body) { return ask("POST", path, body, as_app()); }
  std::string get(std::string_view path) { return ask("GET", path, "", as_app()); }

  const std::string chat = R"({"model":"tiny","messages":[{"role":"user","content":"hi"}]})";
  const std::string streamed = R"({"model":"tiny","stream":true,"messages":[{"role":"user","content":"hi"}]})";

  std::mutex log_mutex;
  accounts::Keys& keys = accounts.keys;
  std::string key, logged;
};

TEST_F(GatewayOfABox, AnswersAChat) {
  models.answer = hello;
  const auto answer = post("/v1/chat/completions", chat);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK")) << answer;
  EXPECT_TRUE(has(answer, R"("content":"Hello world")"));
  EXPECT_TRUE(has(answer, R"("finish_reason":"stop")"));
  EXPECT_TRUE(has(answer, "X-Request-Id: req_"));
}
TEST_F(GatewayOfABox, StreamsAChat) {
  models.answer = hello;
  const auto answer = post("/v1/chat/completions", streamed);
  EXPECT_TRUE(has(answer, "Content-Type: text/event-stream"));
  EXPECT_TRUE(has(answer, R"("delta":{"content":" world"})"));
  EXPECT_TRUE(has(answer, "data: [DONE]\n\n\r\n0\r\n\r\n"));
}
TEST_F(GatewayOfABox, AnswersTheOtherRoutes) {
  models.answer = hello;
  EXPECT_TRUE(
      has(post("/v1/completions", R"({"model":"tiny","prompt":["a","b"]})"), R"({"text":"Hello world","index":1)"));
  EXPECT_TRUE(has(post("/v1/embeddings", R"({"model":"default","input":"a"})"), R"("embedding":[1.0])"));
  EXPECT_TRUE(has(post("/v1/rerank", R"({"model":"default","query":"a","documents":["b",{"text":"c"}],"top_n":1})"),
                  R"("results":[{"index":1,"relevance_score":0.75,"document":{"text":"c"}}])"));
  EXPECT_TRUE(has(post("/tokenize", R"({"content":"a"})"), R"("tokens":[1,2],"max_model_len":4096)"));
  EXPECT_TRUE(has(
      get("/v1/models"),
      R"({"id":"default","object":"model","created":1700000000,"owned_by":"cofre","root":"tiny","max_model_len":4096})"));
  EXPECT_TRUE(get("/v1/models/tiny").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(has(get("/v1/models/a/b"), "model_not_found"));
}
TEST_F(GatewayOfABox, KeysAreTakenInThreeHeaders) {
  models.answer = hello;
  for (const std::string name : {"Authorization: bearer ", "x-api-key: ", "api-key: "})
    EXPECT_TRUE(ask("GET", "/v1/models", "", name + key + "\r\n").starts_with("HTTP/1.1 200")) << name;
  const auto none = ask("GET", "/v1/models", "", "");
  EXPECT_TRUE(none.starts_with("HTTP/1.1 401"));
  EXPECT_TRUE(has(none, "WWW-Authenticate: Bearer"));
  const auto wrong = ask("GET", "/v1/models", "", "Authorization: Bearer cofre_x\r\n");
  EXPECT_TRUE(wrong.starts_with("HTTP/1.1 401"));
  EXPECT_TRUE(has(wrong, "invalid_api_key"));
}
TEST_F(GatewayOfABox, NoRouteIsOpenWithoutAKeyButThoseForAnybody) {
  start();
  for (const auto& route : route_table()) {
    const std::string path = std::regex_replace(std::string(route.pattern), std::regex(R"(\{[^}]*\})"), "x");
    const auto answer = ask(route.method, path, "", "");
    EXPECT_EQ(answer.starts_with("HTTP/1.1 401"), route.scope.has_value()) << route.pattern << answer;
  }
}
TEST_F(GatewayOfABox, AKeyWithoutTheScopeIsForbidden) { EXPECT_TRUE(get("/metrics").starts_with("HTTP/1.1 403")); }
TEST_F(GatewayOfABox, MetricsTellWhatHappened) {
  models.answer = [](const Request&) {
    return std::vector<Event>{Started{5, 4}, Text{0, "Hello"}, Text{0, " world"},
                              Finished{0, FinishReason::length, "", Work{0.25, 0.5, 1.5, 4}}, Done{{5, 4, 4, 0}}};
  };
  post("/v1/chat/completions", R"({"model":"tiny","max_tokens":4,"messages":[{"role":"user","content":"hi"}]})");
  const auto watcher = keys.create("prometheus", {accounts::Scope::metrics});
  const auto text = ask("GET", "/metrics", "", "Authorization: Bearer " + watcher + "\r\n");
  const auto tells = [&](const std::string& line) {
    EXPECT_TRUE(has(text, "\n" + line + "\n")) << line << "\n" << text;
  };
  const std::string tiny = "{engine=\"0\",model_name=\"tiny\"}";
  tells("vllm:generation_tokens_total" + tiny + " 4");
  tells("vllm:prompt_tokens_total" + tiny + " 5");
  tells("vllm:prefix_cache_queries_total" + tiny + " 5");
  tells("vllm:prefix_cache_hits_total" + tiny + " 4");
  tells("vllm:request_success_total{engine=\"0\",finished_reason=\"length\",model_name=\"tiny\"} 1");
  tells("cofre_answers_total{model_name=\"tiny\",outcome=\"length\"} 1");
  tells("vllm:request_queue_time_seconds_sum" + tiny + " 0.25");
  tells("vllm:request_prefill_time_seconds_sum" + tiny + " 0.5");
  tells("vllm:request_decode_time_seconds_sum" + tiny + " 1.5");
  tells("vllm:request_inference_time_seconds_sum" + tiny + " 2");
  tells("vllm:request_time_per_output_token_seconds_sum" + tiny + " 0.5");
  tells("vllm:request_prefill_kv_computed_tokens_sum" + tiny + " 1");
  tells("vllm:request_params_max_tokens_sum" + tiny + " 4");
  tells("vllm:request_params_n_count" + tiny + " 1");
  for (const std::string name : {"time_to_first_token", "inter_token_latency", "e2e_request_latency"})
    tells("vllm:" + name + "_seconds_count" + tiny + " 1");
  tells("vllm:iteration_tokens_total_bucket{engine=\"0\",model_name=\"tiny\",le=\"2\"} 3");
  tells("vllm:iteration_tokens_total_bucket{engine=\"0\",model_name=\"tiny\",le=\"+Inf\"} 5");
  tells("vllm:iteration_tokens_total_sum" + tiny + " 13");
  tells(
      "vllm:cache_config_info{engine=\"0\",model_name=\"tiny\",block_size=\"64\",enable_prefix_caching=\"True\","
      "num_gpu_blocks=\"10\"} 1");
  tells("cofre_model_steps_total" + tiny + " 5");
  tells("cofre_requests_open 0");
}
TEST_F(GatewayOfABox, MetricsCountWhatWentWrong) {
  models.answer = [](const Request&) { return std::vector<Event>{Failed{Code::exhausted, "full", ""}}; };
  post("/v1/chat/completions", chat);
  models.answer = nullptr;
  http::RawClient client(server->port());
  client.send(request("POST", "/v1/chat/completions", chat, as_app()));
  const auto asked = models.wait_for_request();
  client.vanish();
  ASSERT_TRUE(asked->wait_until_dropped());
  const auto watcher = keys.create("prometheus", {accounts::Scope::metrics});
  const auto text = ask("GET", "/metrics", "", "Authorization: Bearer " + watcher + "\r\n");
  const auto counts = [&](const std::string& reason) {
    return has(text, "{engine=\"0\",finished_reason=\"" + reason + "\",model_name=\"tiny\"} 1");
  };
  EXPECT_TRUE(counts("error") && counts("abort")) << text;
  EXPECT_TRUE(has(text, "cofre_answers_total{model_name=\"tiny\",outcome=\"rate_limit_exceeded\"} 1"));
}
TEST_F(GatewayOfABox, AnAdministratorReloadsTheSettings) {
  settings.reload = [this](auto&&...) {
    Settings fresh = settings;
    fresh.body_bytes_max = 10;
    fresh.cors_origins = {"https://app"};
    gateway->change(fresh);
    return json::Object{{"changed", json::Array{"limits.body_mib"}}, {"after_restart", json::Array()}};
  };
  EXPECT_TRUE(ask("POST", "/admin/v1/reload", "", as_app()).starts_with("HTTP/1.1 403"));
  const auto admin = "Authorization: Bearer " + keys.create("boss", {accounts::Scope::admin}) + "\r\n";
  EXPECT_TRUE(has(ask("POST", "/admin/v1/reload", "", admin), R"({"changed":["limits.body_mib"],"after_restart":[]})"));
  EXPECT_TRUE(post("/v1/chat/completions", chat).starts_with("HTTP/1.1 413"));
  EXPECT_TRUE(
      has(ask("GET", "/health", "", "Origin: https://app\r\n"), "Access-Control-Allow-Origin: https://app\r\n"));
}
TEST_F(GatewayOfABox, WrongSettingsAreToldWithTheirKey) {
  settings.reload = [](auto&&...) -> json::Object {
    fail_field(Code::invalid, "log.level", "log.level: must be one of them");
  };
  const auto admin = "Authorization: Bearer " + keys.create("boss", {accounts::Scope::admin}) + "\r\n";
  const auto answer = ask("POST", "/admin/v1/reload", "", admin);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(has(answer, R"("param":"log.level")"));
}
TEST_F(GatewayOfABox, AnyExceptionOfAHandlerIsAnAnswerAndTheBoxStays) {
  settings.reload = [](auto&&...) -> json::Object { throw std::out_of_range("no such member"); };
  const auto admin = "Authorization: Bearer " + keys.create("boss", {accounts::Scope::admin}) + "\r\n";
  const auto answer = ask("POST", "/admin/v1/reload", "", admin);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500"));
  EXPECT_TRUE(has(answer, "an error inside the box: no such member"));
  EXPECT_TRUE(get("/health").starts_with("HTTP/1.1"));
}
TEST_F(GatewayOfABox, UnknownPathsAndMethodsAreNamed) {
  EXPECT_TRUE(get("/nothing").starts_with("HTTP/1.1 404"));
  const auto wrong = get("/v1/chat/completions");
  EXPECT_TRUE(wrong.starts_with("HTTP/1.1 405"));
  EXPECT_TRUE(has(wrong, "Allow: POST"));
  EXPECT_TRUE(get("/v1/models/%zz").starts_with("HTTP/1.1 404"));
}
TEST_F(GatewayOfABox, BadBodiesAreRefusedWithTheField) {
  models.answer = hello;
  const std::pair<std::string, std::string> cases[] = {
      {"", "needs a body"},
      {"{", "ends too early"},
      {"\xff", "is wrong at byte"},
      {"{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}", "is wrong at byte"},
      {std::string(100'000, '['), "is wrong at byte"},
      {R"({"model":"tiny","messages":)" + std::string(50'000, '[') + std::string(50'000, ']') + "}",
       "is wrong at byte"},
      {R"({"model":"tiny","messages":[{"role":"king","content":"a"}]})", R"("param":"messages[0].role")"},
      {R"({"model":"tiny","temperature":-1,"messages":[{"role":"user","content":"a"}]})", R"("param":"temperature")"},
  };
  for (const auto& [body, words] : cases) {
    const auto answer = post("/v1/chat/completions", body);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
    EXPECT_TRUE(has(answer, words)) << answer;
    EXPECT_TRUE(has(answer, R"("type":"invalid_request_error")"));
  }
}
TEST_F(GatewayOfABox, ABodyBeyondTheLimitIsRefused) {
  settings.body_bytes_max = 1000;
  EXPECT_TRUE(post("/v1/chat/completions", std::string(1001, ' ')).starts_with("HTTP/1.1 413"));
}
TEST_F(GatewayOfABox, FailuresHaveTheirStatusAndHeaders) {
  Failed failed;
  models.answer = [&](const Request&) { return std::vector<Event>{failed}; };
  failed = {Code::exhausted, "the queue is full", "", 2.5};
  auto answer = post("/v1/chat/completions", streamed);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 429"));
  EXPECT_TRUE(has(answer, "Retry-After: 3\r\nRetry-After-Ms: 2500\r\n"));
  EXPECT_TRUE(has(answer, R"("code":"rate_limit_exceeded")"));
  failed = {Code::invalid, "too long", "messages", 0, "context_length_exceeded"};
  EXPECT_TRUE(has(post("/v1/chat/completions", chat), R"("param":"messages","code":"context_length_exceeded")"));
  failed = {Code::exhausted, "cannot write: make space", os::full_disk};
  answer = post("/v1/chat/completions", chat);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 507"));
  EXPECT_TRUE(has(answer, "X-Should-Retry: false"));
  EXPECT_TRUE(has(answer, R"("code":"insufficient_storage")"));
  EXPECT_TRUE(has(answer, "make space"));
  failed = {Code::unsupported, "no chat template", ""};
  answer = post("/v1/chat/completions", chat);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 501"));
  EXPECT_TRUE(has(answer, "X-Should-Retry: false"));
  failed = {Code::unavailable, "its worker died", ""};
  EXPECT_TRUE(post("/v1/chat/completions", chat).starts_with("HTTP/1.1 503"));
  models.answer = hello;
  answer = post("/v1/chat/completions", R"({"model":"nobody","messages":[{"role":"user","content":"a"}]})");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(has(answer, "model_not_found"));
}
TEST_F(GatewayOfABox, AFailureInTheMiddleIsAnEventOfTheStream) {
  start();
  http::RawClient client(server->port());
  client.send(request("POST", "/v1/chat/completions", streamed, as_app()));
  const auto asked = models.wait_for_request();
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->request.id.substr(0, 4), "req_");
  asked->give(Started{});
  asked->give(Text{0, "Hel"});
  EXPECT_TRUE(has(client.wait_for("Hel"), "Hel"));
  asked->give(Failed{Code::unavailable, "the worker died", ""});
  EXPECT_TRUE(has(client.wait_for("0\r\n\r\n"), "data: {\"error\":{\"message\":\"the worker died\""));
}
TEST_F(GatewayOfABox, AClientThatLeavesCancels) {
  start();
  for (const auto& body : {chat, streamed}) {
    http::RawClient client(server->port());
    client.send(request("POST", "/v1/chat/completions", body, as_app()));
    const auto asked = models.wait_for_request();
    ASSERT_TRUE(asked);
    asked->give(Started{});
    client.vanish();
    EXPECT_TRUE(asked->wait_until_dropped());
  }
}
TEST_F(GatewayOfABox, AThousandAbortsLeaveNothing) {
  start();
  for (int i = 0; i < 1000; ++i) {
    http::RawClient client(server->port());
    client.send(request("POST", "/v1/chat/completions", i % 2 == 0 ? chat : streamed, as_app()));
    const auto asked = models.wait_for_request();
    ASSERT_TRUE(asked);
    client.vanish();
    ASSERT_TRUE(asked->wait_until_dropped());
  }
  const auto watcher = keys.create("prometheus", {accounts::Scope::metrics});
  EXPECT_TRUE(has(ask("GET", "/metrics", "", "Authorization: Bearer " + watcher + "\r\n"), "cofre_requests_open 0"));
}
TEST_F(GatewayOfABox, ARevokedKeyEndsWhatRuns) {
  start();
  http::RawClient client(server->port()), waiting(server->port());
  client.send(request("POST", "/v1/chat/completions", streamed, as_app()));
  const auto asked = models.wait_for_request();
  waiting.send(request("POST", "/v1/chat/completions", chat, as_app()));
  const auto second = models.wait_for_request();
  ASSERT_TRUE(asked && second);
  asked->give(Started{});
  keys.revoke("app");
  EXPECT_TRUE(has(client.wait_for("0\r\n\r\n"), "invalid_api_key"));
  EXPECT_TRUE(waiting.wait_for("}}").starts_with("HTTP/1.1 401"));
  EXPECT_TRUE(asked->wait_until_dropped());
  EXPECT_TRUE(second->wait_until_dropped());
}
TEST_F(GatewayOfABox, AKeyRunsOnlySoMuchAtOnce) {
  settings.requests_per_key = 1;
  start();
  http::RawClient client(server->port());
  client.send(request("POST", "/v1/chat/completions", streamed, as_app()));
  const auto asked = models.wait_for_request();
  EXPECT_TRUE(post("/v1/chat/completions", chat).starts_with("HTTP/1.1 429"));
  asked->give(Done{});
  client.wait_for("[DONE]");
  models.answer = hello;
  EXPECT_TRUE(post("/v1/chat/completions", chat).starts_with("HTTP/1.1 200"));
}
TEST_F(GatewayOfABox, StoppingTellsTheStreams) {
  start();
  http::RawClient client(server->port());
  client.send(request("POST", "/v1/chat/completions", streamed, as_app()));
  const auto asked = models.wait_for_request();
  asked->give(Started{});
  client.wait_for("assistant");
  server->stop(10ms);
  EXPECT_TRUE(has(client.wait_for_end(), "the box is stopping"));
}
TEST_F(GatewayOfABox, HealthNeedsNoKeyAndTellsNoDetails) {
  models.state = {false, "model secret-name is frozen"};
  const auto answer = ask("GET", "/health", "", "");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503"));
  EXPECT_FALSE(has(answer, "secret-name"));
  models.state.ok = true;
  EXPECT_TRUE(has(ask("GET", "/health", "", ""), R"({"status":"ok"})"));
}
TEST_F(GatewayOfABox, OtherOriginsAreShutOutUnlessConfigured) {
  EXPECT_FALSE(has(ask("OPTIONS", "/v1/chat/completions", "", "Origin: https://app\r\n"), "Access-Control"));
  server.reset();
  settings.cors_origins = {"https://app"};
  start();
  const auto allowed = ask("OPTIONS", "/v1/chat/completions", "",
                           "Origin: https://app\r\nAccess-Control-Request-Headers: authorization,x-stainless-os\r\n");
  EXPECT_TRUE(has(allowed, "Access-Control-Allow-Origin: https://app\r\n"));
  EXPECT_TRUE(has(allowed, "Access-Control-Allow-Headers: authorization,x-stainless-os\r\n"));
  EXPECT_FALSE(has(ask("OPTIONS", "/v1/chat/completions", "", "Origin: https://evil\r\n"), "Access-Control-Allow"));
  EXPECT_TRUE(has(ask("GET", "/v1/models", "", as_app() + "Origin: https://app\r\n"),
                  "Access-Control-Allow-Origin: https://app\r\n"));
}
TEST_F(GatewayOfABox, AClientsRequestIdIsGivenBack) {
  const auto answer = ask("GET", "/health", "", "X-Request-Id: mine-1\r\n");
  EXPECT_TRUE(has(answer, "X-Request-Id: mine-1\r\n"));
  EXPECT_FALSE(has(answer, "X-Request-Id: req_"));
  EXPECT_TRUE(has(ask("GET", "/health", "", "X-Request-Id: a b<script>\r\n"), "X-Request-Id: req_"));
}
TEST_F(GatewayOfABox, EveryAnswerTellsHowLongItTookToBegin) {
  models.answer = hello;
  const std::string name = "\r\nOpenAI-Processing-Ms: ";
  for (const auto& body : {chat, streamed, std::string("{}")}) {
    const auto began = std::chrono::steady_clock::now();
    const auto answer = post("/v1/chat/completions", body);
    const auto took = std::chrono::steady_clock::now() - began;
    const auto at = answer.find(name);
    ASSERT_NE(at, std::string::npos) << answer;
    const auto told = std::stoi(answer.substr(at + name.size()));
    EXPECT_GE(told, 0);
    EXPECT_LE(std::chrono::milliseconds(told), took);
  }
}
TEST_F(GatewayOfABox, NoRateLimitIsToldWhereNoneIsSet) {
  models.answer = hello;
  EXPECT_FALSE(has(post("/v1/chat/completions", chat), "atelimit"));
}
TEST_F(GatewayOfABox, TwoRequestsWithOneIdAreTwoRequests) {
  start();
  http::RawClient one(server->port()), two(server->port());
  one.send(request("POST", "/v1/chat/completions", streamed, as_app() + "X-Request-Id: same\r\n"));
  const auto first = models.wait_for_request();
  two.send(request("POST", "/v1/chat/completions", streamed, as_app() + "X-Request-Id: same\r\n"));
  const auto second = models.wait_for_request();
  ASSERT_TRUE(first && second);
  first->give(Started{});
  second->give(Started{});
  second->give(Text{0, "second"});
  second->give(Done{});
  EXPECT_FALSE(has(two.wait_for("[DONE]"), "first"));
  first->give(Text{0, "first"});
  first->give(Done{});
  EXPECT_FALSE(has(one.wait_for("[DONE]"), "second"));
}
TEST_F(GatewayOfABox, TheQuotaThatLeavesTheLeastIsTold) {
  using accounts::Quota;
  models.answer = hello;
  accounts.quotas.set({0, Quota::Level::box, 0, "", Quota::Metric::requests, Quota::Period::month, 900});
  accounts.quotas.set({0, Quota::Level::box, 0, "tiny", Quota::Metric::requests, Quota::Period::month, 2});
  accounts.quotas.set({0, Quota::Level::box, 0, "other", Quota::Metric::requests, Quota::Period::month, 1});
  for (const std::string left : {"1", "0"}) {
    const auto answer = post("/v1/chat/completions", left == "1" ? chat : streamed);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
    EXPECT_TRUE(has(answer, "x-ratelimit-limit-requests: 2\r\nx-ratelimit-remaining-requests: " + left + "\r\n"))
        << answer;
    EXPECT_FALSE(has(answer, "-tokens: "));
  }
  const auto refused = post("/v1/chat/completions", chat);
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 429")) << refused;
  EXPECT_TRUE(has(refused, "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: "));
}
TEST_F(GatewayOfABox, ABudgetThatIsUsedUpIsToldAsOtherQuotasAre) {
  using accounts::Quota;
  models.answer = hello;
  accounts.prices.set({.model = "tiny", .since = 20260101, .currency = "CNY", .input = 1, .output = 1});
  const auto quota = accounts.quotas.set(
      {0, Quota::Level::tenant, accounts::home_tenant, "", Quota::Metric::money, Quota::Period::month, 500});
  EXPECT_TRUE(post("/v1/chat/completions", chat).starts_with("HTTP/1.1 200"));
  accounts.quotas.set(
      {0, Quota::Level::tenant, accounts::home_tenant, "", Quota::Metric::money, Quota::Period::month, 1});
  const auto refused = post("/v1/chat/completions", chat);
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 429")) << refused;
  EXPECT_TRUE(has(refused, "\r\nRetry-After: ")) << refused;
  EXPECT_TRUE(has(refused, fmt::format("\"param\":\"quota {}\"", quota.id))) << refused;
  EXPECT_TRUE(has(refused, "\"type\":\"insufficient_quota\"")) << refused;
  EXPECT_TRUE(has(refused, "CNY a month of the tenant is used up")) << refused;
}
TEST_F(GatewayOfABox, TheLogHoldsNoPromptNoAnswerAndNoKey) {
  models.answer = [](const Request&) {
    return std::vector<Event>{Started{}, Text{0, "canary-answer"}, Finished{}, Done{{3, 0, 1, 0}}};
  };
  post("/v1/chat/completions?token=canary-query",
       R"({"model":"tiny","messages":[{"role":"user","content":"canary-prompt"}]})");
  server->stop(0ms);
  const std::scoped_lock lock(log_mutex);
  EXPECT_TRUE(has(logged, "\"route\":\"/v1/chat/completions\""));
  EXPECT_TRUE(has(logged, "\"completion_tokens\":1"));
  EXPECT_FALSE(has(logged, "canary"));
  EXPECT_FALSE(has(logged, key));
}

/// A gateway whose requests are recorded.
class AuditedGateway : public GatewayOfABox {
 protected:
  AuditedGateway() {
    options.folder = folder.path() / "audit";
    trail = std::make_unique<accounts::audit::Trail>(database, database_mutex, master, folder.path(), options);
    settings.audit = trail.get();
    models.answer = hello;
  }
  ~AuditedGateway() override {
    server.reset();
    gateway.reset();
  }
  /// Records of one kind, once the server has let go of its requests.
  std::vector<json::Object> records(const std::string& action) {
    server.reset();
    gateway.reset();
    trail->flush();
    std::vector<json::Object> all;
    const accounts::audit::Filter filter{.from = {}, .until = {}, .person = {}, .action = action};
    for (const auto& line : read_page(options.folder, trail->persons(), filter, {}, UINT64_MAX, {SIZE_MAX}).lines)
      all.push_back(json::parse(line).as_object());
    return all;
  }
  accounts::audit::Trail::Options options;
  std::unique_ptr<accounts::audit::Trail> trail;
};

TEST_F(AuditedGateway, EachRequestHasOneRecord) {
  post("/v1/chat/completions", chat);
  post("/v1/chat/completions", streamed);
  post("/v1/chat/completions", "{");
  get("/v1/models");
  ask("GET", "/health", "", "");
  const auto all = records("");
  ASSERT_EQ(all.size(), 5u) << "one begins the file, none is about /health";
  for (int i : {1, 2}) {
    EXPECT_EQ(all[i].at("who"), "app");
    EXPECT_EQ(all[i].at("from"), "127.0.0.1");
    EXPECT_EQ(all[i].at("outcome"), "stop");
    EXPECT_EQ(all[i].at("facts").at("model"), "tiny");
    EXPECT_EQ(all[i].at("facts").at("status"), 200);
    EXPECT_EQ(all[i].at("facts").at("prompt_tokens"), 5);
    EXPECT_EQ(all[i].at("facts").at("completion_tokens"), 2);
  }
  EXPECT_EQ(all[3].at("outcome"), "refused");
  EXPECT_EQ(all[3].at("facts").at("status"), 400);
  EXPECT_EQ(all[4].at("facts").at("route"), "/v1/models");
}
TEST_F(AuditedGateway, ContentsAreKeptOnlyWhereARuleSaysSo) {
  post("/v1/chat/completions", chat);
  const auto owner = accounts.keys.authenticate(key)->user;
  accounts.retention.set({0, accounts::Level::user, owner, accounts::Kept::contents, 30});
  post("/v1/chat/completions", streamed);
  const auto all = records("request");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_FALSE(all[0].contains("content"));
  EXPECT_EQ(all[1].at("content"), true) << "closed";
  EXPECT_FALSE(all[1].contains("content_sealed"));
  accounts::audit::Filter filter{.from = {}, .until = {}, .person = {}, .action = "request"};
  filter.contents = accounts::audit::Contents::open;
  const auto page = read_page(options.folder, trail->persons(), filter, {}, UINT64_MAX, {SIZE_MAX});
  const auto content = json::parse(page.lines.at(1)).at("content");
  EXPECT_TRUE(has(json::dump(content.at("asked")), R"("role":"user")"));
  EXPECT_EQ(content.at("answered").at(0).at("text"), "Hello world");
}
TEST(ATranscript, KeepsTheBeginningOfWhatIsTooLong) {
  Request request;
  request.task = Completion{std::string(Transcript::asked_bytes_max, 'x'), std::nullopt, false};
  Transcript transcript({request});
  for (int i = 0; i < 20; ++i) transcript.take(0, Text{1, std::string(10'000, 'y')});
  transcript.take(0, ToolCall{0, 0, "call_1", "look", "{}"});
  const auto told = json::parse(transcript.text());
  EXPECT_EQ(told.at("cut"), true);
  EXPECT_EQ(told.at("asked").as_string().size(), Transcript::asked_bytes_max);
  EXPECT_EQ(told.at("answered").at(1).at("text").as_string().size(), Transcript::answered_bytes_max);
  EXPECT_LT(transcript.text().size(), std::size_t{300} << 10);
}
TEST_F(AuditedGateway, WhoeverIsNotLetInIsRecorded) {
  ask("GET", "/v1/models", "", "Authorization: Bearer cofre_wrong\r\n");
  get("/metrics");
  get("/nothing-canary");
  const auto logins = records("login");
  ASSERT_EQ(logins.size(), 1u);
  EXPECT_EQ(logins[0].at("facts").at("why"), "invalid_api_key");
  EXPECT_EQ(logins[0].at("from"), "127.0.0.1");
  const auto refused = records("request");
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_EQ(refused[0].at("facts").at("status"), 403);
  EXPECT_EQ(refused[0].at("who"), "app");
  EXPECT_EQ(refused[1].at("facts").at("status"), 404);
  for (const auto& record : records("")) EXPECT_FALSE(has(json::dump(record), "canary"));
}
TEST_F(AuditedGateway, RefusalsOfOneAddressAreCountedBeyondALimit) {
  start();
  for (std::uint64_t i = 0; i < Auditor::refusals_of_address + 25; ++i) ask("GET", "/v1/models", "", "");
  const auto all = records("");
  EXPECT_EQ(all.size(), Auditor::refusals_of_address + 2);
  EXPECT_EQ(all.back().at("do"), "requests.refused");
  EXPECT_EQ(all.back().at("facts").at("count"), 25);
}
TEST_F(AuditedGateway, NoContentIsInTheTrail) {
  models.answer = [](const Request&) {
    return std::vector<Event>{Started{}, Text{0, "canary-answer"}, Finished{}, Done{{3, 0, 1, 0}}};
  };
  post("/v1/chat/completions?token=canary-query",
       R"({"model":"tiny","messages":[{"role":"user","content":"canary-prompt"}]})");
  for (const auto& record : records("")) {
    EXPECT_FALSE(has(json::dump(record), "canary"));
    EXPECT_FALSE(has(json::dump(record), key));
  }
}
TEST_F(AuditedGateway, ABoxThatCannotRecordTakesNoRequests) {
  std::atomic<bool> full = false;
  struct Full : accounts::audit::GrowingFile {
    Full(std::atomic<bool>& is, const std::filesystem::path& path)
        : full(is), file(accounts::audit::open_on_disk(path)) {}
    void append(std::string_view bytes) override {
      if (full) fail(Code::exhausted, "no space left");
      file->append(bytes);
    }
    void sync() override { file->sync(); }
    void truncate(std::uint64_t bytes) override { file->truncate(bytes); }
    std::uint64_t bytes() const override { return file->bytes(); }
    std::atomic<bool>& full;
    std::unique_ptr<accounts::audit::GrowingFile> file;
  };
  trail.reset();
  options.queue_max = 40;
  options.open_file = [&](const std::filesystem::path& path) { return std::make_unique<Full>(full, path); };
  trail = std::make_unique<accounts::audit::Trail>(database, database_mutex, master, folder.path(), options);
  settings.audit = trail.get();
  EXPECT_TRUE(post("/v1/chat/completions", chat).starts_with("HTTP/1.1 200"));
  full = true;
  EXPECT_THROW(trail->flush(), Error);
  EXPECT_TRUE(has(ask("GET", "/health", "", ""), R"({"status":"degraded","cause":"disk"})"));
  EXPECT_TRUE(post("/v1/chat/completions", chat).starts_with("HTTP/1.1 200")) << "what still fits into memory";
  std::string answer;
  for (int i = 0; i < 1000 && !answer.starts_with("HTTP/1.1 503"); ++i) answer = get("/v1/models");
  EXPECT_TRUE(has(answer, "audit trail cannot be written")) << answer;
  EXPECT_TRUE(has(answer, "Retry-After"));
  EXPECT_TRUE(ask("GET", "/health", "", "").starts_with("HTTP/1.1 503"));
  full = false;
  trail->flush();
  EXPECT_TRUE(has(ask("GET", "/health", "", ""), R"({"status":"ok"})"));
  EXPECT_TRUE(post("/v1/chat/completions", chat).starts_with("HTTP/1.1 200"));
  server.reset();
  gateway.reset();
  trail.reset();
}

/// A gateway with content rules.
class RuledGateway : public AuditedGateway {
 protected:
  void with(std::string_view text) {
    const auto read = std::make_shared<const rules::Rules>(rules::Rules::parse(text));
    settings.content_rules = [read] { return read; };
  }
  static std::vector<Event> words(std::vector<Event> said) {
    std::vector<Event> events{Started{5, 0}};
    for (auto& one : said) events.push_back(std::move(one));
    events.emplace_back(Finished{});
    events.emplace_back(Done{{5, 0, 3, 0}});
    return events;
  }
};

TEST_F(RuledGateway, AWordIsMaskedHoweverTokensCutIt) {
  with(R"({"rules":[{"name":"bird","do":"mask","words":["heron"]}]})");
  models.answer = [](const Request&) {
    return words({Reasoning{0, "a HE"}, Reasoning{0, "RON"}, Text{0, "the he"}, Text{0, "r"}, Text{0, "on flies"},
                  ToolCall{0, 0, "call_1", "f", ""}, ToolCall{0, 0, "", "", "{\"x\":\"h\\u0065"},
                  ToolCall{0, 0, "", "", "ron\"}"}});
  };
  for (const auto& body : {chat, streamed}) {
    const auto answer = post("/v1/chat/completions", body);
    EXPECT_TRUE(has(answer, "flies")) << answer;
    EXPECT_TRUE(has(answer, "*****")) << answer;
    for (const char* part : {"heron", "HE", "RON", "u0065", "\"on flies"}) EXPECT_FALSE(has(answer, part)) << answer;
  }
  const auto all = records("request");
  EXPECT_EQ(json::dump(all[0].at("facts").at("rules")), R"(["bird"])");
}
TEST_F(RuledGateway, ARefusedAnswerEndsAndNothingOfItLeaves) {
  with(R"({"rules":[{"name":"bird","do":"refuse","words":["heron"]}]})");
  models.answer = [](const Request&) { return words({Text{0, "see the he"}, Text{0, "ron"}, Text{0, " fly"}}); };
  for (const auto& body : {chat, streamed}) {
    const auto answer = post("/v1/chat/completions", body);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
    EXPECT_TRUE(has(answer, "see the ")) << answer;
    EXPECT_TRUE(has(answer, R"("finish_reason":"content_filter")")) << answer;
    EXPECT_FALSE(has(answer, "he\"")) << answer;
    EXPECT_FALSE(has(answer, "fly")) << answer;
  }
  EXPECT_EQ(records("request")[0].at("outcome"), "content_filter");
}
TEST_F(RuledGateway, ARequestIsMaskedOrRefused) {
  with(R"({"rules":[{"name":"bird","do":"mask","on":["input"],"words":["heron"]},
                    {"name":"fish","do":"refuse","on":["input"],"words":["pike"]}]})");
  std::string asked;
  models.answer = [&](const Request& request) {
    asked += json::dump(to_json(request));
    return hello(request);
  };
  const auto say = [&](const std::string& text) {
    return post("/v1/chat/completions", R"({"model":"tiny","messages":[{"role":"user","content":")" + text + "\"}]}");
  };
  EXPECT_TRUE(say("a Heron").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(has(asked, "a *****"));
  const auto refused = say("a pike");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 400")) << refused;
  EXPECT_TRUE(has(refused, R"("code":"content_filter")"));
  EXPECT_TRUE(post("/v1/completions", R"({"model":"tiny","prompt":[1,2]})").starts_with("HTTP/1.1 400"));
}
TEST_F(RuledGateway, LogProbabilitiesWouldTellWhatIsHidden) {
  with(R"({"rules":[{"name":"bird","do":"mask","words":["heron"]}]})");
  const auto answer =
      post("/v1/chat/completions", R"({"model":"tiny","logprobs":true,"messages":[{"role":"user","content":"a"}]})");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
  EXPECT_TRUE(has(answer, R"("param":"logprobs")")) << answer;
}
TEST_F(RuledGateway, AnswersAreLabelled) {
  with(R"({"labels":[{"visible":"[AI]","producer":"ACME"}]})");
  const auto answer = post("/v1/chat/completions", chat);
  EXPECT_TRUE(has(answer, R"("content":"[AI]\n\nHello world")")) << answer;
  EXPECT_TRUE(has(answer, R"(AIGC: {"Label":"1","ContentProducer":"ACME","ProduceID":"req_)")) << answer;
  EXPECT_FALSE(has(get("/v1/models"), "AIGC"));
}

}  // namespace
}  // namespace cofre::gateway
