#include "model/families/common.h"

namespace cofre::model {

/// Qwen3 (arXiv:2505.09388): a norm on each query and key head, which the file's tensors bring; no biases.
ModelSpec read_qwen3(const gguf::File& file) { return read_common(Keys(file)); }

}  // namespace cofre::model
