#include "gateway/assistants.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "gateway/desk.h"

namespace cofre::gateway {
namespace {

using json::Array;
using json::Object;

constexpr std::string_view default_model = "default";

bool has(const Object& body, std::string_view key) {
  const auto* found = body.if_contains(key);
  return found != nullptr && !found->is_null();
}

/// {"type": "function", "name", …} as chats write it: with an inner object.
json::Value nested(const json::Value& flat) {
  if (!flat.is_object() || !flat.get_object().contains("type")) return flat;
  auto inner = flat.get_object();
  const auto type = inner.at("type");
  inner.erase("type");
  return Object{{"type", type}, {std::string(type.as_string()), std::move(inner)}};
}

Array nested_tools(const json::Value& tools) {
  Array out;
  for (const auto& tool : tools.as_array()) out.emplace_back(nested(tool));
  return out;
}

json::Value chat_format(const json::Value& text) {
  const auto* format = text.as_object().if_contains("format");
  if (format == nullptr) return nullptr;
  return format->at("type") == json::Value("json_schema") ? nested(*format) : *format;
}

/// A parameter of /v1/responses by the name and in the form that chats have.
std::pair<std::string, json::Value> as_in_chats(std::string_view name, const json::Value& value) {
  if (name == "max_output_tokens") return {"max_completion_tokens", value};
  if (name == "reasoning") {
    const auto* effort = value.as_object().if_contains("effort");
    return {"reasoning_effort", effort == nullptr ? json::Value() : *effort};
  }
  if (name == "text") return {"response_format", chat_format(value)};
  if (name == "tools") return {"tools", nested_tools(value)};
  if (name == "tool_choice") return {"tool_choice", nested(value)};
  return {std::string(name), value};
}

bool has_system_message(const Object& body) {
  const auto* messages = body.if_contains("messages");
  if (messages == nullptr || !messages->is_array()) return true;  // it will be refused as it is
  const auto& list = messages->get_array();
  return std::any_of(list.begin(), list.end(), [](const json::Value& message) {
    const auto* role = message.is_object() ? message.get_object().if_contains("role") : nullptr;
    return role != nullptr && (*role == json::Value("system") || *role == json::Value("developer"));
  });
}

}  // namespace

records::Assistants::Reader reader_of(const accounts::Caller& caller) {
  return {caller.user, static_cast<std::int64_t>(caller.tenant), caller.department,
          caller.scopes.has(accounts::Scope::people)};
}

std::string asked_model(const json::Value& body) {
  const auto* model = body.is_object() ? body.get_object().if_contains("model") : nullptr;
  return model != nullptr && model->is_string() ? std::string(model->get_string()) : std::string();
}

void apply_to_chat(const records::Assistant& assistant, Object& body) {
  const bool bounded = has(body, "max_tokens");  // the older name of max_completion_tokens
  for (const auto& field : assistant.parameters.as_object()) {
    auto [name, value] = as_in_chats(field.key(), field.value());
    if (!has(body, name) && !(bounded && name == "max_completion_tokens")) body[name] = std::move(value);
  }
  if (!assistant.system_prompt.empty() && !has_system_message(body)) {
    auto& messages = body.at("messages").as_array();
    messages.insert(messages.begin(), Object{{"role", "system"}, {"content", assistant.system_prompt}});
  }
  body["model"] = assistant.model.value_or(std::string(default_model));
}

void apply_to_response(const records::Assistant& assistant, Object& body) {
  for (const auto& field : assistant.parameters.as_object())
    if (!has(body, field.key())) body[field.key()] = field.value();
  if (!assistant.system_prompt.empty() && !has(body, "instructions")) body["instructions"] = assistant.system_prompt;
  body["model"] = assistant.model.value_or(std::string(default_model));
}

void with_assistant(Services& services, Call&& call, json::Value body,
                    void (*apply)(const records::Assistant&, Object&), std::function<void(Call&&, json::Value)> next) {
  const auto asked = asked_model(body);
  if (!asked.starts_with(assistant_prefix)) return next(std::move(call), std::move(body));
  at_desk(services.desk, std::move(call),
          [&services, asked, body = std::move(body), apply, next = std::move(next)](Call&& at) mutable {
            const auto found =
                services.records.assistants.named(reader_of(*at.caller), asked.substr(assistant_prefix.size()));
            if (!found) fail_field(Code::not_found, "model", "there is no model \"{}\" here", asked.substr(0, 128));
            if (at.caller->models != nullptr && at.caller->may_ask(asked)) at.caller->models.reset();
            apply(*found, body.as_object());
            next(std::move(at), std::move(body));
          });
}

}  // namespace cofre::gateway
