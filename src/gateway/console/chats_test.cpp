#include "gateway/console/chats.h"

#include <regex>

#include "gateway/fixture.h"

namespace cofre::gateway::console {
namespace {

using namespace protocol;
using accounts::Role;
using accounts::Scope;

/// Two people of a department, one of another.
class ChatsOfABox : public GatewayTest {
 protected:
  ChatsOfABox() {
    models.answer = [this](const Request& request) {
      asked = json::dump(std::get<Chat>(request.task).messages);
      asked_model = request.model;
      asked_request = request;
      return std::vector<Event>{Started{5, 1},
                                Reasoning{0, "hm"},
                                Text{0, "Hello"},
                                Text{0, " world"},
                                Finished{0, FinishReason::stop, "", Work{0.01, 0.1, 0.5, 3}},
                                Done{{5, 1, 3, 1}}};
    };
    const auto department = accounts.directory.create_department(accounts::home_tenant, "research").id;
    wang = make_user("wang", {Role::user}, accounts::home_tenant, department);
    li = make_user("li", {Role::user}, accounts::home_tenant, department);
    eve = make_user("eve", {Role::user});
    as_wang = session_of(wang.id);
  }
  std::string ask(std::string_view method, const std::string& path, const std::string& body = {}) {
    return ask_as(as_wang, method, "/console/v1/" + path, body);
  }
  json::Object done(std::string_view method, const std::string& path, const std::string& body = {}) {
    return done_as(as_wang, method, "/console/v1/" + path, body);
  }
  static std::string text_at(const json::Object& object, std::string_view key) {
    return std::string(object.at(key).as_string());
  }
  std::string make_chat(const std::string& body = "{}") { return text_at(done("POST", "chats", body), "id"); }
  /// Says something and waits for the whole answer: its stream ends when the chat has it.
  json::Object say(const std::string& chat, const std::string& body) {
    auto turn = done("POST", "chats/" + chat + "/messages", body);
    if (const auto& answer = turn.at("answer"); answer.is_object()) wait_for(answer.as_object());
    return turn;
  }
  std::string wait_for(const json::Object& answer) {
    return events_of(ask_as(as_wang, "GET", "/v1/responses/" + text_at(answer, "response") + "?stream=true"));
  }
  json::Array branch(const std::string& chat, const std::string& query = {}) {
    return done("GET", "chats/" + chat + "/messages" + query).at("data").as_array();
  }

  accounts::Owner wang, li, eve;
  std::string as_wang, asked, asked_model;
  Request asked_request;
};

TEST_F(ChatsOfABox, WhereAQuotaOfStorageIsUsedUpNothingIsSaid) {
  const auto chat = make_chat();
  const auto asked_for = text_at(say(chat, R"({"text":"Hello"})").at("message").as_object(), "id");
  const auto quota = accounts.quotas.set(
      {0, accounts::Level::user, wang.id, "", accounts::Quota::Metric::storage, accounts::Quota::Period::now, 10});
  for (const auto& path : {"chats/" + chat + "/messages", "chats/" + chat + "/messages/" + asked_for + "/answers"}) {
    const auto refused = ask("POST", path, path.ends_with("answers") ? "{}" : R"({"text":"More"})");
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 429")) << path << refused;
    EXPECT_TRUE(has(refused, fmt::format("quota {}", quota.id)));
  }
  EXPECT_EQ(branch(chat).size(), 2u);
}
TEST_F(ChatsOfABox, AnAnswerIsWrittenIntoTheChatWhoeverListens) {
  const auto chat = make_chat();
  const auto turn = done("POST", "chats/" + chat + "/messages", R"({"text":"hi"})");
  const auto& begun = turn.at("answer").as_object();
  EXPECT_EQ(text_at(begun, "status"), "queued");
  EXPECT_EQ(text_at(begun, "model"), "default");
  const auto events = wait_for(begun);
  EXPECT_TRUE(has(events, "event: response.completed"));
  const auto messages = branch(chat);
  ASSERT_EQ(messages.size(), 2u);
  const auto& answer = messages[0].as_object();
  EXPECT_EQ(text_at(answer, "text"), "Hello world");
  EXPECT_EQ(text_at(answer, "reasoning"), "hm");
  EXPECT_EQ(text_at(answer, "status"), "completed");
  EXPECT_EQ(text_at(answer, "finish_reason"), "stop");
  EXPECT_EQ(json::dump(answer.at("usage")),
            R"({"input_tokens":5,"cached_tokens":1,"output_tokens":3,"reasoning_tokens":1})");
  EXPECT_EQ(answer.at("speed").at("tokens_per_second"), json::Value(4.0));  // two intervals in half a second
  EXPECT_EQ(answer.at("parent"), messages[1].at("id"));
  EXPECT_EQ(messages[1].at("usage"), json::Value());
  const auto read = done("GET", "chats/" + chat);
  EXPECT_EQ(read.at("leaf"), answer.at("id"));
  EXPECT_EQ(read.at("answering"), json::Value(false));
  EXPECT_EQ(text_at(read, "title"), "hi");
}
TEST_F(ChatsOfABox, AnAnswerHasTheBranchAndTheSystemPromptAsItsContext) {
  const auto chat = make_chat(R"({"system_prompt":"Be brief.","model":"tiny","parameters":{"temperature":0.5}})");
  say(chat, R"({"text":"one"})");
  EXPECT_EQ(asked, R"([{"role":"system","content":"Be brief."},{"role":"user","content":"one"}])");
  EXPECT_EQ(asked_model, "tiny");
  EXPECT_EQ(asked_request.sampling.temperature, 0.5);
  say(chat, R"({"text":"two","parameters":{"temperature":0.1,"max_output_tokens":9}})");
  EXPECT_EQ(asked, R"([{"role":"system","content":"Be brief."},{"role":"user","content":"one"},)"
                   R"({"role":"assistant","content":"Hello world","reasoning_content":"hm"},)"
                   R"({"role":"user","content":"two"}])");
  EXPECT_EQ(asked_request.sampling.temperature, 0.1);
  EXPECT_EQ(asked_request.max_tokens, 9u);
}
TEST_F(ChatsOfABox, AnEditIsAnotherBranchAndOneMoreAnswerASibling) {
  const auto chat = make_chat();
  const auto first = say(chat, R"({"text":"one"})");
  const auto second = say(chat, R"({"text":"two"})");
  const auto edited =
      say(chat, R"({"text":"two!","edits":")" + text_at(second.at("message").as_object(), "id") + "\"}");
  EXPECT_TRUE(has(asked, R"({"role":"user","content":"two!"}])")) << asked;
  EXPECT_FALSE(has(asked, R"("two"})")) << asked;
  EXPECT_EQ(edited.at("message").at("siblings").as_array().size(), 2u);
  EXPECT_EQ(edited.at("message").at("parent"), first.at("answer").at("id"));
  const auto question = text_at(edited.at("message").as_object(), "id");
  const auto again = done("POST", "chats/" + chat + "/messages/" + question + "/answers", "{}");
  wait_for(again.at("answer").as_object());
  EXPECT_EQ(again.at("message"), json::Value());
  EXPECT_EQ(again.at("answer").at("siblings").as_array().size(), 2u);
  EXPECT_TRUE(has(asked, R"({"role":"user","content":"two!"}])")) << asked;
  EXPECT_EQ(branch(chat).size(), 4u);
  const auto old = text_at(second.at("answer").as_object(), "id");
  EXPECT_EQ(text_at(done("PATCH", "chats/" + chat, R"({"leaf":")" + old + "\"}"), "leaf"), old);
  const auto root = text_at(first.at("message").as_object(), "id");
  EXPECT_EQ(say(chat, R"({"text":"zero","edits":")" + root + "\"}").at("message").at("parent"), json::Value());
  EXPECT_EQ(branch(chat).size(), 2u);
  EXPECT_EQ(branch(chat, "?leaf=" + old + "&order=asc").size(), 4u);
  const auto answer = text_at(first.at("answer").as_object(), "id");
  EXPECT_TRUE(has(ask("POST", "chats/" + chat + "/messages/" + answer + "/answers", "{}"), R"("param":"message")"));
}
TEST_F(ChatsOfABox, CallsOfToolsAreKeptAndTheirOutputsGoBack) {
  models.answer = [&](const Request& request) {
    asked = json::dump(std::get<Chat>(request.task).messages);
    return std::vector<Event>{Started{5, 0}, ToolCall{0, 0, "call_1", "days", ""}, ToolCall{0, 0, "", "", R"({"y":1})"},
                              Finished{0, FinishReason::tool_calls, ""}, Done{}};
  };
  const auto chat =
      make_chat(R"({"parameters":{"tools":[{"type":"function","name":"days","parameters":{"type":"object"}}]}})");
  say(chat, R"({"text":"how many days?"})");
  EXPECT_EQ(json::dump(branch(chat)[0].at("tool_calls")),
            R"([{"call_id":"call_1","name":"days","arguments":"{\"y\":1}"}])");
  say(chat, R"({"tool_outputs":[{"call_id":"call_1","output":"30"}]})");
  EXPECT_TRUE(
      has(asked, R"("tool_calls":[{"type":"function","id":"call_1","function":{"name":"days","arguments":{"y":1}}}])"))
      << asked;
  EXPECT_TRUE(has(asked, R"({"role":"tool","content":"30","tool_call_id":"call_1"})")) << asked;
}
TEST_F(ChatsOfABox, AnAnswerThatIsStoppedStaysAsFarAsItCame) {
  models.answer = nullptr;
  const auto chat = make_chat();
  const auto turn = done("POST", "chats/" + chat + "/messages", R"({"text":"hi"})");
  const auto running = models.wait_for_request();
  running->give(Started{5, 0});
  running->give(Text{0, "Hel"});
  EXPECT_EQ(done("GET", "chats/" + chat).at("answering"), json::Value(true));
  const auto leaf = text_at(turn.at("answer").as_object(), "id");
  EXPECT_TRUE(ask("POST", "chats/" + chat + "/messages", R"({"text":"more"})").starts_with("HTTP/1.1 409"));
  const auto response = text_at(turn.at("answer").as_object(), "response");
  ask_as(as_wang, "POST", "/v1/responses/" + response + "/cancel");
  const auto message = branch(chat)[0].as_object();
  EXPECT_EQ(text_at(message, "status"), "cancelled");
  EXPECT_EQ(text_at(message, "text"), "Hel");
  EXPECT_EQ(message.at("usage").at("input_tokens"), json::Value(5));
}
TEST_F(ChatsOfABox, AFailureTellsWhyAndKeepsWhatWasWritten) {
  models.answer = [](const Request&) {
    return std::vector<Event>{Started{5, 0}, Text{0, "Hel"}, Failed{Code::unavailable, "its worker died", ""}};
  };
  const auto chat = make_chat();
  say(chat, R"({"text":"hi"})");
  const auto message = branch(chat)[0].as_object();
  EXPECT_EQ(text_at(message, "status"), "failed");
  EXPECT_EQ(text_at(message, "text"), "Hel");
  EXPECT_EQ(message.at("error").at("message"), "its worker died");
}
TEST_F(ChatsOfABox, WhatRanWhenTheBoxStoppedIsToldSo) {
  models.answer = nullptr;
  const auto chat = make_chat();
  done("POST", "chats/" + chat + "/messages", R"({"text":"hi"})");
  ASSERT_TRUE(models.wait_for_request());
  stop();
  EXPECT_EQ(text_at(branch(chat)[0].as_object(), "status"), "failed");
}
TEST_F(ChatsOfABox, ADeletedChatEndsItsAnswer) {
  models.answer = nullptr;
  const auto chat = make_chat();
  done("POST", "chats/" + chat + "/messages", R"({"text":"hi"})");
  const auto running = models.wait_for_request();
  done("DELETE", "chats/" + chat);
  EXPECT_TRUE(running->wait_until_dropped());
  EXPECT_TRUE(ask("GET", "chats/" + chat).starts_with("HTTP/1.1 404"));
}
TEST_F(ChatsOfABox, WhatIsRefusedLeavesNothing) {
  const auto chat = make_chat();
  accounts.quotas.set({0, accounts::Quota::Level::user, wang.id, "", accounts::Quota::Metric::requests,
                       accounts::Quota::Period::day, 0});
  const auto refused = ask("POST", "chats/" + chat + "/messages", R"({"text":"hi"})");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 429")) << refused;
  EXPECT_TRUE(has(refused, R"("param":"quota )"));
  EXPECT_TRUE(branch(chat).empty());
  EXPECT_TRUE(has(ask("POST", "chats/" + chat + "/messages", R"({"text":"hi","model":"nobody"})"),
                  R"("param":"model","code":"model_not_found")"));
  EXPECT_TRUE(branch(chat).empty());
  done("POST", "chats/" + chat + "/messages", R"({"text":"a note","answer":false})");
  EXPECT_EQ(branch(chat).size(), 1u);
}
TEST_F(ChatsOfABox, ASessionsAnswersAreCountedForItsUser) {
  say(make_chat(), R"({"text":"hi"})");
  EXPECT_TRUE(accounts.ledger.flush());
  const auto usage = ask_as(as_wang, "GET", "/admin/v1/me/usage");
  EXPECT_TRUE(has(usage, R"("requests":1,"prompt_tokens":5,"cached_tokens":1,"completion_tokens":3)")) << usage;
}
TEST_F(ChatsOfABox, EverythingWrongNamesItsField) {
  const auto chat = make_chat();
  const std::pair<std::string, std::string> wrong[] = {
      {R"({"titel":"x"})", "titel"},
      {R"({"title":7})", "title"},
      {R"({"title":")" + std::string(500, 'x') + "\"}", "title"},
      {R"({"parameters":[]})", "parameters"},
      {R"({"parameters":{"temperature":9}})", "parameters.temperature"},
      {R"({"parameters":{"model":"x"}})", "parameters.model"},
      {R"({"parameters":{"tools":[{"type":"web"}]}})", "parameters.tools[0].type"},
      {R"({"leaf":"cmsg_x"})", "leaf"},
  };
  for (const auto& [body, field] : wrong) {
    const auto answer = ask("PATCH", "chats/" + chat, body);
    EXPECT_TRUE(has(answer, "\"param\":\"" + field + "\"")) << body << answer;
  }
  const std::pair<std::string, std::string> said[] = {
      {"{}", "text"},
      {R"({"text":"a","parent":"cmsg_x"})", "parent"},
      {R"({"text":"a","edits":"cmsg_x"})", "edits"},
      {R"({"text":"a","edits":"cmsg_x","parent":"cmsg_y"})", "edits"},
      {R"({"tool_outputs":[{}]})", "tool_outputs[0].call_id"},
  };
  for (const auto& [body, field] : said) {
    const auto answer = ask("POST", "chats/" + chat + "/messages", body);
    EXPECT_TRUE(has(answer, "\"param\":\"" + field + "\"")) << body << answer;
  }
  EXPECT_TRUE(has(ask("GET", "chats?limit=101"), R"("param":"limit")"));
  EXPECT_TRUE(has(ask("GET", "chats?order=x"), "400"));
  EXPECT_TRUE(has(ask("GET", "chats?after=x"), R"("param":"after")"));
  EXPECT_TRUE(has(ask("GET", "chats?colour=red"), R"("param":"colour")"));
  EXPECT_TRUE(has(ask("GET", "chats/" + chat + "/export?format=pdf"), R"("param":"format")"));
}
TEST_F(ChatsOfABox, AKeyThatOnlyAsksModelsReadsNoChats) {
  make_chat();
  const auto narrow = accounts.keys.create(
      {.name = "app", .owner = wang.id, .maker = wang.id, .scopes = {Scope::inference}, .expires = {}});
  EXPECT_TRUE(ask_as(bearer(narrow), "GET", "/console/v1/chats").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(has(ask_as(bearer(key_of(wang)), "GET", "/console/v1/chats"), "\"chat_"));
}
TEST_F(ChatsOfABox, NeedTheTokenOfTheSession) {
  const auto cookie = as_wang.substr(0, as_wang.find("X-CSRF"));
  EXPECT_TRUE(ask_as(cookie, "POST", "/console/v1/chats", "{}").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(ask_as(cookie, "POST", "/v1/responses", R"({"model":"tiny","input":"a"})").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(ask_as(cookie, "GET", "/console/v1/chats").starts_with("HTTP/1.1 200"));
}
TEST_F(ChatsOfABox, AreListedSearchedAndKeptInFolders) {
  const auto chat = make_chat(R"({"title":"合同模板","folder":"work"})");
  make_chat(R"({"title":"Lunch"})");
  say(chat, R"({"text":"Which clause is missing?"})");
  const auto all = done("GET", "chats?limit=1");
  EXPECT_EQ(all.at("has_more"), json::Value(true));
  EXPECT_EQ(text_at(all, "last_id"), text_at(all.at("data").as_array()[0].as_object(), "id"));
  EXPECT_EQ(done("GET", "chats?folder=work").at("data").as_array().size(), 1u);
  const auto hit = done("GET", "chats?query=clau").at("data").as_array()[0].at("match").as_object();
  EXPECT_EQ(text_at(hit, "text"), "Which clause is missing?");
  EXPECT_EQ(done("GET", "chats?query=%E5%90%88%E5%90%8C").at("data").as_array()[0].at("match").at("message"),
            json::Value());
  EXPECT_TRUE(done("GET", "chats?query=breakfast").at("data").as_array().empty());
  EXPECT_EQ(json::dump(done("GET", "folders").at("data")), R"([{"name":"work","chats":1}])");
  done("PATCH", "folders/work", R"({"name":"old work"})");
  EXPECT_EQ(text_at(done("GET", "chats/" + chat), "folder"), "old work");
  done("DELETE", "folders/old%20work");
  EXPECT_EQ(done("GET", "chats/" + chat).at("folder"), json::Value());
  EXPECT_TRUE(ask("DELETE", "folders/old%20work").starts_with("HTTP/1.1 404"));
}
TEST_F(ChatsOfABox, ALinkIsForTheDepartmentAndForReadingAlone) {
  const auto chat = make_chat();
  const auto first = say(chat, R"({"text":"one"})");
  const auto share = text_at(done("POST", "chats/" + chat + "/share"), "id");
  say(chat, R"({"text":"two"})");
  const auto as_li = session_of(li.id), as_eve = session_of(eve.id);
  const auto shown = body_of(ask_as(as_li, "GET", "/console/v1/shared/" + share));
  EXPECT_EQ(shown.at("title"), "one");
  EXPECT_EQ(shown.at("owner").at("name"), "wang");
  const auto messages =
      body_of(ask_as(as_li, "GET", "/console/v1/shared/" + share + "/messages")).at("data").as_array();
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].at("text"), "Hello world");
  EXPECT_EQ(messages[0].at("response"), json::Value());
  for (const auto& path : {"shared/" + share, "shared/" + share + "/messages"})
    EXPECT_TRUE(ask_as(as_eve, "GET", "/console/v1/" + path).starts_with("HTTP/1.1 404"));
  for (const auto& [method, path, body] :
       {std::tuple("GET", "chats/" + chat, ""), std::tuple("GET", "chats/" + chat + "/messages", ""),
        std::tuple("PATCH", "chats/" + chat, "{}"), std::tuple("DELETE", "chats/" + chat, ""),
        std::tuple("GET", "chats/" + share, ""), std::tuple("GET", "chats/" + chat + "/export", ""),
        std::tuple("POST", "chats/" + chat + "/messages", R"({"text":"x"})")})
    EXPECT_TRUE(ask_as(as_li, method, "/console/v1/" + path, body).starts_with("HTTP/1.1 404")) << method << path;
  done("DELETE", "chats/" + chat + "/share");
  EXPECT_TRUE(ask_as(as_li, "GET", "/console/v1/shared/" + share).starts_with("HTTP/1.1 404"));
  as_wang = as_eve;
  EXPECT_TRUE(ask("POST", "chats/" + make_chat() + "/share").starts_with("HTTP/1.1 400"));
}
TEST_F(ChatsOfABox, AreExportedWholeAndAsMarkdown) {
  const auto chat = make_chat();
  const auto first = say(chat, R"({"text":"one"})");
  say(chat, R"({"text":"uno","edits":")" + text_at(first.at("message").as_object(), "id") + "\"}");
  const auto all = done("GET", "chats/" + chat + "/export");
  EXPECT_EQ(all.at("messages").as_array().size(), 4u);
  EXPECT_EQ(text_at(all.at("chat").as_object(), "id"), chat);
  const auto text = ask("GET", "chats/" + chat + "/export?format=markdown");
  EXPECT_TRUE(has(text, "Content-Type: text/markdown; charset=utf-8"));
  EXPECT_TRUE(has(text, "Content-Disposition: attachment; filename=\"" + chat + ".md\""));
  const std::regex form(
      "# one\n\n\\*\\*wang\\*\\* \\(20[^)]* UTC\\)\n\nuno\n\n\\*\\*default\\*\\* \\([^)]*\\)\n\nHello world\n$");
  EXPECT_TRUE(std::regex_search(text, form)) << text;
}

}  // namespace
}  // namespace cofre::gateway::console
