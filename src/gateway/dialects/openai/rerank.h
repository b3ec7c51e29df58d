#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "gateway/dialects/openai/chat.h"

namespace cofre::gateway::openai {

/// POST /v1/rerank, as Jina, Cohere (its first API) and vLLM have it.
struct RerankCall {
  protocol::Request request;
  std::size_t top_n = SIZE_MAX;
  bool return_documents = true;
};
RerankCall parse_rerank(const json::Value& body);
/// Results best first; of equal ones the earlier document first.
std::unique_ptr<Encoder> encode_rerank(const AnswerHead& head, const RerankCall& call);

}  // namespace cofre::gateway::openai
