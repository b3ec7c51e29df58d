#include "gateway/console/chat_objects.h"

#include <fmt/chrono.h>

namespace cofre::gateway::console {
namespace {

using records::ChatMessage;

template <class T>
json::Value or_null(const std::optional<T>& value) {
  return value ? json::Value(*value) : json::Value();
}

json::Value or_null(const std::string& text) { return text.empty() ? json::Value() : json::Value(text); }

/// What only answers have.
void add_answer(json::Object& out, const ChatMessage& message) {
  const auto& usage = message.usage;
  out["finish_reason"] = or_null(message.finish_reason);
  out["error"] = nullptr;
  if (message.status == "failed")
    out["error"] = json::Object{{"code", message.error_code}, {"message", message.error_message}};
  out["model"] = or_null(message.model);
  out["response"] = or_null(message.response);
  out["usage"] = json::Object{{"input_tokens", usage.prompt_tokens},
                              {"cached_tokens", usage.cached_tokens},
                              {"output_tokens", usage.completion_tokens},
                              {"reasoning_tokens", usage.reasoning_tokens}};
  out["speed"] = nullptr;
  if (message.first_token_ms)
    out["speed"] = json::Object{{"first_token_ms", *message.first_token_ms},
                                {"tokens_per_second", or_null(message.tokens_per_second)}};
}

}  // namespace

json::Object share_object(const accounts::Accounts& accounts, const records::Chat::Share& share) {
  const auto department = accounts.directory.find_department(share.department);
  return {{"id", share.id},
          {"department", json::Object{{"id", share.department}, {"name", department ? department->name : ""}}},
          {"created_at", share.made}};
}

json::Object chat_object(const accounts::Accounts& accounts, const records::Chat& chat) {
  return {{"id", chat.id},
          {"object", "chat"},
          {"title", chat.title},
          {"folder", or_null(chat.folder)},
          {"model", or_null(chat.model)},
          {"assistant", or_null(chat.assistant)},
          {"parameters", chat.parameters},
          {"system_prompt", or_null(chat.system_prompt)},
          {"leaf", or_null(chat.leaf)},
          {"messages", chat.messages},
          {"answering", chat.answering},
          {"share", chat.share ? json::Value(share_object(accounts, *chat.share)) : json::Value()},
          {"created_at", chat.created},
          {"updated_at", chat.updated}};
}

json::Object message_object(const ChatMessage& message) {
  json::Array siblings;
  for (const auto& id : message.siblings) siblings.emplace_back(id);
  json::Object out{{"id", message.id},
                   {"object", "chat.message"},
                   {"parent", or_null(message.parent)},
                   {"siblings", std::move(siblings)},
                   {"role", message.role == ChatMessage::Role::user ? "user" : "assistant"},
                   {"text", message.text},
                   {"reasoning", message.reasoning},
                   {"tool_calls", message.tool_calls},
                   {"tool_outputs", message.tool_outputs},
                   {"status", message.status},
                   {"finish_reason", nullptr},
                   {"error", nullptr},
                   {"model", nullptr},
                   {"response", nullptr},
                   {"usage", nullptr},
                   {"speed", nullptr},
                   {"created_at", message.created}};
  if (message.role == ChatMessage::Role::assistant) add_answer(out, message);
  return out;
}

std::string markdown_of(const std::string& title, const std::string& owner, const std::vector<ChatMessage>& branch) {
  std::string out = "# " + title + "\n";
  for (const auto& message : branch) {
    const bool said = message.role == ChatMessage::Role::user;
    out += fmt::format("\n**{}** ({})\n\n{}\n", said ? owner : message.model.value_or("?"),
                       fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(message.created)), message.text);
    for (const auto& call : message.tool_calls)
      out += fmt::format("\n```\n{}({})\n```\n", std::string_view(call.at("name").as_string()),
                         std::string_view(call.at("arguments").as_string()));
    for (const auto& output : message.tool_outputs)
      out += fmt::format("\n```\n{}\n```\n", std::string_view(output.at("output").as_string()));
  }
  return out;
}

}  // namespace cofre::gateway::console
