#include <gtest/gtest.h>

#include "base/error.h"
#include "base/thrown.h"
#include "gateway/dialects/openai/chat.h"
#include "gateway/dialects/openai/completions.h"
#include "gateway/dialects/openai/embeddings.h"
#include "gateway/dialects/openai/rerank.h"

namespace cofre::gateway::openai {
namespace {

using namespace protocol;

/// A chat with these members beside model and messages.
json::Value chat(const std::string& members) {
  return json::parse(R"({"model":"m","messages":[{"role":"user","content":"hi"}])" +
                     (members.empty() ? "" : "," + members) + "}");
}
Request parsed(const std::string& members) { return parse_chat(chat(members)).request; }
json::Array messages(const std::string& list) {
  return std::get<Chat>(parse_chat(json::parse(R"({"model":"m","messages":)" + list + "}")).request.task).messages;
}

std::string refused(const std::string& members) {
  return field_of([&] { parsed(members); });
}
std::string refused_messages(const std::string& list) {
  return field_of([&] { messages(list); });
}

TEST(ChatRequest, AllThatChangesAnAnswerArrives) {
  const auto request = parsed(
      R"("temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.1,"seed":-1,"stop":["a","b"],"n":2,"max_completion_tokens":7,)"
      R"("presence_penalty":-2,"frequency_penalty":2,"repetition_penalty":1.1,"logit_bias":{"5":-100,"6":1.5},"logprobs":true,"top_logprobs":3,)"
      R"("stop_token_ids":[1,2],"ignore_eos":true,"cache_prompt":false)");
  EXPECT_EQ(request.model, "m");
  EXPECT_EQ(request.sampling.temperature, 0.5);
  EXPECT_EQ(request.sampling.top_k, 40);
  EXPECT_EQ(request.sampling.seed, ~std::uint64_t{0});
  EXPECT_EQ(request.sampling.logit_bias.size(), 2u);
  EXPECT_EQ(request.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(request.choices, 2u);
  EXPECT_EQ(request.max_tokens, 7u);
  EXPECT_TRUE(request.logprobs);
  EXPECT_EQ(request.top_logprobs, 3u);
  EXPECT_EQ(request.stop_token_ids.size(), 2u);
  EXPECT_TRUE(request.ignore_eos);
  EXPECT_FALSE(request.cache_prompt);
}
TEST(ChatRequest, NullStandsForAnAbsentField) {
  const auto request =
      parsed(R"("temperature":null,"stop":null,"tools":null,"n":null,"response_format":null,"stream_options":null)");
  EXPECT_FALSE(request.sampling.temperature);
  EXPECT_EQ(request.choices, 1u);
}
TEST(ChatRequest, EveryNumberHasARange) {
  const char* fields[] = {
      "temperature",        "top_p", "min_p", "typical_p",  "presence_penalty",      "frequency_penalty",
      "repetition_penalty", "top_k", "n",     "max_tokens", "max_completion_tokens", "top_logprobs"};
  for (const std::string field : fields)
    for (const char* bad : {"-3", "-1e300", "1e300", "-9223372036854775808", "18446744073709551615",
                            "99999999999999999999999", "\"1\"", "true", "[1]", "{}"})
      EXPECT_EQ(refused("\"logprobs\":true,\"" + field + "\":" + bad), field) << bad;
  for (const std::string field : {"top_k", "n", "max_tokens", "seed"})
    EXPECT_EQ(refused("\"" + field + "\":1.5"), field);
  EXPECT_EQ(refused(R"("seed":18446744073709551615)"), "seed");
  EXPECT_EQ(refused(R"("logit_bias":{"1":101})"), "logit_bias.1");
  EXPECT_EQ(refused(R"("logit_bias":{"-1":1})"), "logit_bias");
  EXPECT_EQ(refused(R"("logit_bias":{"99999999999":1})"), "logit_bias");
  EXPECT_EQ(refused(R"("stop_token_ids":[-1])"), "stop_token_ids");
  EXPECT_EQ(refused(R"("stop":[""])"), "stop");
  EXPECT_EQ(refused(R"("n":0)"), "n");
  EXPECT_EQ(refused(R"("max_tokens":0)"), "max_tokens");
}
TEST(ChatRequest, WhatIsUnknownOrCannotBeHonouredIsNamed) {
  for (const char* field : {"temprature", "audio", "prediction", "web_search_options", "functions", "function_call",
                            "priority", "guided_decoding_backend"})
    EXPECT_EQ(refused(std::string("\"") + field + "\":[1]"), field);
  EXPECT_EQ(refused(R"("store":true)"), "store");
  EXPECT_EQ(refused(R"("store":false,"user":"u","metadata":{"a":"b"},"service_tier":"auto","modalities":["text"])"),
            "no error");
  EXPECT_EQ(refused(R"("modalities":["audio"])"), "modalities");
  EXPECT_EQ(refused(R"("service_tier":"priority")"), "service_tier");
  EXPECT_EQ(refused(R"("metadata":{"a":1})"), "metadata.a");
  EXPECT_EQ(refused(R"("top_logprobs":2)"), "top_logprobs");
  EXPECT_EQ(refused(R"("max_tokens":1,"max_completion_tokens":2)"), "max_tokens");
  EXPECT_EQ(refused(R"("stream_options":{"include_usage":true})"), "stream_options");
  EXPECT_EQ(refused(R"("stream":true,"stream_options":{"x":1})"), "stream_options.x");
  EXPECT_EQ(refused(R"("stream":"yes")"), "stream");
  EXPECT_EQ(field_of([] { parse_chat(json::parse("[]")); }), "body");
  EXPECT_EQ(field_of([] { parse_chat(json::parse("{}")); }), "model");
  EXPECT_EQ(field_of([] { parse_chat(json::parse(R"({"model":"m"})")); }), "messages");
}
TEST(ChatRequest, MessagesAreBroughtIntoTheFormOfTemplates) {
  const auto list = messages(
      R"([{"role":"developer","content":"d"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"name":"n"},
    {"role":"assistant","content":null,"reasoning":"r","refusal":null,"annotations":[],"tool_calls":[{"id":"c","type":"function","index":0,"function":{"name":"f","arguments":"{\"x\":1}"}}]},
    {"role":"tool","tool_call_id":"c","content":"t"}])");
  EXPECT_EQ(
      json::dump(list),
      R"([{"role":"system","content":"d"},{"role":"user","content":"a\nb","name":"n"},)"
      R"({"role":"assistant","content":"","tool_calls":[{"type":"function","id":"c","function":{"name":"f","arguments":{"x":1}}}],"reasoning_content":"r"},)"
      R"({"role":"tool","content":"t","tool_call_id":"c"}])");
}
TEST(ChatRequest, AWrongMessageIsNamedByItsPlace) {
  EXPECT_EQ(refused_messages("[]"), "messages");
  EXPECT_EQ(refused_messages("{}"), "messages");
  EXPECT_EQ(refused_messages("[1]"), "messages[0]");
  EXPECT_EQ(refused_messages(R"([{"role":"user","content":"a"},{"role":"king","content":"a"}])"), "messages[1].role");
  EXPECT_EQ(refused_messages(R"([{"role":"function","name":"f","content":"a"}])"), "messages[0].role");
  EXPECT_EQ(refused_messages(R"([{"role":"user"}])"), "messages[0].content");
  EXPECT_EQ(refused_messages(R"([{"role":"user","content":1}])"), "messages[0].content");
  EXPECT_EQ(refused_messages(R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://x"}}]}])"),
            "messages[0].content[0].type");
  EXPECT_EQ(refused_messages(R"([{"role":"user","content":"a","colour":"red"}])"), "messages[0].colour");
  EXPECT_EQ(refused_messages(R"([{"role":"tool","content":"a"}])"), "messages[0].tool_call_id");
  EXPECT_EQ(refused_messages(
                R"([{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":"{"}}]}])"),
            "messages[0].tool_calls[0].function.arguments");
}
TEST(ChatRequest, ToolsAndTheirChoice) {
  const std::string tools =
      R"("tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}}])";
  const auto with = [&](const std::string& more) { return std::get<Chat>(parsed(tools + more).task); };
  EXPECT_EQ(json::dump(with("").tools),
            R"([{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}])");
  EXPECT_EQ(with(R"(,"tool_choice":"required")").tool_choice, ToolChoice::required);
  EXPECT_EQ(with(R"(,"tool_choice":{"type":"function","function":{"name":"f"}})").tool_name, "f");
  EXPECT_FALSE(with(R"(,"parallel_tool_calls":false)").parallel_tool_calls);
  EXPECT_EQ(refused(tools + R"(,"tool_choice":{"type":"function","function":{"name":"g"}})"), "tool_choice");
  EXPECT_EQ(refused(tools + R"(,"tool_choice":"perhaps")"), "tool_choice");
  EXPECT_EQ(refused(R"("tool_choice":"required")"), "tool_choice");
  EXPECT_EQ(refused(R"("tools":[{"type":"web_search"}])"), "tools[0].type");
  EXPECT_EQ(refused(R"("tools":[{"type":"function","function":{"name":"a b"}}])"), "tools[0].function.name");
}
TEST(ChatRequest, OneConstraintIsTakenTwoAreNot) {
  EXPECT_EQ(
      parsed(
          R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":true}})")
          .constraint.kind,
      Constraint::Kind::json_schema);
  EXPECT_EQ(parsed(R"("response_format":{"type":"json_object"})").constraint.kind, Constraint::Kind::json_object);
  EXPECT_EQ(parsed(R"("response_format":{"type":"text"})").constraint.kind, Constraint::Kind::none);
  EXPECT_EQ(parsed(R"("guided_regex":"a+")").constraint.text, "a+");
  EXPECT_EQ(parsed(R"("grammar":"root ::= \"a\"")").constraint.kind, Constraint::Kind::gbnf);
  EXPECT_EQ(parsed(R"("guided_choice":["a","b"])").constraint.choices.size(), 2u);
  EXPECT_EQ(parsed(R"("guided_json":"{\"type\":\"object\"}")").constraint.kind, Constraint::Kind::json_schema);
  EXPECT_EQ(parsed(R"("structured_outputs":{"regex":"a"})").constraint.kind, Constraint::Kind::regex);
  EXPECT_EQ(refused(R"("grammar":"root ::= \"a\"","guided_regex":"a")"), "response_format");
  EXPECT_EQ(refused(R"("response_format":{"type":"xml"})"), "response_format.type");
  EXPECT_EQ(refused(R"("response_format":{"type":"json_schema"})"), "response_format.json_schema");
  EXPECT_EQ(refused(R"("response_format":{"type":"json_schema","json_schema":{"name":"a b","schema":{}}})"),
            "response_format.json_schema.name");
  EXPECT_EQ(refused(R"("guided_json":"{")"), "guided_json");
}
TEST(ChatRequest, EffortBecomesTemplateArguments) {
  const auto arguments = [](const std::string& members) {
    return json::dump(std::get<Chat>(parsed(members).task).template_arguments);
  };
  EXPECT_EQ(arguments(R"("reasoning_effort":"high")"), R"({"reasoning_effort":"high","enable_thinking":true})");
  EXPECT_EQ(arguments(R"("reasoning_effort":"none")"), R"({"enable_thinking":false})");
  EXPECT_EQ(arguments(R"("chat_template_kwargs":{"enable_thinking":false})"), R"({"enable_thinking":false})");
  EXPECT_EQ(refused(R"("reasoning_effort":"very")"), "reasoning_effort");
}
TEST(CompletionRequest, EachPromptIsARequest) {
  const auto call = parse_completions(
      json::parse(R"({"model":"m","prompt":["a",[1,2]],"n":2,"echo":true,"logprobs":0,"suffix":"z"})"));
  ASSERT_EQ(call.requests.size(), 2u);
  EXPECT_EQ(std::get<std::string>(std::get<Completion>(call.requests[0].task).prompt), "a");
  EXPECT_EQ(std::get<Completion>(call.requests[1].task).suffix, "z");
  EXPECT_TRUE(call.requests[0].prompt_logprobs);
  EXPECT_EQ(call.requests[0].max_tokens, 16u);
  EXPECT_EQ(
      std::get<std::vector<std::int32_t>>(
          std::get<Completion>(parse_completions(json::parse(R"({"model":"m","prompt":[5]})")).requests[0].task).prompt)
          .size(),
      1u);
  for (const char* bad : {"1", "[]", "[-1]", "[1,\"a\"]", "[[]]", "[{}]", "[99999999999]"})
    EXPECT_EQ(field_of([&] { parse_completions(json::parse(std::string(R"({"model":"m","prompt":)") + bad + "}")); }),
              "prompt")
        << bad;
  EXPECT_EQ(parse_completions(json::parse(R"({"model":"m","prompt":"a","best_of":3})")).requests[0].best_of, 3u);
  for (const auto* text :
       {R"({"model":"m","prompt":"a","best_of":3,"stream":true})", R"({"model":"m","prompt":"a","best_of":129})",
        R"({"model":"m","prompt":"a","n":3,"best_of":2})", R"({"model":"m","prompt":"a","best_of":0})"})
    EXPECT_EQ(field_of([&] { parse_completions(json::parse(text)); }), "best_of") << text;
  EXPECT_EQ(field_of([] { parse_completions(json::parse(R"({"model":"m","prompt":"a","logprobs":-1})")); }),
            "logprobs");
}
TEST(EmbeddingRequest, TextsAndIdsAreTaken) {
  EXPECT_TRUE(parse_embeddings(json::parse(R"({"model":"m","input":"a","encoding_format":"base64"})")).base64);
  EXPECT_EQ(std::get<Embedding>(
                parse_embeddings(json::parse(R"({"model":"m","input":["a","b"],"dimensions":5})")).request.task)
                .inputs.size(),
            2u);
  EXPECT_EQ(std::get<Embedding>(parse_embeddings(json::parse(R"({"model":"m","input":[[1],[2]]})")).request.task)
                .inputs.size(),
            2u);
  for (const char* bad : {R"("input":"")", R"("input":[])", R"("input":{})"})
    EXPECT_EQ(field_of([&] { parse_embeddings(json::parse(std::string(R"({"model":"m",)") + bad + "}")); }), "input")
        << bad;
  EXPECT_EQ(field_of([] { parse_embeddings(json::parse(R"({"model":"m","input":"a","dimensions":0})")); }),
            "dimensions");
}
TEST(EmbeddingRequest, TheRoleOfTheTextsIsTaken) {
  const auto role = [](const char* word) {
    const auto call =
        parse_embeddings(json::parse(fmt::format(R"({{"model":"m","input":"a","input_type":"{}"}})", word)));
    return std::get<Embedding>(call.request.task).role;
  };
  EXPECT_EQ(role("query"), Embedding::Role::query);
  EXPECT_EQ(role("search_query"), Embedding::Role::query);
  EXPECT_EQ(role("document"), Embedding::Role::passage);
  EXPECT_EQ(field_of([&] { role("clustering"); }), "input_type");
}
TEST(RerankRequest, DocumentsAreTextsOrHoldOne) {
  const auto call = parse_rerank(json::parse(R"({"model":"m","query":"q","documents":["a",{"text":"b"}],"top_n":1})"));
  EXPECT_EQ(std::get<Rerank>(call.request.task).documents, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(call.top_n, 1u);
  const auto fault = [](const char* rest) {
    return field_of([&] { parse_rerank(json::parse(std::string(R"({"model":"m",)") + rest + "}")); });
  };
  EXPECT_EQ(fault(R"("documents":["a"])"), "query");
  EXPECT_EQ(fault(R"("query":"q")"), "documents");
  EXPECT_EQ(fault(R"("query":"q","documents":[])"), "documents");
  EXPECT_EQ(fault(R"("query":"q","documents":["a",1])"), "documents[1]");
  EXPECT_EQ(fault(R"("query":"q","documents":[{"title":"a"}])"), "documents[0].text");
  EXPECT_EQ(fault(R"("query":"q","documents":["a"],"top_n":0)"), "top_n");
  EXPECT_EQ(fault(R"("query":"q","documents":["a"],"rank_fields":["text"])"), "rank_fields");
}
TEST(TokenizeRequest, ATextOrAConversation) {
  EXPECT_EQ(
      std::get<std::string>(std::get<Tokenize>(parse_tokenize(json::parse(R"({"content":"a"})")).request.task).input),
      "a");
  EXPECT_EQ(parse_tokenize(json::parse(R"({"prompt":"a"})")).request.model, "default");
  EXPECT_TRUE(std::holds_alternative<Chat>(
      std::get<Tokenize>(parse_tokenize(json::parse(R"({"messages":[{"role":"user","content":"a"}]})")).request.task)
          .input));
  EXPECT_EQ(field_of([] { parse_tokenize(json::parse("{}")); }), "prompt");
  EXPECT_EQ(std::get<Detokenize>(parse_detokenize(json::parse(R"({"tokens":[1,2]})")).task).tokens.size(), 2u);
  EXPECT_EQ(field_of([] { parse_detokenize(json::parse(R"({"tokens":"a"})")); }), "tokens");
}

}  // namespace
}  // namespace cofre::gateway::openai
