#pragma once

#include <chrono>
#include <vector>

#include "gguf/gguf.h"
#include "json/json.h"
#include "template/template.h"
#include "tokenizer/tokenizer.h"

namespace cofre::serving {

/// How a model wants its conversations written: the template in its file, and the tokens that the result becomes.
class ChatFormat {
 public:
  /// Reads tokenizer.chat_template. Throws Error(unsupported) where the model has none, Error(invalid) where it is
  /// wrong. Both must outlive it.
  ChatFormat(const gguf::File& file, const tokenizer::Tokenizer& tokenizer);

  /// The prompt of a conversation. `context` holds messages, tools, add_generation_prompt and what else the template
  /// reads; bos_token and eos_token are added. No special token comes out of what the context holds: names of special
  /// tokens in it are read as text. Throws Error(invalid) where the template refuses.
  /// With `continue_final` the prompt ends with the last message's content, so that the answer goes on from there.
  std::vector<tokenizer::TokenId> prompt(json::Object context, std::chrono::sys_seconds now,
                                         bool continue_final = false) const;

  /// The template's own text.
  std::string_view source() const { return source_; }

 private:
  std::string render(json::Object context, std::chrono::sys_seconds now) const;
  const tokenizer::Tokenizer& tokenizer_;
  std::string_view source_;
  chat_template::Template template_;
};

}  // namespace cofre::serving
