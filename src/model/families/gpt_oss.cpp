#include "model/families/common.h"

namespace cofre::model {

/// gpt-oss 20B and 120B (arXiv:2508.10925): experts in every layer, a sink beside the keys of each head, biases
/// everywhere, every other layer slides, YaRN.
ModelSpec read_gpt_oss(const gguf::File& file) {
  const Keys keys(file);
  auto spec = read_common(keys);
  spec.activation = Activation::clamped;
  spec.experts = read_experts(keys);
  spec.experts.normalised = true;
  spec.ffn_width = 0;
  spec.window = keys.number("attention.sliding_window", 1, std::size_t{1} << 32);
  spec.sliding.resize(spec.layers);
  for (std::size_t layer = 0; layer < spec.layers; layer += 2) spec.sliding[layer] = true;
  spec.local_rope = spec.rope;
  return spec;
}

}  // namespace cofre::model
