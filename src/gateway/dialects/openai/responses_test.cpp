#include "gateway/dialects/openai/responses.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/thrown.h"

namespace cofre::gateway::openai {
namespace {

using namespace protocol;

ResponsesCall parsed(const std::string& members) {
  return parse_responses(json::parse(R"({"model":"m",)" + members + "}"));
}
std::string refused(const std::string& members) {
  return field_of([&] { parsed(members); });
}
const std::vector<Event> events = {Started{5, 0},
                                   Reasoning{0, "hm"},
                                   Text{0, "Hel"},
                                   Text{0, "lo"},
                                   ToolCall{0, 0, "call_1", "f", ""},
                                   ToolCall{0, 0, "", "", "{\"x\":1}"},
                                   Finished{0, FinishReason::tool_calls, ""}};

TEST(ResponsesRequest, ItemsOfOneTurnBecomeOneMessage) {
  const auto call = parsed(
      R"("instructions":"i","input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},)"
      R"({"type":"reasoning","id":"r","summary":[],"content":[{"type":"reasoning_text","text":"t"}]},)"
      R"({"type":"message","id":"x","status":"completed","role":"assistant","content":[{"type":"output_text","text":"b","annotations":[]}]},)"
      R"({"type":"function_call","id":"y","call_id":"c","name":"f","arguments":"{\"x\":1}"},{"type":"function_call_output","call_id":"c","output":"o"}],)"
      R"("tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":true}],"tool_choice":{"type":"function","name":"f"})");
  const auto& chat = std::get<Chat>(call.request.task);
  EXPECT_EQ(
      json::dump(chat.messages),
      R"([{"role":"system","content":"i"},{"role":"user","content":"a"},)"
      R"({"role":"assistant","content":"b","reasoning_content":"t","tool_calls":[{"type":"function","id":"c","function":{"name":"f","arguments":{"x":1}}}]},)"
      R"({"role":"tool","content":"o","tool_call_id":"c"}])");
  EXPECT_EQ(chat.tool_name, "f");
  EXPECT_EQ(chat.tools.size(), 1u);
}
TEST(ResponsesRequest, WhatCannotBeHonouredIsNamed) {
  const std::string input = R"("input":"a",)";
  EXPECT_EQ(refused(R"("input":"a")"), "no error");
  for (const char* field : {"store", "background", "previous_response_id"})
    EXPECT_EQ(refused(input + "\"" + field + "\":1"), field);
  EXPECT_EQ(refused(input + R"("background":true,"store":false)"), "background");
  EXPECT_EQ(refused(input + R"("previous_response_id":")" + std::string(200, 'x') + "\""), "previous_response_id");
  for (const char* field : {"conversation", "prompt", "max_tool_calls", "temprature"})
    EXPECT_EQ(refused(input + "\"" + field + "\":\"x\""), field);
  EXPECT_EQ(refused(input + R"("max_output_tokens":-1)"), "max_output_tokens");
  EXPECT_EQ(refused(input + R"("include":["reasoning.encrypted_content"])"), "include");
  EXPECT_EQ(refused(input + R"("tools":[{"type":"web_search"}])"), "tools[0].type");
  EXPECT_EQ(refused(input + R"("text":{"format":{"type":"json_schema","name":"a b","schema":{}}})"),
            "text.format.name");
  EXPECT_EQ(refused(R"("input":[])"), "input");
  EXPECT_EQ(refused(R"("input":[{"type":"item_reference","id":"x"}])"), "input[0].type");
  EXPECT_EQ(refused(R"("input":[{"role":"king","content":"a"}])"), "input[0].role");
}
TEST(ResponsesEncoder, AStreamCountsItsEventsAndEndsWithTheWholeAnswer) {
  const auto encoder = encode_responses({"req_ab", "m", 7}, parsed(R"("input":"a","stream":true)"));
  std::string stream, names;
  for (const auto& event : events) stream += encoder->take(0, event);
  stream += encoder->finish({5, 0, 4, 1});
  std::int64_t number = 0;
  json::Value last;
  for (std::size_t at = 0; at < stream.size();) {
    const auto data = stream.find("\ndata: ", at);
    const auto end = stream.find("\n\n", data);
    const auto name = stream.substr(at + 7, data - at - 7);
    last = json::parse(stream.substr(data + 7, end - data - 7));
    EXPECT_EQ(last.at("type").as_string(), name);
    EXPECT_EQ(last.at("sequence_number"), json::Value(number++));
    names += name.substr(9) + " ";
    at = end + 2;
  }
  EXPECT_EQ(names,
            "created in_progress output_item.added content_part.added reasoning_text.delta reasoning_text.done "
            "content_part.done output_item.done "
            "output_item.added content_part.added output_text.delta output_text.delta output_text.done "
            "content_part.done output_item.done "
            "output_item.added function_call_arguments.delta function_call_arguments.done output_item.done completed ");
  const auto whole = encode_responses({"req_ab", "m", 7}, parsed(R"("input":"a")"));
  for (const auto& event : events) EXPECT_EQ(whole->take(0, event), "");
  EXPECT_EQ(whole->finish({5, 0, 4, 1}), json::dump(last.at("response")));
  EXPECT_EQ(last.at("response").at("output").at(1).at("content").at(0).at("text").as_string(), "Hello");
  EXPECT_EQ(last.at("response").at("usage").at("output_tokens_details").at("reasoning_tokens").as_int64(), 1);
}
TEST(ResponsesEncoder, AnAnswerThatWasCutIsIncomplete) {
  const auto encoder = encode_responses({"req_ab", "m", 7}, parsed(R"("input":"a")"));
  encoder->take(0, Text{0, "a"});
  encoder->take(0, Finished{0, FinishReason::length, ""});
  const auto whole = json::parse(encoder->finish({}));
  EXPECT_EQ(whole.at("status").as_string(), "incomplete");
  EXPECT_EQ(whole.at("incomplete_details").at("reason").as_string(), "max_output_tokens");
}
TEST(ResponsesEncoder, AFailureEndsTheStreamAsAnEvent) {
  const auto encoder = encode_responses({"req_ab", "m", 7}, parsed(R"("input":"a","stream":true)"));
  const auto text = encoder->fail(failure_of(Failed{Code::unavailable, "gone", ""}));
  EXPECT_TRUE(text.starts_with("event: response.failed\ndata: "));
  EXPECT_NE(text.find(R"("error":{"code":"unavailable_error","message":"gone"})"), std::string::npos);
}

}  // namespace
}  // namespace cofre::gateway::openai
