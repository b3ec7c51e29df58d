#include <gtest/gtest.h>

#include <limits>

#include "protocol/frames.h"

namespace cofre::protocol {
namespace {

Request chat_request() {
  Request request;
  request.id = "req-1";
  request.model = "small";
  request.tenant = UINT64_MAX;
  request.priority = -1;
  Chat chat;
  chat.messages.push_back(json::Object{{"role", "user"}, {"content", "olá 你好"}});
  chat.tools.push_back(json::Object{{"type", "function"}});
  chat.tool_choice = ToolChoice::named;
  chat.tool_name = "f";
  chat.parallel_tool_calls = false;
  chat.template_arguments["enable_thinking"] = false;
  request.task = chat;
  request.sampling.temperature = 0.25;
  request.sampling.top_k = 40;
  request.sampling.seed = UINT64_MAX;
  request.sampling.logit_bias = {{5, -100.0}, {7, 1.5}};
  request.choices = 2;
  request.max_tokens = 16;
  request.stop = {"\n"};
  request.stop_token_ids = {1, 2};
  request.logprobs = true;
  request.top_logprobs = 3;
  request.constraint.kind = Constraint::Kind::json_schema;
  request.constraint.schema = json::Object{{"type", "object"}};
  return request;
}

std::string text_of(const Request& request) { return json::dump(to_json(request)); }
Request again(const Request& request) { return request_from_json(json::parse(text_of(request)).get_object()); }
Event again(const Event& event) { return event_from_json(json::parse(json::dump(to_json(event))).get_object()); }

std::string refused_field(const Request& request) {
  try {
    validate(request);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid);
    return error.field();
  }
  return "";
}

TEST(RequestJson, AChatComesBackWhole) {
  const auto request = chat_request();
  const auto back = again(request);
  EXPECT_EQ(text_of(back), text_of(request));
  EXPECT_EQ(back.tenant, UINT64_MAX);
  EXPECT_EQ(back.sampling.seed, UINT64_MAX);
  EXPECT_EQ(back.sampling.logit_bias, request.sampling.logit_bias);
  EXPECT_EQ(std::get<Chat>(back.task).tool_name, "f");
  EXPECT_FALSE(back.sampling.top_p);
}

TEST(RequestJson, EveryTaskComesBack) {
  const std::vector<decltype(Request::task)> tasks{Completion{std::vector<std::int32_t>{1, 2}, "after", true},
                                                   Completion{"text", std::nullopt, false},
                                                   Embedding{{std::string("a"), std::vector<std::int32_t>{3}}, 8},
                                                   Tokenize{std::string("b"), false},
                                                   Tokenize{std::get<Chat>(chat_request().task), true},
                                                   Detokenize{{4, 5}},
                                                   Embedding{{std::string("c")}, {}, Embedding::Role::passage},
                                                   Rerank{"q", {"d", "e"}}};
  for (const auto& task : tasks) {
    Request request;
    request.task = task;
    EXPECT_EQ(text_of(again(request)), text_of(request));
    EXPECT_EQ(again(request).task.index(), task.index());
  }
}

TEST(RequestJson, NumbersOutsideTheirRangeAreRefusedByName) {
  const auto with = [](auto change) {
    auto request = chat_request();
    change(request);
    return refused_field(request);
  };
  EXPECT_EQ(with([](Request&) {}), "");
  EXPECT_EQ(with([](Request& r) { r.sampling.temperature = 2.5; }), "temperature");
  EXPECT_EQ(with([](Request& r) { r.sampling.temperature = std::numeric_limits<double>::quiet_NaN(); }), "temperature");
  EXPECT_EQ(with([](Request& r) { r.sampling.top_p = 0; }), "top_p");
  EXPECT_EQ(with([](Request& r) { r.sampling.min_p = -1; }), "min_p");
  EXPECT_EQ(with([](Request& r) { r.sampling.repetition_penalty = 0; }), "repetition_penalty");
  EXPECT_EQ(with([](Request& r) { r.sampling.top_k = -1; }), "top_k");
  EXPECT_EQ(with([](Request& r) { r.sampling.logit_bias = {{-1, 0}}; }), "logit_bias");
  EXPECT_EQ(with([](Request& r) { r.sampling.logit_bias = {{1, 101}}; }), "logit_bias");
  EXPECT_EQ(with([](Request& r) { r.choices = 0; }), "n");
  EXPECT_EQ(with([](Request& r) { r.choices = 129; }), "n");
  EXPECT_EQ(with([](Request& r) { r.max_tokens = 0; }), "max_tokens");
  EXPECT_EQ(with([](Request& r) { r.top_logprobs = 21; }), "top_logprobs");
  EXPECT_EQ(with([](Request& r) { r.stop = {""}; }), "stop");
  EXPECT_EQ(with([](Request& r) { r.stop_token_ids = {-4}; }), "stop_token_ids");
  EXPECT_EQ(with([](Request& r) { std::get<Chat>(r.task).messages.clear(); }), "messages");
  EXPECT_EQ(with([](Request& r) { std::get<Chat>(r.task).tools.clear(); }), "tool_choice");
}

TEST(RequestJson, MembersOfTheWrongTypeAreNamed) {
  for (const auto& [text, field] : std::vector<std::pair<std::string, std::string>>{
           {R"({"completion":{"prompt":[1.5]}})", "completion.prompt"},
           {R"({"completion":{"prompt":{}}})", "completion.prompt"},
           {R"({"completion":{"prompt":[99999999999]}})", "completion.prompt"},
           {R"({"completion":{"prompt":"a"},"sampling":{"top_p":"x"}})", "sampling.top_p"},
           {R"({"completion":{"prompt":"a"},"sampling":{"logit_bias":{"x":1}}})", "sampling.logit_bias"},
           {R"({"completion":{"prompt":"a"},"ignore_eos":1})", "ignore_eos"},
           {R"({"completion":{"prompt":"a"},"constraint":{"kind":"magic"}})", "constraint.kind"},
           {R"({})", "task"}}) {
    try {
      request_from_json(json::parse(text).get_object());
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.field(), field) << text;
    }
  }
}

TEST(EventJson, EveryEventComesBack) {
  const TokenProbability half{7, "\xe4\xbd", -0.5, {{8, "a", -std::numeric_limits<double>::infinity(), {}}}};
  const std::vector<Event> events{Started{5, 3},
                                  Text{1, "olá", {half}},
                                  Reasoning{0, "hm"},
                                  ToolCall{0, 1, "call_1", "f", "{\"a\""},
                                  Finished{2, FinishReason::tool_calls, "END"},
                                  Finished{0, FinishReason::stop, "", Work{0.5, 0.25, 1.5, 7}},
                                  Vectors{{{0.1f, -2.5f}, {1.0f, 0.0f}}},
                                  Tokens{{1, 2}, {"a", "\xff"}, "t"},
                                  Done{{1, 2, 3, 4}},
                                  Failed{Code::exhausted, "full", "n", 1.5, "queue_full"}};
  for (const auto& event : events) {
    const auto back = again(event);
    EXPECT_EQ(back.index(), event.index());
    EXPECT_EQ(json::dump(to_json(back)), json::dump(to_json(event)));
  }
  EXPECT_FALSE(std::get<Text>(again(Text{0, "a", {{1, "a", {}, {}}}})).logprobs[0].logprob);
  const auto text = std::get<Text>(again(events[1]));
  EXPECT_EQ(text.logprobs[0].bytes, half.bytes);
  EXPECT_EQ(text.logprobs[0].top[0].logprob, -9999);
  EXPECT_EQ(std::get<Vectors>(again(events[6])).vectors, std::get<Vectors>(events[6]).vectors);
}

TEST(EventJson, WhatIsNoEventIsRefused) {
  for (const auto* text : {R"({})", R"({"event":"nothing"})", R"({"event":"finished","reason":"boredom"})",
                           R"({"event":"finished","reason":"stop","work":{"queue_s":0}})",
                           R"({"event":"text","text":"a","logprobs":[{"id":1,"logprob":0,"hex":"abc"}]})",
                           R"({"event":"text","text":"a","choice":-1})", R"({"event":"vectors","vectors":[1]})"})
    EXPECT_THROW(event_from_json(json::parse(text).get_object()), Error) << text;
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(Frames, AreFoundHoweverTheirBytesArrive) {
  Ready ready;
  ready.architecture = "llama";
  ready.confined = {"seccomp"};
  Status status;
  status.running = 3;
  status.step_rows = {4, 0, 2};
  std::string all = encode(Submit{9, chat_request()}) + encode(Cancel{9}) + encode(Ping{}) + encode(ready) +
                    encode(StreamEvent{9, Text{0, "a", {}}}) + encode(status);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, all.size()}) {
    Decoder decoder;
    std::vector<Frame> frames;
    for (std::size_t at = 0; at < all.size(); at += piece) {
      decoder.feed(bytes_of(std::string_view(all).substr(at, piece)));
      while (auto object = decoder.next()) frames.push_back(frame_from_json(*object));
    }
    ASSERT_EQ(frames.size(), 6u);
    for (std::size_t i = 0; i < frames.size(); ++i) EXPECT_EQ(frames[i].index(), i);
    EXPECT_EQ(text_of(std::get<Submit>(frames[0]).request), text_of(chat_request()));
    EXPECT_EQ(std::get<Ready>(frames[3]).confined, ready.confined);
    EXPECT_EQ(std::get<Status>(frames[5]).running, 3u);
    EXPECT_EQ(std::get<Status>(frames[5]).step_rows, status.step_rows);
  }
}

TEST(Frames, ALengthBeyondTheLimitIsRefusedBeforeItsBytesCome) {
  Decoder decoder;
  decoder.feed(bytes_of("\xff\xff\xff\xff"));
  EXPECT_THROW(decoder.next(), Error);
  Decoder empty;
  empty.feed(bytes_of(std::string_view("\0\0\0\0", 4)));
  EXPECT_THROW(empty.next(), Error);
}

TEST(Frames, WhatIsNoJsonObjectIsRefused) {
  for (const std::string_view text : {"[]", "{\"a\":", "\xff\xff"}) {
    std::string frame(4, '\0');
    frame[0] = static_cast<char>(text.size());
    Decoder decoder;
    decoder.feed(bytes_of(frame.append(text)));
    EXPECT_THROW(decoder.next(), Error);
  }
}

TEST(Frames, ARefusedRequestStillTellsItsStream) {
  const auto object =
      json::parse(R"({"frame":"submit","stream":4,"request":{"completion":{"prompt":"a"},"choices":0}})");
  EXPECT_THROW(frame_from_json(object.get_object()), Error);
  EXPECT_EQ(stream_of(object.get_object()), 4u);
}

}  // namespace
}  // namespace cofre::protocol
