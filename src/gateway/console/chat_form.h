#pragma once

#include <optional>
#include <string>
#include <vector>

#include "json/json.h"
#include "records/chats.h"

/// What requests about chats say, and what they are answered. Bodies are read strictly, as those of the dialects.
namespace cofre::gateway::console {

/// The fields of a new chat, or of PATCH: null takes one away.
records::Chats::Change read_change(const json::Value& body, bool is_new);

/// POST …/messages.
struct Saying {
  std::string text;
  json::Array tool_outputs;  ///< [{"call_id", "output"}]
  std::optional<std::string> parent, edits;
  bool answer = true;
};
/// How one answer is to be made; absent: as the chat says.
struct Asking {
  std::optional<std::string> model;
  json::Object parameters;
};
/// Both read from one body; `saying` null: there is none to be read.
Asking read_asking(const json::Value& body, Saying* saying);

/// Fields of POST /v1/responses that a chat, an assistant or an answer may set. Throws Error(invalid, "parameters.…").
json::Object read_parameters(const json::Value& value);

/// The input items (of POST /v1/responses) that a message is to a model.
void append_items(json::Array& items, const records::ChatMessage& message);

}  // namespace cofre::gateway::console
