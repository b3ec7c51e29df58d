#pragma once

#include <memory>

#include "gateway/dialects/openai/chat.h"

namespace cofre::gateway::openai {

/// POST /v1/responses. Answers are not kept: store, previous_response_id, conversation and background are refused.
struct ResponsesCall {
  protocol::Request request;
  bool stream = false;
  json::Object asked;  ///< what the response object repeats of the request
};
ResponsesCall parse_responses(const json::Value& body);

/// Named events with sequence numbers, or one response object.
std::unique_ptr<Encoder> encode_responses(const AnswerHead& head, const ResponsesCall& call);

}  // namespace cofre::gateway::openai
