#include "model/families/common.h"

namespace cofre::model {

/// Hunyuan, the dense models (0.5B to 7B, 2025): heads of queries and keys are turned first and then normed.
ModelSpec read_hunyuan_dense(const gguf::File& file) {
  auto spec = read_common(Keys(file));
  spec.turn_before_norm = true;
  return spec;
}

}  // namespace cofre::model
