// The first byte tells what the rest is: an even one a tokenizer.json, an odd one a config.json. Either becomes keys
// that a GGUF file holds, or an error.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "gguf/gguf.h"
#include "gguf/writer.h"
#include "huggingface/families.h"
#include "huggingface/tokenizer.h"
#include "tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cofre;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    gguf::Writer writer;
    if (data[0] % 2 == 0) {
      auto keys = huggingface::read_tokenizer(json::parse(text));
      if (keys.tokens.size() > 10'000) return 0;
      keys.pad(keys.tokens.size());
      keys.write(writer);
      const auto bytes = writer.finish();
      const auto file = gguf::File::parse(bytes);
      tokenizer::Tokenizer::from_gguf(file).encode("The low <w> 12 ção <|end|> 你好", tokenizer::Special::parse);
    } else {
      const huggingface::Config config(json::parse(text));
      std::vector<std::string> notes;
      huggingface::family_of(config).write_keys(config, writer, notes);
      const auto bytes = writer.finish();
      gguf::File::parse(bytes);
    }
  } catch (const Error&) {
  }
  return 0;
}
