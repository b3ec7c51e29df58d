#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "huggingface/config.h"
#include "huggingface/tokenizer.h"
#include "json/json.h"

namespace cofre::gguf {
class Writer;
}

namespace cofre::huggingface {

/// What a folder of a model holds beside its weights. Absent optional files are null.
struct Folder {
  /// Reads config.json and tokenizer.json, which must be there, and generation_config.json, tokenizer_config.json,
  /// chat_template.jinja, modules.json. Throws Error naming the file at fault.
  static Folder read(const std::filesystem::path& path);

  std::filesystem::path path;
  Config config;
  TokenizerKeys tokenizer;
  json::Value generation, tokenizer_config;
  std::string chat_template;        ///< empty: none
  std::optional<unsigned> pooling;  ///< how token vectors become one: 1 mean, 2 the first, 3 the last (GGUF's numbers)

  /// tokenizer.* and general.sampling.*: ids of special tokens, the template, what the makers advise.
  void write(gguf::Writer& writer) const;
};

}  // namespace cofre::huggingface
