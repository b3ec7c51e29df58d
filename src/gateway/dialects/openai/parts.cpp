#include "gateway/dialects/openai/parts.h"

#include <algorithm>
#include <cmath>

#include "text/utf8.h"

namespace cofre::gateway::openai {
namespace {

json::Object logprob_item(const protocol::TokenProbability& token) {
  json::Array bytes;
  for (const char byte : token.bytes) bytes.emplace_back(std::int64_t{static_cast<unsigned char>(byte)});
  return {{"token", text::replace_invalid_utf8(token.bytes)},
          {"logprob", logprob_value(token.logprob)},
          {"bytes", std::move(bytes)}};
}

}  // namespace

json::Value logprob_value(std::optional<double> logprob) {
  if (!logprob) return nullptr;
  return std::isfinite(*logprob) ? std::max(*logprob, -9999.0) : -9999.0;
}

json::Object usage_object(const protocol::Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
          {"prompt_tokens_details", json::Object{{"cached_tokens", usage.cached_tokens}}},
          {"completion_tokens_details", json::Object{{"reasoning_tokens", usage.reasoning_tokens}}}};
}

json::Object input_output_usage(const protocol::Usage& usage) {
  return {{"input_tokens", usage.prompt_tokens},
          {"input_tokens_details", json::Object{{"cached_tokens", usage.cached_tokens}}},
          {"output_tokens", usage.completion_tokens},
          {"output_tokens_details", json::Object{{"reasoning_tokens", usage.reasoning_tokens}}},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
}

std::string_view name_of(protocol::FinishReason reason) {
  switch (reason) {
    case protocol::FinishReason::stop: return "stop";
    case protocol::FinishReason::length: return "length";
    case protocol::FinishReason::tool_calls: return "tool_calls";
    case protocol::FinishReason::content_filter: return "content_filter";
  }
  return "stop";
}

std::string answer_id(std::string_view prefix, std::string_view request_id) {
  if (request_id.starts_with("req_")) request_id.remove_prefix(4);
  return std::string(prefix) + std::string(request_id);
}

json::Array logprob_items(const std::vector<protocol::TokenProbability>& tokens) {
  json::Array out;
  for (const auto& token : tokens) {
    auto item = logprob_item(token);
    json::Array top;
    for (const auto& other : token.top) top.emplace_back(logprob_item(other));
    item["top_logprobs"] = std::move(top);
    out.emplace_back(std::move(item));
  }
  return out;
}

std::string sse(std::string_view data) {
  std::string out = "data: ";
  out += data;
  return out += "\n\n";
}

std::string sse_failure(const Failure& failure) {
  return sse(json::dump(json::Object{{"error", error_object(failure)}}));
}

}  // namespace cofre::gateway::openai
