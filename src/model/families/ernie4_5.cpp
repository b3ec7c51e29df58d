#include "model/families/common.h"

namespace cofre::model {

/// ERNIE 4.5, the dense models (ERNIE 4.5 technical report, 2025): as llama, rope in pairs, tied embeddings.
ModelSpec read_ernie4_5(const gguf::File& file) {
  auto spec = read_common(Keys(file));
  spec.rope.interleaved = true;
  return spec;
}

}  // namespace cofre::model
