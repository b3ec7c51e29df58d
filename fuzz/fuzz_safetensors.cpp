// Any bytes are a weight file or an error; of a weight file every tensor's bytes may be read.

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"
#include "safetensors/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    unsigned sum = 0;
    for (const auto& tensor : cofre::safetensors::parse({reinterpret_cast<const std::byte*>(data), size}))
      for (const std::byte byte : tensor.bytes) sum += std::to_integer<unsigned>(byte);
    asm volatile("" ::"r"(sum));  // the reads stay
  } catch (const cofre::Error&) {
  }
  return 0;
}
