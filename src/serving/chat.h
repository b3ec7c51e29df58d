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
  /// Reads tokenizer.chat_template. Throws Error(unsupported) where the model has none, Error(invalid) where it is wrong.
  /// `tokenizer` must outlive it.
  ChatFormat(const gguf::File& file, const tokenizer::Tokenizer& tokenizer);

  /// The prompt of a conversation. `context` holds messages, tools, add_generation_prompt and what else the template
  /// reads; bos_token and eos_token are added. No special token comes out of what the context holds: names of special
  /// tokens in it are read as text. Throws Error(invalid) where the template refuses.
  std::vector<tokenizer::TokenId> prompt(json::Object context, std::chrono::sys_seconds now) const;

 private:
  const tokenizer::Tokenizer& tokenizer_;
  chat_template::Template template_;
};

}  // namespace cofre::serving
