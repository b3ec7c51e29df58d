#include "serving/answer_grammar.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "grammar/matcher.h"
#include "serving/tiny_text.h"

namespace cofre::serving {
namespace {

/// Grammars of a model whose vocabulary knows none of the marks, so that all of them are bytes.
class Grammars : public ::testing::Test {
 protected:
  bool takes(std::string_view format, protocol::ToolChoice choice, std::string_view text, bool many = true) {
    Idiom idiom(model_);
    idiom.calls = tool_calls::find(format);
    idiom.thoughts = nullptr;
    protocol::Chat chat;
    chat.tools =
        json::parse(R"([{"type":"function","function":{"name":"weather","strict":true,"parameters":{"type":"object",
      "properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"],"additionalProperties":false}}},
      {"type":"function","function":{"name":"now"}}])")
            .get_array();
    chat.tool_choice = choice;
    chat.parallel_tool_calls = many;
    const tool_calls::Tools tools(chat.tools);
    protocol::Request request;
    request.task = chat;
    return grammar::matches(*AnswerGrammar(loaded_->tokenizer, idiom, request, tools).compile(false), text);
  }

  std::unique_ptr<Loaded> loaded_ = load_tiny();
  TextModel model_{*loaded_, {}};
};

constexpr auto required = protocol::ToolChoice::required, automatic = protocol::ToolChoice::automatic;

struct Example {
  const char *format, *call, *wrong, *two;
};
const Example examples[] = {
    {"hermes", "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Rio\"}}\n</tool_call>",
     "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"town\": \"Rio\"}}\n</tool_call>",
     "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>\n<tool_call>\n{\"name\": \"now\", "
     "\"arguments\": {}}\n</tool_call>"},
    {"llama3", R"({"name": "weather", "parameters": {"city": "Rio"}})",
     R"({"name": "weather", "parameters": {"city": 3}})",
     R"({"name": "now", "parameters": {}}; {"name": "now", "parameters": {}})"},
    {"mistral", R"([TOOL_CALLS]weather[ARGS]{"city": "Rio"})", R"([TOOL_CALLS]weather[ARGS]{})",
     R"([TOOL_CALLS]now[ARGS]{}[TOOL_CALLS]now[ARGS]{})"},
    {"mistral-list", R"([TOOL_CALLS][{"name": "weather", "arguments": {"city": "Rio"}}])",
     R"([TOOL_CALLS][{"name": "nobody", "arguments": {}}])",
     R"([TOOL_CALLS][{"name": "now", "arguments": {}}, {"name": "now", "arguments": {}}])"},
    {"glm",
     "<tool_call>weather\n<arg_key>city</arg_key>\n<arg_value>Rio</arg_value>\n<arg_key>days</arg_key>\n<arg_value>3</"
     "arg_value>\n</tool_call>",
     "<tool_call>weather\n<arg_key>days</arg_key>\n<arg_value>3</arg_value>\n</tool_call>",
     "<tool_call>now\n</tool_call>\n<tool_call>now\n</tool_call>"},
    {"qwen3-coder",
     "<tool_call>\n<function=weather>\n<parameter=city>\nRio\nBranco\n</parameter>\n<parameter=days>\n3\n"
     "</parameter>\n</function>\n</tool_call>",
     "<tool_call>\n<function=weather>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>",
     "<tool_call>\n<function=now>\n</function>\n</tool_call>\n<tool_call>\n<function=now>\n</function>\n</tool_call>"},
    {"deepseek",
     "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>{\"city\": "
     "\"Rio\"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
     "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>{\"city\": \"Rio\"}<｜tool▁call▁end｜>",
     "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁call▁begin｜>now<"
     "｜tool▁sep｜>{}<｜tool▁call▁end｜>"
     "<｜tool▁calls▁end｜>"},
    {"kimi",
     "<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>{\"city\": "
     "\"Rio\"}<|tool_call_end|>"
     "<|tool_calls_section_end|>",
     "<|tool_calls_section_begin|><|tool_call_begin|>weather<|tool_call_argument_begin|>{\"city\": "
     "\"Rio\"}<|tool_call_end|>"
     "<|tool_calls_section_end|>",
     "<|tool_calls_section_begin|><|tool_call_begin|>functions.now:0<|tool_call_argument_begin|>{}<|tool_call_end|><|"
     "tool_call_begin|>"
     "functions.now:1<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>"},
};

TEST_F(Grammars, OfEveryFormatTakeItsCallsAndNoOthers) {
  for (const auto& example : examples) {
    EXPECT_TRUE(takes(example.format, required, example.call)) << example.format;
    EXPECT_FALSE(takes(example.format, required, example.wrong)) << example.format;
    EXPECT_FALSE(takes(example.format, required, "words")) << example.format;
    EXPECT_TRUE(takes(example.format, required, example.two)) << example.format;
    EXPECT_FALSE(takes(example.format, required, example.two, false)) << example.format;
  }
}

TEST_F(Grammars, LeaveTextFreeWhereACallIsOnlyAllowed) {
  for (const auto& example : examples) {
    if (std::string_view(example.format) == "llama3") continue;
    EXPECT_TRUE(takes(example.format, automatic, "words {\"a\": [1]} <b>")) << example.format;
    EXPECT_TRUE(takes(example.format, automatic, std::string("words\n") + example.call)) << example.format;
    EXPECT_FALSE(takes(example.format, automatic, std::string("words\n") + example.wrong)) << example.format;
  }
}

TEST_F(Grammars, BindACallWithoutMarksOnceItsBeginningIsThere) {
  for (const auto& [format, key] : {std::pair{"llama3", "parameters"}, {"hermes", "arguments"}}) {
    const auto call = [&](const char* name, const char* arguments) {
      return fmt::format("{{\"name\": \"{}\", \"{}\": {}}}", name, key, arguments);
    };
    EXPECT_TRUE(takes(format, automatic, call("weather", R"({"city": "Rio"})"))) << format;
    EXPECT_TRUE(takes(format, automatic, "\n" + call("now", "{}"))) << format;
    EXPECT_TRUE(takes(format, automatic, R"({"name":"weather","arguments":{"city":"Rio"}})")) << format;
    EXPECT_FALSE(takes(format, automatic, call("weather", R"({"town": "Rio"})"))) << format;
    EXPECT_FALSE(takes(format, automatic, "{ \"name\" : \"weather\" ,\"parameters\":3}")) << format;
    EXPECT_FALSE(takes(format, automatic, call("weather", R"({"city": "Rio"})") + " and words")) << format;
    // What only looks like one is text.
    EXPECT_TRUE(takes(format, automatic, call("nobody", R"({"town": 3})"))) << format;
    EXPECT_TRUE(takes(format, automatic, R"({"name": "weather", "age": 3})")) << format;
    EXPECT_TRUE(takes(format, automatic, R"({"name": "wea)")) << format;
    EXPECT_TRUE(takes(format, automatic, "It is " + call("weather", "3"))) << format;
  }
  const std::string call = R"({"name": "now", "parameters": {}})";
  EXPECT_TRUE(takes("llama3", automatic, call + "; " + call));
  EXPECT_FALSE(takes("llama3", automatic, call + "; " + call, false));
  EXPECT_TRUE(takes("llama3", automatic, "<|python_tag|>" + call));
  EXPECT_FALSE(takes("llama3", automatic, R"(<|python_tag|>{"name": "weather", "parameters": 3})"));
}

TEST_F(Grammars, OfHarmonyThinkFirst) {
  const std::string thought = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant";
  const std::string call = "<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{\"city\": \"Rio\"}";
  EXPECT_TRUE(takes("harmony", required, thought + call));
  EXPECT_TRUE(takes("harmony", required, call));
  EXPECT_FALSE(takes("harmony", required, thought + "<|channel|>final<|message|>Yes."));
  EXPECT_TRUE(takes("harmony", automatic, thought + "<|channel|>final<|message|>Yes."));
}

}  // namespace
}  // namespace cofre::serving
