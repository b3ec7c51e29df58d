// Any bytes are a model file or an error; of a model file every tensor's bytes may be read.

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"
#include "gguf/gguf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto file = cofre::gguf::File::parse({reinterpret_cast<const std::byte*>(data), size});
    unsigned sum = 0;
    for (const auto& tensor : file.tensors())
      for (const std::byte byte : tensor.bytes) sum += std::to_integer<unsigned>(byte);
    asm volatile("" ::"r"(sum));  // the reads stay
  } catch (const cofre::Error&) {
  }
  return 0;
}
