#include <gtest/gtest.h>

#include "gateway/dialects/openai/chat.h"
#include "gateway/dialects/openai/completions.h"
#include "gateway/dialects/openai/embeddings.h"
#include "gateway/dialects/openai/rerank.h"

namespace cofre::gateway::openai {
namespace {

using namespace protocol;

const AnswerHead head{"req_ab", "m", 7, "reasoning_content"};
const Usage usage{10, 4, 3, 1};

/// The JSON of each `data:` line but [DONE].
std::vector<json::Value> chunks(const std::string& stream) {
  std::vector<json::Value> out;
  for (std::size_t at = 0; at < stream.size();) {
    EXPECT_EQ(stream.compare(at, 6, "data: "), 0);
    const auto end = stream.find("\n\n", at);
    const auto data = stream.substr(at + 6, end - at - 6);
    if (data != "[DONE]") out.push_back(json::parse(data));
    at = end + 2;
  }
  return out;
}
std::string played(Encoder& encoder, const std::vector<Event>& events) {
  std::string out;
  for (const auto& event : events) out += encoder.take(0, event);
  return out + encoder.finish(usage);
}

const std::vector<Event> call_events = {Started{10, 4},
                                        Reasoning{0, "hm"},
                                        Text{0, "Hel"},
                                        Text{0, "lo \"成\"\n"},
                                        ToolCall{0, 0, "call_1", "f", ""},
                                        ToolCall{0, 0, "", "", "{\"x\""},
                                        ToolCall{0, 0, "", "", ": 1}"},
                                        Finished{0, FinishReason::tool_calls, ""}};

TEST(ChatEncoder, AStreamPutTogetherIsTheWholeAnswer) {
  const auto stream = chunks(played(*encode_chat_stream(head, 1, false, true), call_events));
  const auto whole = json::parse(played(*encode_chat(head, 1, false), call_events)).as_object();
  std::string text, reasoning, arguments, name, id;
  for (const auto& chunk : stream) {
    if (chunk.at("choices").as_array().empty()) continue;
    const auto& delta = chunk.at("choices").at(0).at("delta").as_object();
    if (const auto* piece = delta.if_contains("content")) text += piece->as_string();
    if (const auto* piece = delta.if_contains("reasoning_content")) reasoning += piece->as_string();
    if (const auto* calls = delta.if_contains("tool_calls")) {
      const auto& call = calls->at(0);
      if (call.as_object().contains("id")) id = call.at("id").as_string();
      if (call.at("function").as_object().contains("name")) name = call.at("function").at("name").as_string();
      arguments += call.at("function").at("arguments").as_string();
    }
  }
  const auto& message = whole.at("choices").at(0).at("message");
  EXPECT_EQ(text, message.at("content").as_string());
  EXPECT_EQ(reasoning, message.at("reasoning_content").as_string());
  EXPECT_EQ(arguments, message.at("tool_calls").at(0).at("function").at("arguments").as_string());
  EXPECT_EQ(name, "f");
  EXPECT_EQ(id, message.at("tool_calls").at(0).at("id").as_string());
  EXPECT_EQ(whole.at("choices").at(0).at("finish_reason").as_string(), "tool_calls");
}
TEST(ChatEncoder, TheFirstChunkHasARoleAndOneChunkAReason) {
  const auto stream = played(*encode_chat_stream(head, 1, false, false), {Started{}, Text{0, "a"}, Finished{}});
  EXPECT_EQ(stream,
            "data: "
            "{\"id\":\"chatcmpl-ab\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":[{"
            "\"index\":0,"
            "\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n"
            "data: "
            "{\"id\":\"chatcmpl-ab\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":[{"
            "\"index\":0,"
            "\"delta\":{\"content\":\"a\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n"
            "data: "
            "{\"id\":\"chatcmpl-ab\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":[{"
            "\"index\":0,"
            "\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n"
            "data: [DONE]\n\n");
}
TEST(ChatEncoder, UsageIsAChunkOfItsOwnAndNullInTheOthers) {
  const auto stream = chunks(played(*encode_chat_stream(head, 1, false, true), {Started{}, Text{0, "a"}, Finished{}}));
  ASSERT_EQ(stream.size(), 4u);
  EXPECT_TRUE(stream[0].at("usage").is_null());
  EXPECT_TRUE(stream[3].at("choices").as_array().empty());
  EXPECT_EQ(
      json::dump(stream[3].at("usage")),
      R"({"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":1}})");
}
TEST(ChatEncoder, ImpossibleTokensHaveALogprobThatJsonCanWrite) {
  const TokenProbability token{5, "\xe6", -1.0 / 0.0, {{6, "a", -0.5, {}}}};
  const auto whole = json::parse(played(*encode_chat(head, 1, true), {Text{0, "x", {token}}, Finished{}}));
  EXPECT_EQ(json::dump(whole.at("choices").at(0).at("logprobs")),
            "{\"content\":[{\"token\":\"\xef\xbf\xbd\",\"logprob\":-9999.0,\"bytes\":[230],\"top_logprobs\":[{"
            "\"token\":\"a\",\"logprob\":-0.5,\"bytes\":[97]}]}],\"refusal\":null}");
}
TEST(ChatEncoder, ChoicesBeyondThoseAskedForAreDropped) {
  EXPECT_NO_THROW(played(*encode_chat(head, 1, false),
                         {Text{9, "x"}, ToolCall{9, 0, "i", "f", ""}, Finished{9, FinishReason::stop, ""}}));
}
TEST(ChatEncoder, AFailureInAStreamIsAnErrorEvent) {
  EXPECT_EQ(encode_chat_stream(head, 1, false, false)->fail(failure_of(Failed{Code::unavailable, "gone", ""})),
            "data: {\"error\":{\"message\":\"gone\",\"type\":\"unavailable_error\",\"param\":null,\"code\":null}}\n\n");
}
TEST(CompletionEncoder, ChoicesOfAllPromptsAreCountedThrough) {
  const auto call = parse_completions(json::parse(R"({"model":"m","prompt":["a","b"],"n":2})"));
  const auto encoder = encode_completion(head, call);
  encoder->take(1, Text{1, "d"});
  encoder->take(0, Text{0, "a"});
  encoder->take(1, Finished{1, FinishReason::length, ""});
  encoder->take(5, Text{0, "nobody's"});
  const auto whole = json::parse(encoder->finish(usage));
  EXPECT_EQ(whole.at("choices").as_array().size(), 4u);
  EXPECT_EQ(whole.at("choices").at(3).at("text").as_string(), "d");
  EXPECT_EQ(whole.at("choices").at(3).at("finish_reason").as_string(), "length");
  EXPECT_EQ(whole.at("object").as_string(), "text_completion");
}
TEST(CompletionEncoder, LogprobsAreFourLists) {
  const auto call = parse_completions(json::parse(R"({"model":"m","prompt":"a","logprobs":1,"echo":true})"));
  const auto encoder = encode_completion(head, call);
  encoder->take(0, Text{0, "成b", {{1, "成", {}, {}}, {2, "b", -1.5, {{2, "b", -1.5, {}}}}}});
  const auto whole = json::parse(encoder->finish(usage));
  EXPECT_EQ(
      json::dump(whole.at("choices").at(0).at("logprobs")),
      R"({"tokens":["成","b"],"token_logprobs":[null,-1.5],"top_logprobs":[null,{"b":-1.5}],"text_offset":[0,1]})");
}
TEST(EmbeddingEncoder, Base64IsFloat32LittleEndian) {
  const auto encoder = encode_embeddings(head, true);
  encoder->take(0, Vectors{{{1.0f, -2.0f}}});
  EXPECT_EQ(json::parse(encoder->finish(usage)).at("data").at(0).at("embedding").as_string(), "AACAPwAAAMA=");
  const auto plain = encode_embeddings(head, false);
  plain->take(0, Vectors{{{1.0f, -2.0f}, {0.5f}}});
  const auto answer = json::parse(plain->finish(usage));
  EXPECT_EQ(json::dump(answer.at("data").at(0)), R"({"object":"embedding","index":0,"embedding":[1.0,-2.0]})");
  EXPECT_EQ(json::dump(answer.at("usage")), R"({"prompt_tokens":10,"total_tokens":10})");
}
TEST(RerankEncoder, TheBestComesFirstAndOfEqualOnesTheEarlier) {
  auto call = parse_rerank(json::parse(R"({"model":"m","query":"q","documents":["a","b","c","d"],"top_n":3})"));
  const auto encoder = encode_rerank(head, call);
  encoder->take(0, Vectors{{{0.25f}, {0.5f}, {0.125f}, {0.5f}}});
  EXPECT_EQ(json::dump(json::parse(encoder->finish(usage)).at("results")),
            R"([{"index":1,"relevance_score":0.5,"document":{"text":"b"}},)"
            R"({"index":3,"relevance_score":0.5,"document":{"text":"d"}},)"
            R"({"index":0,"relevance_score":0.25,"document":{"text":"a"}}])");
  call.return_documents = false;
  const auto bare = encode_rerank(head, call);
  bare->take(0, Vectors{{{1.0f}}});
  EXPECT_EQ(json::dump(json::parse(bare->finish(usage)).at("results")), R"([{"index":0,"relevance_score":1.0}])");
}
TEST(TokensEncoder, TellsIdsAndPieces) {
  const auto encoder = encode_tokens(true, 4096);
  encoder->take(0, Tokens{{1, 2}, {"a", "\xff"}, ""});
  EXPECT_EQ(encoder->finish({}),
            "{\"count\":2,\"tokens\":[1,2],\"max_model_len\":4096,\"token_strs\":[\"a\",\"\xef\xbf\xbd\"]}");
}

}  // namespace
}  // namespace cofre::gateway::openai
