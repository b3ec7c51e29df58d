#include <cmath>

#include "model/families/common.h"

namespace cofre::model {

/// Gemma 2 (arXiv:2408.00118): every other layer slides, scores and logits are capped, norms before and after each half
/// of a layer, embeddings scaled by √width.
ModelSpec read_gemma2(const gguf::File& file) {
  const Keys keys(file);
  auto spec = read_common(keys);
  spec.activation = Activation::gelu;
  spec.embedding_scale = std::sqrt(static_cast<float>(spec.width));
  constexpr std::size_t layers_of_27b = 46;
  if (spec.layers == layers_of_27b) spec.attention_scale = scale_of_split_width(spec);
  spec.attention_soft_cap = static_cast<float>(keys.positive("attn_logit_softcapping", 50.0));
  spec.logit_soft_cap = static_cast<float>(keys.positive("final_logit_softcapping", 30.0));
  spec.window = keys.number("attention.sliding_window", 1, std::size_t{1} << 32, 4096);
  spec.sliding.resize(spec.layers);
  for (std::size_t layer = 0; layer < spec.layers; layer += 2) spec.sliding[layer] = true;
  spec.local_rope = spec.rope;
  return spec;
}

}  // namespace cofre::model
