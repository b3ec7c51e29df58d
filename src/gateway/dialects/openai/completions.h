#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "gateway/dialects/openai/chat.h"
#include "gateway/dialects/openai/generation.h"

namespace cofre::gateway::openai {

/// POST /v1/completions: one request for each prompt.
struct CompletionCall {
  std::vector<protocol::Request> requests;
  Delivery delivery;
};
CompletionCall parse_completions(const json::Value& body);

/// text_completion events, or one text_completion. Choices are counted through: those of the first prompt come first.
std::unique_ptr<Encoder> encode_completion_stream(const AnswerHead& head, const CompletionCall& call);
std::unique_ptr<Encoder> encode_completion(const AnswerHead& head, const CompletionCall& call);

/// A text, texts, token ids or lists of them, as `prompt` and `input` have them.
using TextOrIds = std::variant<std::string, std::vector<std::int32_t>>;
std::vector<TextOrIds> read_inputs(Form& form, std::string_view key, std::size_t most);

}  // namespace cofre::gateway::openai
