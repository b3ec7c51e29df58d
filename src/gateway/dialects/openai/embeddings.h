#pragma once

#include <memory>

#include "gateway/dialects/openai/chat.h"

namespace cofre::gateway::openai {

/// POST /v1/embeddings.
struct EmbeddingCall {
  protocol::Request request;
  bool base64 = false;  ///< encoding_format: float32, little endian
};
EmbeddingCall parse_embeddings(const json::Value& body);
std::unique_ptr<Encoder> encode_embeddings(const AnswerHead& head, bool base64);

/// POST /tokenize and /detokenize, as vLLM and llama-server have them: `prompt` or `content`, or `messages` with the
/// model's template around them.
struct TokenizeCall {
  protocol::Request request;
  bool pieces = false;  ///< the tokens' texts are wanted too
};
TokenizeCall parse_tokenize(const json::Value& body);
protocol::Request parse_detokenize(const json::Value& body);
/// `context`: of the model, where it is known.
std::unique_ptr<Encoder> encode_tokens(bool pieces, std::uint64_t context);
std::unique_ptr<Encoder> encode_text();

}  // namespace cofre::gateway::openai
