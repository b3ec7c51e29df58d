#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/error.h"
#include "protocol/request.h"
#include "serving/idiom.h"

namespace cofre::serving {

/// The prompt is longer than the context.
class ContextExceeded : public Error {
 public:
  using Error::Error;
};

/// What the model reads, and how its answer begins.
struct Prompt {
  std::vector<engine::TokenId> ids;
  bool thinking = false;  ///< it ends inside a thought
  std::string echo;       ///< shown before the answer
};

/// The prompt of a conversation. Throws Error(unsupported) where the model has no template or the request has tools
/// that it cannot call, Error(invalid, field) where the template refuses, ContextExceeded with both numbers.
Prompt chat_prompt(const TextModel& model, const Idiom& idiom, const protocol::Chat& chat,
                   std::chrono::sys_seconds now);
/// The prompt of a text to continue, or to fill in. Throws Error(unsupported, suffix) where the model cannot fill in.
Prompt completion_prompt(const TextModel& model, const Idiom& idiom, const protocol::Completion& completion);

/// Ids of a conversation's prompt, however long.
std::vector<engine::TokenId> chat_ids(const Idiom& idiom, const protocol::Chat& chat, std::chrono::sys_seconds now);

}  // namespace cofre::serving
