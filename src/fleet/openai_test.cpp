#include "fleet/openai.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/thrown.h"
#include "protocol/fields.h"

namespace cofre::fleet {
namespace {

using protocol::Event;

constexpr std::string_view stream =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n"
    ": a comment\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}\r\n\r\n"
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ol\xc3\xa1\"},\"logprobs\":{\"content\":[{\"token\":\"ol\","
    "\"logprob\":-0.5,"
    "\"bytes\":[111,108],\"top_logprobs\":[{\"token\":\"x\",\"logprob\":-2}]}]}}]}\n\n"
    "data: "
    "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"f\","
    "\"arguments\":\"{\"}}]}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"
    "data: "
    "{\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3,\"prompt_tokens_details\":{\"cached_"
    "tokens\":2}}}\n\n"
    "data: [DONE]\n\n";

TEST(OpenAiReader, AStreamBecomesEventsHoweverItsBytesArrive) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{50}, stream.size()}) {
    OpenAiReader reader(true);
    std::vector<Event> events;
    for (std::size_t at = 0; at < stream.size(); at += piece) reader.feed(stream.substr(at, piece), events);
    reader.finish(events);
    ASSERT_EQ(events.size(), 6u);
    EXPECT_TRUE(std::holds_alternative<protocol::Started>(events[0]));
    EXPECT_EQ(std::get<protocol::Reasoning>(events[1]).text, "hm");
    EXPECT_EQ(std::get<protocol::Text>(events[2]).text, "ol\xc3\xa1");
    EXPECT_EQ(std::get<protocol::Text>(events[2]).logprobs.at(0).top.at(0).logprob, -2);
    EXPECT_EQ(std::get<protocol::ToolCall>(events[3]).name, "f");
    EXPECT_EQ(std::get<protocol::Finished>(events[4]).reason, protocol::FinishReason::tool_calls);
    EXPECT_EQ(std::get<protocol::Done>(events[5]).usage.cached_tokens, 2u);
    EXPECT_EQ(std::get<protocol::Done>(events[5]).usage.completion_tokens, 3u);
  }
}

TEST(OpenAiReader, WhatBreaksOffOrFailsOrIsNoJsonIsAnError) {
  for (const std::string_view text :
       {"data: {\"choices\":[]}\n\n", "data: {\"error\":{\"message\":\"full\"}}\n\n", "data: {nonsense\n\n",
        "data: []\n\n", "data: {\"choices\":[{\"index\":-5}]}\n\n", ""}) {
    OpenAiReader reader(true);
    std::vector<Event> events;
    try {
      reader.feed(text, events);
      reader.finish(events);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == Code::unavailable || error.code() == Code::invalid) << text;
    }
  }
}

TEST(OpenAiReader, VectorsStandInTheOrderOfTheirIndex) {
  OpenAiReader reader(false);
  std::vector<Event> events;
  reader.feed(R"({"data":[{"index":1,"embedding":[3]},{"index":0,"embedding":[1,2.5]}],"usage":{"prompt_tokens":4}})",
              events);
  reader.finish(events);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(std::get<protocol::Vectors>(events[1]).vectors, (std::vector<std::vector<float>>{{1, 2.5f}, {3}}));
}

TEST(OpenAiFailure, AServersOwnWordsAndFieldAreKept) {
  const auto failed = openai_failure(400, R"({"error":{"message":"too long","param":"messages"}})");
  EXPECT_EQ(failed.code, Code::invalid);
  EXPECT_EQ(failed.field, "messages");
  EXPECT_EQ(failed.message, "too long");
  EXPECT_EQ(openai_failure(429, "").code, Code::exhausted);
  EXPECT_EQ(openai_failure(502, "<html>").code, Code::unavailable);
}

protocol::Request chat() {
  protocol::Request request;
  protocol::Chat task;
  task.messages.push_back(json::parse(
      R"({"role":"assistant","content":"","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":{"x":1}}}]})"));
  request.task = task;
  return request;
}

TEST(OpenAiCall, ArgumentsOfCallsAreTexts) {
  const auto call = openai_call(chat(), "there");
  EXPECT_EQ(call.path, "/chat/completions");
  const auto body = json::parse(call.body);
  EXPECT_EQ(body.at("model").as_string(), "there");
  EXPECT_EQ(body.at("messages").at(0).at("tool_calls").at(0).at("function").at("arguments").as_string(), "{\"x\":1}");
}

TEST(OpenAiCall, WhatOthersMayNotHonourIsRefused) {
  auto request = chat();
  request.constraint.kind = protocol::Constraint::Kind::regex;
  request.constraint.text = "a+";
  EXPECT_THROW(openai_call(request, "m"), Error);
  protocol::Request best;
  best.task = protocol::Completion{std::string("a"), std::nullopt, false};
  best.best_of = 2;
  EXPECT_EQ(field_of([&] { openai_call(best, "m"); }), "best_of");
  protocol::Request tokens;
  tokens.task = protocol::Detokenize{{1}};
  EXPECT_THROW(openai_call(tokens, "m"), Error);
}

}  // namespace
}  // namespace cofre::fleet
