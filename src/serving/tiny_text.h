#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "model/tiny_model.h"
#include "serving/text_service.h"
#include "text/utf8.h"
#include "tokenizer/vocabulary.h"

namespace cofre::serving {

/// A small random text model for tests: 256 bytes as tokens (the id is the byte), then these.
struct TinyText {
  static constexpr std::int32_t bos = 256, end = 257, think = 258, unthink = 259, fim_prefix = 260, fim_suffix = 261,
                                fim_middle = 262;
  static constexpr std::uint32_t vocabulary = 272;

  std::string chat_template =
      "{% for m in messages %}<s>{{ m.role }}:{{ m.content }}{% if not loop.last or add_generation_prompt "
      "%}<|im_end|>{% endif %}{% endfor %}"
      "{% if tools %}[{{ tools | tojson }}]<tool_call>arguments{% endif %}{% if add_generation_prompt "
      "%}<s>assistant:{% if thinking %}<think>"
      "{% endif %}{% endif %}{# </think> #}";
  bool fill = true;
  std::uint32_t context = 512;

  std::vector<std::byte> bytes() const {
    std::vector<std::string> tokens;
    for (int b = 0; b < 256; ++b) {
      std::string printable;
      text::append_utf8(tokenizer::byte_to_printable(static_cast<std::uint8_t>(b)), printable);
      tokens.push_back(printable);
    }
    for (const char* name : {"<s>", "<|im_end|>", "<think>", "</think>"}) tokens.emplace_back(name);
    for (const char* name : {"<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"})
      tokens.emplace_back(fill ? name : std::string(name) + "not");
    tokens.emplace_back("zq");
    while (tokens.size() < vocabulary) tokens.push_back("unused" + std::to_string(tokens.size()));
    std::vector<std::int32_t> types(vocabulary, 1);
    std::fill(types.begin() + bos, types.end(), 3);
    return model::tiny_model({.vocabulary = vocabulary, .context = context}, 1, 0, [&](gguf::Writer& writer) {
      writer.add("tokenizer.ggml.model", "gpt2");
      writer.add("tokenizer.ggml.pre", "gpt-2");
      writer.add("tokenizer.ggml.tokens", tokens);
      writer.add("tokenizer.ggml.token_type", types);
      writer.add("tokenizer.ggml.merges", std::vector<std::string>{"z q"});
      writer.add("tokenizer.ggml.eos_token_id", std::uint32_t{end});
      if (!chat_template.empty()) writer.add("tokenizer.chat_template", chat_template);
    });
  }
};

/// A model loaded from a file of its own, which is gone at once.
inline std::unique_ptr<Loaded> load_bytes(const std::vector<std::byte>& bytes) {
  std::string name = (std::filesystem::temp_directory_path() / "cofre-tiny-XXXXXX").string();
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0)
    fail(Code::unavailable, "cannot make a file in {}", std::filesystem::temp_directory_path().string());
  close(descriptor);
  std::ofstream(name, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  auto loaded = std::make_unique<Loaded>(name, Loaded::Options{.threads = 2, .progress = {}});
  std::filesystem::remove(name);
  return loaded;
}

inline std::unique_ptr<Loaded> load_tiny(const TinyText& tiny = {}) { return load_bytes(tiny.bytes()); }

}  // namespace cofre::serving
