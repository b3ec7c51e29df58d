#include "model/families/common.h"

namespace cofre::model {

/// Qwen1.5-MoE and Qwen2-57B-A14B (arXiv:2407.10671): experts in every layer and a shared one behind a gate of its own;
/// biases on queries, keys and values.
ModelSpec read_qwen2moe(const gguf::File& file) {
  const Keys keys(file);
  auto spec = read_common(keys);
  spec.experts = read_experts(keys);
  spec.experts.shared_width = keys.number("expert_shared_feed_forward_length", 1, 1 << 20, spec.ffn_width);
  spec.ffn_width = 0;
  return spec;
}

}  // namespace cofre::model
