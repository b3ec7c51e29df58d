// The first byte chooses a vocabulary; the rest is text. What is encoded decodes to the same text, protected text holds
// no special token. With first byte 254 a length and a text follow, then a normaliser for it. With first byte 255 the
// rest is a vocabulary file itself.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/gguf.h"
#include "gguf/writer.h"
#include "text/utf8.h"
#include "tokenizer/charsmap.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/vocabulary.h"

namespace {

using namespace cofre;

std::vector<std::byte> byte_level(const char* pre) {
  std::vector<std::string> tokens;
  for (int b = 0; b < 256; ++b) {
    tokens.emplace_back();
    text::append_utf8(tokenizer::byte_to_printable(static_cast<std::uint8_t>(b)), tokens.back());
  }
  for (const char* piece : {"lo", "low", "Ġlow", "Ġ1", "<|im_end|>", "<|im_start|>", "<tool>"})
    tokens.emplace_back(piece);
  std::vector<std::int32_t> types(tokens.size(), 1);
  types[260] = types[261] = 3;
  types[262] = 4;
  gguf::Writer writer;
  writer.add("tokenizer.ggml.model", "gpt2");
  writer.add("tokenizer.ggml.pre", pre);
  writer.add("tokenizer.ggml.tokens", tokens);
  writer.add("tokenizer.ggml.token_type", types);
  writer.add("tokenizer.ggml.merges", std::vector<std::string>{"l o", "lo w", "Ġ low", "Ġ 1"});
  return writer.finish();
}

struct Vocabulary {
  explicit Vocabulary(const char* pre)
      : bytes(byte_level(pre)), file(gguf::File::parse(bytes)), tokenizer(tokenizer::Tokenizer::from_gguf(file)) {}
  std::vector<std::byte> bytes;
  gguf::File file;
  tokenizer::Tokenizer tokenizer;
};

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Vocabulary all[] = {Vocabulary("gpt-2"),        Vocabulary("llama-bpe"),      Vocabulary("qwen2"),
                                   Vocabulary("deepseek-llm"), Vocabulary("smollm"),         Vocabulary("qwen35"),
                                   Vocabulary("falcon"),       Vocabulary("bloom"),          Vocabulary("tekken"),
                                   Vocabulary("gpt-4o"),       Vocabulary("deepseek-coder"), Vocabulary("deepseek-v3")};
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] == 255) {
      const auto file = gguf::File::parse({reinterpret_cast<const std::byte*>(data) + 1, size - 1});
      tokenizer::Tokenizer::from_gguf(file).encode("The low 1 ção 你好");
      return 0;
    }
    if (data[0] == 254 && !text.empty()) {
      const std::size_t length = std::min<std::size_t>(static_cast<std::uint8_t>(text[0]), text.size() - 1);
      const auto valid = text::replace_invalid_utf8(text.substr(1, length));
      const tokenizer::Charsmap charsmap({data + 2 + length, size - 2 - length});
      for (std::size_t at = 0; at < valid.size();) at += charsmap.prefix(valid, at).bytes;
      return 0;
    }
    const auto& tokenizer = all[data[0] % std::size(all)].tokenizer;
    const auto ids = tokenizer.encode(text);
    check(tokenizer.decode(ids) == text);
    if (text.find(tokenizer::name_breaker) != text.npos) return 0;
    const auto safe = tokenizer.encode(tokenizer.protect(text) + "end|>", tokenizer::Special::parse_protected);
    for (const auto id : safe) check(!tokenizer.is_special(id));
    check(tokenizer.decode(safe) == text + "end|>");
  } catch (const Error&) {
  }
  return 0;
}
