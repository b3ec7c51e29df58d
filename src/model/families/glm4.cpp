#include "base/error.h"
#include "model/families/common.h"

namespace cofre::model {

/// GLM-4-0414 (arXiv:2406.12793): rope in pairs on half of each head, biases on queries, keys and values, norms before
/// and after each half of a layer, gate and up in one tensor. Layers at the end that predict further tokens are left.
ModelSpec read_glm4(const gguf::File& file) {
  const Keys keys(file);
  auto spec = read_common(keys);
  if (file.find(keys.full("rope.dimension_sections")) != nullptr)
    fail_field(Code::unsupported, keys.full("rope.dimension_sections"), "GLM-4 with images is not supported");
  spec.layers -= keys.number("nextn_predict_layers", 0, spec.layers - 1, 0);
  spec.rope.interleaved = true;
  return spec;
}

}  // namespace cofre::model
