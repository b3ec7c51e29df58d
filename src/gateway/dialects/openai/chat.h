#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gateway/dialects/openai/generation.h"
#include "gateway/encoder.h"
#include "protocol/request.h"

namespace cofre::gateway::openai {

/// POST /v1/chat/completions. Throws Error(invalid or unsupported, field) for everything that cannot be honoured.
struct ChatCall {
  protocol::Request request;
  Delivery delivery;
};
ChatCall parse_chat(const json::Value& body);

/// What the encoders say of an answer as a whole.
struct AnswerHead {
  std::string id;                                     ///< of the request, "req_…"
  std::string model;                                  ///< as it was asked for
  std::int64_t created = 0;                           ///< seconds since 1970
  std::string reasoning_field = "reasoning_content";  ///< what thoughts are called
};

/// chat.completion.chunk events, or one chat.completion.
std::unique_ptr<Encoder> encode_chat_stream(const AnswerHead& head, std::uint32_t choices, bool logprobs,
                                            bool include_usage);
std::unique_ptr<Encoder> encode_chat(const AnswerHead& head, std::uint32_t choices, bool logprobs);

}  // namespace cofre::gateway::openai
