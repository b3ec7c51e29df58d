#include "model/families/common.h"

namespace cofre::model {

/// Llama (arXiv:2302.13971), and what shares its architecture: Mistral, SmolLM.
ModelSpec read_llama(const gguf::File& file) {
  auto spec = read_common(Keys(file));
  spec.rope.interleaved = true;
  return spec;
}

}  // namespace cofre::model
