#include "model/families/common.h"

namespace cofre::model {

/// Qwen2 and Qwen2.5 (arXiv:2407.10671): biases on queries, keys and values, which the file's tensors bring.
ModelSpec read_qwen2(const gguf::File& file) { return read_common(Keys(file)); }

}  // namespace cofre::model
