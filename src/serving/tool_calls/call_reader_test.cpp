#include "serving/tool_calls/call_reader.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "serving/reasoning.h"
#include "serving/tool_calls/harmony.h"
#include "text/utf8.h"

namespace cofre::serving::tool_calls {
namespace {

const Tools& tools() {
  static const Tools all(json::parse(R"([
    {"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{
      "city":{"type":"string"},"days":{"type":"integer"},"note":{}}}}},
    {"type":"function","function":{"name":"get_time"}},
    {"type":"function","function":{"name":"search-2.web"}}])")
                             .get_array());
  return all;
}

struct Call {
  std::string name, arguments, id;
  bool operator==(const Call&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Call& call) {
  return out << call.name << " " << call.arguments << " " << call.id;
}

struct Read {
  std::string text, thought;
  std::vector<Call> calls;
  bool operator==(const Read&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Read& read) {
  out << "text \"" << read.text << "\" thought \"" << read.thought << "\"";
  for (const auto& call : read.calls) out << " call " << call;
  return out;
}

/// Feeds whole characters only, as a stream decoder does.
struct Feed {
  AnswerReader& reader;
  std::string held;
  std::size_t at = 0;
  Read read;
  void push(std::string_view bytes) {
    held += bytes;
    const auto whole = text::whole_utf8_prefix(held);
    std::vector<Piece> pieces;
    reader.push(std::string_view(held).substr(0, whole), at, pieces);
    at += whole;
    held.erase(0, whole);
    take(pieces);
  }
  void finish(bool cut) {
    std::vector<Piece> pieces;
    reader.finish(cut, pieces);
    take(pieces);
  }
  void take(const std::vector<Piece>& pieces) {
    for (const auto& piece : pieces) {
      EXPECT_LE(piece.begin, piece.end);
      EXPECT_LE(piece.end, at);
      switch (piece.kind) {
        case Piece::Kind::text: read.text += piece.text; break;
        case Piece::Kind::reasoning: read.thought += piece.text; break;
        case Piece::Kind::call: read.calls.push_back({piece.text, "", piece.id}); break;
        case Piece::Kind::arguments: ASSERT_FALSE(read.calls.empty()); read.calls.back().arguments += piece.text;
      }
    }
  }
};

std::unique_ptr<AnswerReader> reader_of(std::string_view format) {
  const auto* found = find(format);
  EXPECT_NE(found, nullptr) << format;
  if (found->body == Format::Body::harmony) return std::make_unique<HarmonyReader>(tools());
  return std::make_unique<CallReader>(*found, tools());
}

Read read_cut(std::string_view format, std::string_view text, std::size_t first, std::size_t second, bool cut = false) {
  const auto reader = reader_of(format);
  Feed feed{*reader, {}, 0, {}};
  feed.push(text.substr(0, first));
  feed.push(text.substr(first, second - first));
  feed.push(text.substr(second));
  feed.finish(cut);
  return feed.read;
}

/// Reads the text cut at every byte, and byte by byte: the same must come out.
void expect_read(std::string_view format, std::string_view text, const Read& expected) {
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    ASSERT_EQ(read_cut(format, text, cut, std::min(text.size(), cut + 7)), expected) << format << " cut at " << cut;
  const auto reader = reader_of(format);
  Feed feed{*reader, {}, 0, {}};
  for (const char byte : text) feed.push({&byte, 1});
  feed.finish(false);
  EXPECT_EQ(feed.read, expected) << format << " byte by byte";
}

TEST(CallReader, HermesCallsAreReadWhereverTheTextIsCut) {
  expect_read(
      "hermes",
      "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"São Paulo\", \"days\": 3}}\n</tool_call>",
      {"", "", {{"get_weather", R"({"city": "São Paulo", "days": 3})", ""}}});
  expect_read("hermes",
              "Let me see.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"</tool_call> \\\" "
              "}\"}}\n</tool_call>\n"
              "<tool_call>\n{\"arguments\": {}, \"name\": \"get_time\"}\n</tool_call>\n",
              {"Let me see.", "", {{"get_weather", R"({"city": "</tool_call> \" }"})", ""}, {"get_time", "{}", ""}}});
  expect_read("hermes", "<tool_call>{\"name\": \"get_time\"}</tool_call> done", {"done", "", {{"get_time", "{}", ""}}});
}

TEST(CallReader, AnAnswerThatIsACallWithoutItsMarksIsACall) {
  expect_read("hermes", R"({"name": "get_weather", "arguments": {"city": "Rio"}})",
              {"", "", {{"get_weather", R"({"city": "Rio"})", ""}}});
  expect_read("hermes",
              "{\"name\": \"get_time\", \"arguments\": {}}\n{\"name\": \"get_time\", \"arguments\": {\"a\": 1}}",
              {"", "", {{"get_time", "{}", ""}, {"get_time", R"({"a": 1})", ""}}});
  for (const char* text : {R"({"name": "Bob", "age": 3})", R"({"name": "get_time", "since": 3})", R"({"city": "Rio"})",
                           R"(So: {"name": "get_time"})"})
    expect_read("hermes", text, {text, "", {}});
}

TEST(CallReader, ArgumentsInATextAreTakenOutOfIt) {
  expect_read("hermes", R"(<tool_call>{"name": "get_time", "arguments": "{\"a\": 1}"}</tool_call>)",
              {"", "", {{"get_time", R"({"a": 1})", ""}}});
}

TEST(CallReader, AMissingBraceBeforeTheEndMarkLosesNothing) {
  expect_read("hermes", R"(<tool_call>{"name": "get_time", "arguments": {"a": 1}</tool_call>)",
              {"", "", {{"get_time", R"({"a": 1})", ""}}});
}

TEST(CallReader, WhatIsNoCallIsText) {
  for (const char* text :
       {"<tool_call>\nnot json\n</tool_call>", R"(<tool_call>{"name": "unknown", "arguments": {}}</tool_call>)",
        R"(<tool_call>{"name": 3}</tool_call>)", "<tool_call>", "a <tool_call", "a < b", "<tool_call>[1]",
        R"(<tool_call>{"name": "get_time", "arguments": [1]}</tool_call>)", "one\n\n <tool_call>{\"x\":1}",
        " \n text \n "})
    expect_read("hermes", text, {text, "", {}});
}

TEST(CallReader, ACallBehindSomethingThatWasNoneIsRead) {
  expect_read("hermes", R"(<tool_call>oh <tool_call>{"name": "get_time", "arguments": {}}</tool_call>)",
              {"<tool_call>oh", "", {{"get_time", "{}", ""}}});
}

TEST(CallReader, ACallThatTheLimitCutShortIsNeverText) {
  const std::string text = "ok <tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rio\"";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const auto read = read_cut("hermes", std::string_view(text).substr(0, length), length / 2, length, true);
    EXPECT_TRUE(std::string_view("ok ").starts_with(read.text)) << read.text;
  }
}

TEST(CallReader, Llama3CallsBeginTheAnswer) {
  expect_read("llama3", R"({"name": "get_weather", "parameters": {"city": "Rio"}})",
              {"", "", {{"get_weather", R"({"city": "Rio"})", ""}}});
  expect_read("llama3",
              R"(<|python_tag|>{"name": "get_time", "parameters": {}}; {"name": "get_time", "parameters": {"z": 1}})",
              {"", "", {{"get_time", "{}", ""}, {"get_time", R"({"z": 1})", ""}}});
  expect_read("llama3", R"({"answer": 42})", {R"({"answer": 42})", "", {}});
  expect_read("llama3", R"({"name": "Bob", "parameters": {}})", {R"({"name": "Bob", "parameters": {}})", "", {}});
  expect_read("llama3", R"(See {"name": "get_time", "parameters": {}})",
              {R"(See {"name": "get_time", "parameters": {}})", "", {}});
}

TEST(CallReader, MistralCallsOfBothKinds) {
  expect_read("mistral",
              R"([TOOL_CALLS]get_weather[CALL_ID]abc123DEF[ARGS]{"city": "Rio"}[TOOL_CALLS]get_time[ARGS]{})",
              {"", "", {{"get_weather", R"({"city": "Rio"})", "abc123DEF"}, {"get_time", "{}", ""}}});
  expect_read("mistral", R"(Sure.[TOOL_CALLS]get_time{"a": [1, {"b": "[ARGS]"}]})",
              {"Sure.", "", {{"get_time", R"({"a": [1, {"b": "[ARGS]"}]})", ""}}});
  expect_read("mistral", "[TOOL_CALLS]nobody[ARGS]{}", {"[TOOL_CALLS]nobody[ARGS]{}", "", {}});
  expect_read(
      "mistral-list",
      R"([TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Rio"}, "id": "abc123DEF"}, {"name": "get_time", "arguments": {}}])",
      {"", "", {{"get_weather", R"({"city": "Rio"})", ""}, {"get_time", "{}", ""}}});
}

TEST(CallReader, GlmAndSparkCallsBecomeJson) {
  expect_read("glm",
              "I look.\n<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>São "
              "\"Paulo\"\n</arg_value>\n<arg_key>days</arg_key>\n"
              "<arg_value>3</arg_value>\n<arg_key>note</arg_key>\n<arg_value>none at "
              "all</arg_value>\n</tool_call>\n<tool_call>get_time\n</tool_call>",
              {"I look.",
               "",
               {{"get_weather", R"({"city": "São \"Paulo\"\n", "days": 3, "note": "none at all"})", ""},
                {"get_time", "{}", ""}}});
  expect_read("glm", "<tool_call>get_weather<arg_key>city</arg_key><arg_value>42</arg_value></tool_call>",
              {"", "", {{"get_weather", R"({"city": "42"})", ""}}});
  expect_read("glm", "<tool_call>unknown\n</tool_call>", {"<tool_call>unknown\n</tool_call>", "", {}});
}

TEST(CallReader, Qwen3CodersTaggedCallsBecomeJson) {
  expect_read("qwen3-coder",
              "I look.\n<tool_call>\n<function=get_weather>\n<parameter=city>\nSão\n\"Paulo\" </b>\n</parameter>\n"
              "<parameter=days>\n3\n</parameter>\n<parameter=note>\nnone at all\n</parameter>\n</function>\n"
              "</tool_call>\n<tool_call>\n<function=get_time>\n</function>\n</tool_call>",
              {"I look.",
               "",
               {{"get_weather", R"({"city": "São\n\"Paulo\" </b>", "days": 3, "note": "none at all"})", ""},
                {"get_time", "{}", ""}}});
  expect_read("qwen3-coder", "<tool_call><function=get_weather><parameter=city>42</parameter></function></tool_call>",
              {"", "", {{"get_weather", R"({"city": "42"})", ""}}});
  expect_read("qwen3-coder", "<tool_call>\n<function=nobody>\n</function>\n</tool_call>",
              {"<tool_call>\n<function=nobody>\n</function>\n</tool_call>", "", {}});
}

TEST(CallReader, DeepSeekCallsOfBothKinds) {
  expect_read(
      "deepseek",
      "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{\"city\": \"Rio\"}<｜tool▁call▁end｜>"
      "<｜tool▁call▁begin｜>get_time<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
      {"", "", {{"get_weather", R"({"city": "Rio"})", ""}, {"get_time", "{}", ""}}});
  expect_read(
      "deepseek-fenced",
      "Now.\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{\"city\": "
      "\"Rio\"}\n```<｜tool▁call▁end｜>"
      "\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>get_time\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
      {"Now.", "", {{"get_weather", R"({"city": "Rio"})", ""}, {"get_time", "{}", ""}}});
}

TEST(CallReader, KimiCallsHaveNumberedNames) {
  expect_read(
      "kimi",
      "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{\"city\": "
      "\"Rio\"}"
      "<|tool_call_end|><|tool_call_begin|>functions.search-2.web:1<|tool_call_argument_begin|>{\"q\": "
      "\"<|tool_call_end|>\"}<|tool_call_end|>"
      "<|tool_calls_section_end|>",
      {"", "", {{"get_weather", R"({"city": "Rio"})", ""}, {"search-2.web", R"({"q": "<|tool_call_end|>"})", ""}}});
}

TEST(CallReader, HarmonyMessagesAreThoughtTextOrCallByTheirChannel) {
  expect_read("harmony",
              "<|channel|>analysis<|message|>The user wants\nweather.<|end|><|start|>assistant<|channel|>commentary "
              "to=functions.get_weather "
              "<|constrain|>json<|message|>{\"city\":\"Rio\"}<|call|>",
              {"", "The user wants\nweather.", {{"get_weather", R"({"city":"Rio"})", ""}}});
  expect_read("harmony", " to=functions.get_time<|channel|>commentary json<|message|>{}",
              {"", "", {{"get_time", "{}", ""}}});
  expect_read(
      "harmony",
      "<|channel|>analysis<|message|>Easy.<|end|><|start|>assistant<|channel|>final<|message|>4 < 5 <| yes<|return|>",
      {"4 < 5 <| yes", "Easy.", {}});
  expect_read("harmony", "plain words", {"plain words", "", {}});
}

TEST(ThoughtReader, ThoughtsAreToldApartWhereverTheTextIsCut) {
  const auto check = [](bool begun, std::string_view text, const Read& expected) {
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      ThoughtReader reader({"<think>", "</think>"}, begun, std::make_unique<CallReader>(*find("hermes"), tools()));
      Feed feed{reader, {}, 0, {}};
      feed.push(text.substr(0, cut));
      feed.push(text.substr(cut));
      feed.finish(false);
      ASSERT_EQ(feed.read, expected) << cut;
    }
  };
  check(false, "<think>\nHm, <b>.\n</think>\n\nYes.", {"Yes.", "Hm, <b>.", {}});
  check(false, "\n<think></think>\nYes.", {"Yes.", "", {}});
  check(true, "\nHm.\n</think>\n\n<tool_call>{\"name\": \"get_time\"}</tool_call>",
        {"", "Hm.", {{"get_time", "{}", ""}}});
  check(false, "No thought, </think> all the same.", {"No thought, </think> all the same.", "", {}});
  check(true, "never ends </thin", {"", "never ends </thin", {}});
  check(false, "<thi", {"<thi", "", {}});
  check(false, "  \n", {"  \n", "", {}});
}

TEST(Format, IsKnownByWhatTheTemplateHolds) {
  const auto name = [](std::string_view text) {
    return detect(text) == nullptr ? std::string_view("none") : detect(text)->name;
  };
  EXPECT_EQ(name("{{ '<tool_call>\n{\"name\": \"' }}{{ '\", \"arguments\": ' }}"), "hermes");
  EXPECT_EQ(name("<tool_call>{function-name}\n<arg_key>{arg-key-1}</arg_key> arguments"), "glm");
  EXPECT_EQ(name("<tool_call>\n<function=' + name + '>\n<parameter=' arguments"), "qwen3-coder");
  EXPECT_EQ(name("<|start_header_id|> {\"name\": \"' }}{{ '\"parameters\": ' }}"), "llama3");
  EXPECT_EQ(name("[TOOL_CALLS]' + name + '[CALL_ID]' + '[ARGS]'"), "mistral");
  EXPECT_EQ(name("[TOOL_CALLS] [' {\"name\""), "mistral-list");
  EXPECT_EQ(name("'<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>'"), "deepseek");
  EXPECT_EQ(name("'<｜tool▁calls▁begin｜>' function '```json'"), "deepseek-fenced");
  EXPECT_EQ(name("<|tool_calls_section_begin|>"), "kimi");
  EXPECT_EQ(name("<|start|>assistant<|channel|>final<|message|>"), "harmony");
  EXPECT_EQ(name("<|im_start|>user"), "none");
}

TEST(Tools, NamesAreCheckedAndMustDiffer) {
  const auto field = [](const char* text) {
    try {
      const Tools made(json::parse(text).get_array());
      return std::string();
    } catch (const Error& error) {
      return error.field();
    }
  };
  EXPECT_EQ(field(R"([{"function":{"name":"a b"}}])"), "tools[0].function.name");
  EXPECT_EQ(field(R"([{"function":{"name":"a"}},{"function":{"name":"a"}}])"), "tools[1].function.name");
  EXPECT_EQ(field(R"([{"function":{"name":"a","parameters":3}}])"), "tools[0].function.parameters");
  EXPECT_EQ(field(R"([3])"), "tools[0]");
  EXPECT_EQ(field(R"([{}])"), "tools[0].function");
  EXPECT_EQ(field(R"([{"function":{"name":"a"}}])"), "");
}

}  // namespace
}  // namespace cofre::serving::tool_calls
