#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/encoder.h"
#include "gateway/errors.h"
#include "json/json.h"
#include "protocol/event.h"

/// Pieces of OpenAI's answers that several of them have.
namespace cofre::gateway::openai {

json::Object usage_object(const protocol::Usage& usage);
/// In the words of /v1/responses and /v1/batches.
json::Object input_output_usage(const protocol::Usage& usage);
std::string_view name_of(protocol::FinishReason reason);
/// "chatcmpl-" + the digits of "req_…".
std::string answer_id(std::string_view prefix, std::string_view request_id);
/// [{"token", "logprob", "bytes", "top_logprobs"}].
json::Array logprob_items(const std::vector<protocol::TokenProbability>& tokens);
/// A log-probability as JSON can write it: −9999 for what is impossible, null where there is none.
json::Value logprob_value(std::optional<double> logprob);
/// "data: …\n\n".
std::string sse(std::string_view data);
/// The event that tells a failure; clients raise it and look no further.
std::string sse_failure(const Failure& failure);

inline constexpr std::string_view sse_done = "data: [DONE]\n\n";

}  // namespace cofre::gateway::openai
