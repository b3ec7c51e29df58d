#include "model/families/common.h"

namespace cofre::model {

/// Qwen3's mixtures, 30B-A3B and 235B-A22B (arXiv:2505.09388): experts in every layer, none shared; norms on heads.
ModelSpec read_qwen3moe(const gguf::File& file) {
  const Keys keys(file);
  auto spec = read_common(keys);
  spec.experts = read_experts(keys);
  spec.experts.normalised = true;
  spec.ffn_width = 0;
  return spec;
}

}  // namespace cofre::model
