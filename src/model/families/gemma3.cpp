#include <cmath>

#include "model/families/common.h"

namespace cofre::model {

/// Gemma 3 (arXiv:2503.19786): five sliding layers to each one that sees all, a rope of its own for the sliding ones,
/// norms before and after each half of a layer, embeddings scaled by √width.
ModelSpec read_gemma3(const gguf::File& file) {
  const Keys keys(file);
  auto spec = read_common(keys);
  spec.activation = Activation::gelu;
  spec.embedding_scale = std::sqrt(static_cast<float>(spec.width));
  constexpr std::size_t layers_of_27b = 62;
  if (spec.layers == layers_of_27b) spec.attention_scale = scale_of_split_width(spec);
  spec.window = keys.number("attention.sliding_window", 1, std::size_t{1} << 32, 0);
  constexpr std::size_t period = 6;
  spec.sliding.resize(spec.layers);
  for (std::size_t layer = 0; layer < spec.layers; ++layer) spec.sliding[layer] = layer % period != period - 1;
  spec.rope.base = keys.positive("rope.freq_base", 1000000.0);
  spec.local_rope = spec.rope;
  spec.local_rope.base = keys.positive("rope.freq_base_swa", 10000.0);
  spec.local_rope.scaling = RopeSpec::Scaling::none;
  spec.local_rope.factor = 1.0;
  spec.logit_soft_cap = static_cast<float>(keys.positive("final_logit_softcapping", 0.0));
  return spec;
}

}  // namespace cofre::model
