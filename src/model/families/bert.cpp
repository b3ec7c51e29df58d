#include <cmath>

#include "base/error.h"
#include "model/families/common.h"

namespace cofre::model {
namespace {

/// Numbered as llama.cpp numbers bert.pooling_type.
Pooling read_pooling(const Keys& keys) {
  constexpr Pooling known[] = {Pooling::mean, Pooling::first, Pooling::last, Pooling::rank};
  const auto number = keys.number("pooling_type", 0, 4);
  if (number == 0)
    fail_field(Code::unsupported, keys.full("pooling_type"), "{} is 0: the model makes a vector of each token alone",
               keys.full("pooling_type"));
  return known[number - 1];
}

}  // namespace

/// BERT (arXiv:1810.04805) and XLM-RoBERTa (arXiv:1911.02116), which llama.cpp keeps under this name with a unigram
/// vocabulary: every token sees every other, a learnt vector for each position, LayerNorm behind each half of a layer.
ModelSpec read_bert(const gguf::File& file) {
  const Keys keys(file);
  auto spec = read_sizes(keys);
  if (file.boolean(keys.full("attention.causal")).value_or(false))
    fail_field(Code::unsupported, keys.full("attention.causal"), "{} is true: only encoders are known by this name",
               keys.full("attention.causal"));
  if (spec.heads * spec.head_width != spec.width || spec.kv_heads != spec.heads)
    fail_field(Code::invalid, keys.full("attention.head_count"), "{} heads do not split {} values",
               keys.full("attention.head_count"), spec.width);
  spec.norm_epsilon = static_cast<float>(keys.positive("attention.layer_norm_epsilon"));
  constexpr std::size_t longest = 1 << 17;  // every position has a vector of its own
  keys.number("context_length", 1, longest);
  EncoderSpec encoder;
  encoder.pooling = read_pooling(keys);
  if (const auto* types = file.find_tensor("token_types.weight")) encoder.token_types = types->shape[1];
  const auto* labels = file.find_tensor("cls.output.weight");
  encoder.has_head = file.find_tensor("cls.weight") != nullptr;
  if (encoder.pooling == Pooling::rank && labels != nullptr) encoder.labels = labels->shape[1];
  constexpr std::size_t most = 1 << 16;
  if (encoder.token_types > most) fail(Code::invalid, "tensor token_types.weight has {} rows", encoder.token_types);
  if (encoder.labels > most) fail(Code::invalid, "tensor cls.output.weight has {} rows", encoder.labels);
  if (encoder.pooling == Pooling::rank && labels == nullptr)
    fail(Code::invalid, "the model ranks ({} is 4), but the file has no tensor cls.output.weight",
         keys.full("pooling_type"));
  spec.encoder = encoder;
  return spec;
}

}  // namespace cofre::model
