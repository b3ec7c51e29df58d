#pragma once

#include "gateway/dialects/openai/form.h"
#include "json/json.h"
#include "protocol/request.h"

namespace cofre::gateway::openai {

/// The conversation as templates read it (protocol::Chat): texts for contents, arguments as objects, "developer" as
/// "system".
json::Array read_messages(Form& form);
/// tools, tool_choice, parallel_tool_calls.
void read_tools(Form& form, protocol::Chat& chat);
/// The text of a content, a string or parts; `path` names it in errors.
std::string read_content(const json::Value& content, const std::string& path);
/// The arguments of a call that was made, as an object.
json::Object read_arguments(const json::Value& arguments, const std::string& path);

}  // namespace cofre::gateway::openai
