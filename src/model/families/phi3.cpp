#include "model/families/common.h"

namespace cofre::model {

/// Phi-3 and Phi-4 (arXiv:2404.14219, arXiv:2412.08905): queries, keys and values in one tensor, gate and up in
/// another, LongRoPE; where the file names a window, every layer slides.
ModelSpec read_phi3(const gguf::File& file) {
  const Keys keys(file);
  auto spec = read_common(keys);
  spec.window = keys.number("attention.sliding_window", 0, std::size_t{1} << 32, 0);
  if (spec.window > 0) spec.sliding.assign(spec.layers, true);
  spec.local_rope = spec.rope;
  return spec;
}

}  // namespace cofre::model
