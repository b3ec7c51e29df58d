#pragma once

#include <memory>

#include "gateway/dialects/openai/chat.h"

namespace cofre::gateway::openai {

/// An answer that is kept until all is there.
class Keeping : public Encoder {
 public:
  std::string take(std::size_t run, const protocol::Event& event) override;
  std::string fail(const Failure& failure) override;

 protected:
  /// What came last but Done; made anew where something else came.
  template <class T>
  T kept() const {
    const auto* found = std::get_if<T>(&kept_);
    return found == nullptr ? T{} : *found;
  }

 private:
  protocol::Event kept_;
};

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
