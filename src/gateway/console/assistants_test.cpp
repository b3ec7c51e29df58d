#include "gateway/console/assistants.h"

#include "gateway/assistants.h"
#include "gateway/fixture.h"

namespace cofre::gateway::console {
namespace {

using namespace protocol;
using accounts::Role;
using accounts::Scope;

/// wang and li are of one department, eve of another; ada administers people.
class AssistantsOfABox : public GatewayTest {
 protected:
  AssistantsOfABox() {
    models.answer = [this](const Request& request) {
      asked = request;
      return hello(request);
    };
    research = accounts.directory.create_department(accounts::home_tenant, "research").id;
    sales = accounts.directory.create_department(accounts::home_tenant, "sales").id;
    wang = make_user("wang", {Role::user}, accounts::home_tenant, research);
    as_wang = bearer(key_of(wang));
    as_li = bearer(key_of(make_user("li", {Role::user}, accounts::home_tenant, research)));
    as_eve = bearer(key_of(make_user("eve", {Role::user}, accounts::home_tenant, sales)));
    as_ada = bearer(key_of(make_user("ada", {Role::system_administrator})));
    const auto tenant = accounts.directory.create_tenant("acme", "UTC", "EUR").id;
    as_stranger = bearer(key_of(make_user("bob", {Role::user, Role::system_administrator}, tenant)));
  }
  std::string ask(const std::string& as, std::string_view method, const std::string& path,
                  const std::string& body = {}) {
    return ask_as(as, method, "/console/v1/" + path, body);
  }
  std::string make(const std::string& body) {
    const auto answer = ask(as_wang, "POST", "assistants", body);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
    return std::string(body_of(answer).at("id").as_string());
  }
  std::string messages() const { return json::dump(std::get<Chat>(asked.task).messages); }
  std::string chat(const std::string& as, const std::string& model, const std::string& more = {}) {
    return ask_as(as, "POST", "/v1/chat/completions",
                  R"({"model":")" + model + R"(","messages":[{"role":"user","content":"hi"}])" + more + "}");
  }

  std::int64_t research = 0, sales = 0;
  accounts::Owner wang;
  std::string as_wang, as_li, as_eve, as_ada, as_stranger;
  Request asked;
};

const std::string contracts =
    R"({"name":"contracts","title":"Contracts","system_prompt":"You read contracts.","model":"tiny",)"
    R"("parameters":{"temperature":0.25,"max_output_tokens":64},"starters":["Check this: "]})";

TEST_F(AssistantsOfABox, AreModelsForApplications) {
  make(contracts);
  const auto answer = chat(as_wang, "assistant:contracts");
  EXPECT_TRUE(has(answer, R"("model":"assistant:contracts")")) << answer;
  EXPECT_EQ(messages(), R"([{"role":"system","content":"You read contracts."},{"role":"user","content":"hi"}])");
  EXPECT_EQ(asked.model, "tiny");
  EXPECT_EQ(asked.sampling.temperature, 0.25);
  EXPECT_EQ(asked.max_tokens, 64u);
  EXPECT_TRUE(has(ask_as(as_wang, "GET", "/v1/models"), R"({"id":"assistant:contracts","object":"model")"));
  EXPECT_TRUE(has(ask_as(as_wang, "GET", "/v1/models/assistant:contracts"), R"("root":"tiny")"));
  EXPECT_FALSE(has(ask_as(as_eve, "GET", "/v1/models"), "contracts"));
  EXPECT_TRUE(has(ask_as(as_eve, "GET", "/v1/models/assistant:contracts"), "model_not_found"));
  EXPECT_TRUE(has(chat(as_eve, "assistant:contracts"), R"("param":"model","code":"model_not_found")"));
}
TEST_F(AssistantsOfABox, WhatTheRequestSaysGoesFirst) {
  make(contracts);
  ask_as(
      as_wang, "POST", "/v1/chat/completions",
      R"({"model":"assistant:contracts","temperature":1,"max_tokens":9,"messages":[{"role":"system","content":"No."},)"
      R"({"role":"user","content":"hi"}]})");
  EXPECT_EQ(messages(), R"([{"role":"system","content":"No."},{"role":"user","content":"hi"}])");
  EXPECT_EQ(asked.sampling.temperature, 1.0);
  EXPECT_EQ(asked.max_tokens, 9u);
}
TEST_F(AssistantsOfABox, AnswerResponsesTooAndTheirConversations) {
  make(contracts);
  const auto first =
      body_of(ask_as(as_wang, "POST", "/v1/responses", R"({"model":"assistant:contracts","input":"a"})"));
  EXPECT_EQ(first.at("model"), "assistant:contracts");
  EXPECT_EQ(first.at("instructions"), "You read contracts.");
  EXPECT_EQ(asked.max_tokens, 64u);
  const auto id = std::string(first.at("id").as_string());
  ask_as(as_wang, "POST", "/v1/responses",
         R"({"model":"assistant:contracts","input":"b","previous_response_id":")" + id + "\"}");
  EXPECT_EQ(std::get<Chat>(asked.task).messages.size(), 4u);
}
TEST_F(AssistantsOfABox, ParametersHaveTheirFormInChats) {
  make(
      R"({"name":"forms","parameters":{"reasoning":{"effort":"low"},"text":{"format":{"type":"json_schema","name":"x",)"
      R"("schema":{"type":"object"}}},"tools":[{"type":"function","name":"f","parameters":{"type":"object"}}],)"
      R"("tool_choice":{"type":"function","name":"f"}}})");
  const auto answer = chat(as_wang, "assistant:forms");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
  const auto& task = std::get<Chat>(asked.task);
  EXPECT_EQ(task.tool_name, "f");
  EXPECT_EQ(task.tools.size(), 1u);
  EXPECT_EQ(task.template_arguments.at("reasoning_effort"), "low");
  EXPECT_EQ(asked.constraint.kind, Constraint::Kind::json_schema);
}
TEST_F(AssistantsOfABox, ArePublishedToDepartments) {
  const auto id = make(contracts);
  EXPECT_TRUE(ask(as_li, "GET", "assistants/" + id).starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(ask(as_ada, "GET", "assistants/" + id).starts_with("HTTP/1.1 404"));
  const auto to = [](std::int64_t department) { return fmt::format(R"({{"departments":[{}]}})", department); };
  EXPECT_TRUE(has(ask(as_wang, "PATCH", "assistants/" + id, to(sales)), R"("param":"departments")"));
  EXPECT_TRUE(has(ask(as_wang, "PATCH", "assistants/" + id, R"({"everyone":true})"), R"("param":"everyone")"));
  EXPECT_TRUE(ask(as_wang, "PATCH", "assistants/" + id, to(research)).starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(has(ask(as_li, "GET", "assistants"), R"("own":false)"));
  EXPECT_TRUE(has(chat(as_li, "assistant:contracts"), "Hello world"));
  EXPECT_TRUE(ask(as_eve, "GET", "assistants/" + id).starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(ask(as_li, "PATCH", "assistants/" + id, R"({"title":"mine"})").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(ask(as_li, "DELETE", "assistants/" + id).starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(ask(as_ada, "PATCH", "assistants/" + id, R"({"everyone":true})").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(has(chat(as_eve, "assistant:contracts"), "Hello world"));
  EXPECT_TRUE(ask(as_stranger, "GET", "assistants/" + id).starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(has(chat(as_stranger, "assistant:contracts"), "model_not_found"));
  EXPECT_TRUE(ask(as_ada, "DELETE", "assistants/" + id).starts_with("HTTP/1.1 200"));
}
TEST_F(AssistantsOfABox, AKeyMayBeBoundToOne) {
  make(contracts);
  accounts::KeyWish wish{
      .name = "bound", .owner = wang.id, .maker = wang.id, .scopes = {Scope::inference}, .expires = {}};
  wish.models = {"assistant:contracts"};
  const auto bound = bearer(accounts.keys.create(wish));
  EXPECT_TRUE(has(chat(bound, "assistant:contracts"), "Hello world"));
  EXPECT_TRUE(has(chat(bound, "tiny"), "model_not_found"));
  const auto listed = ask_as(bound, "GET", "/v1/models");
  EXPECT_TRUE(has(listed, "assistant:contracts"));
  EXPECT_FALSE(has(listed, R"("id":"tiny")"));
  wish.name = "other", wish.models = {"default"};
  EXPECT_TRUE(has(chat(bearer(accounts.keys.create(wish)), "assistant:contracts"), "model_not_found"));
}
TEST_F(AssistantsOfABox, SpeakInChats) {
  const auto id = make(contracts);
  const auto made =
      body_of(ask(as_wang, "POST", "chats", R"({"assistant":")" + id + R"(","parameters":{"top_p":0.5}})"));
  const auto at = "chats/" + std::string(made.at("id").as_string());
  const auto turn = body_of(ask(as_wang, "POST", at + "/messages", R"({"text":"one"})"));
  EXPECT_EQ(turn.at("answer").at("model"), "tiny");
  EXPECT_EQ(messages(), R"([{"role":"system","content":"You read contracts."},{"role":"user","content":"one"}])");
  EXPECT_EQ(asked.sampling.temperature, 0.25);
  EXPECT_EQ(asked.sampling.top_p, 0.5);
  EXPECT_TRUE(has(ask(as_eve, "POST", "chats", R"({"assistant":")" + id + "\"}"), R"("param":"assistant")"));
  ask(as_wang, "DELETE", "assistants/" + id);
  const auto gone = ask(as_wang, "POST", at + "/messages", R"({"text":"two"})");
  EXPECT_TRUE(has(gone, R"("param":"assistant")")) << gone;
}
TEST_F(AssistantsOfABox, EverythingWrongNamesItsField) {
  make(contracts);
  const std::pair<std::string, std::string> wrong[] = {
      {"{}", "name"},
      {R"({"name":"Contracts"})", "name"},
      {R"({"name":"a/b"})", "name"},
      {R"({"name":"contracts"})", "name"},
      {R"({"name":"x","model":"assistant:contracts"})", "model"},
      {R"({"name":"x","starters":[""]})", "starters"},
      {R"({"name":"x","starters":["1","2","3","4","5","6","7","8","9"]})", "starters"},
      {R"({"name":"x","departments":["research"]})", "departments"},
      {R"({"name":"x","departments":[999]})", "departments"},
      {R"({"name":"x","parameters":{"seed":1}})", "parameters.seed"},
      {R"({"name":"x","colour":"red"})", "colour"},
  };
  for (const auto& [body, field] : wrong) {
    const auto answer = ask(as_wang, "POST", "assistants", body);
    EXPECT_TRUE(has(answer, "\"param\":\"" + field + "\"")) << body << answer;
  }
  EXPECT_TRUE(has(ask(as_wang, "GET", "assistants?after=x"), R"("param":"after")"));
}
TEST_F(AssistantsOfABox, AreListedByPages) {
  for (int i = 0; i < 5; ++i) make(fmt::format(R"({{"name":"a{}"}})", i));
  const auto first = body_of(ask(as_wang, "GET", "assistants?limit=3"));
  EXPECT_EQ(first.at("has_more"), json::Value(true));
  const auto rest =
      body_of(ask(as_wang, "GET", "assistants?limit=3&after=" + std::string(first.at("last_id").as_string())));
  EXPECT_EQ(rest.at("data").as_array().size(), 2u);
  EXPECT_EQ(rest.at("has_more"), json::Value(false));
}

}  // namespace
}  // namespace cofre::gateway::console
