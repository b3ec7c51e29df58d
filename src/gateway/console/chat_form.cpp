#include "gateway/console/chat_form.h"

#include <algorithm>

#include "base/error.h"
#include "gateway/dialects/openai/form.h"
#include "gateway/dialects/openai/responses.h"

namespace cofre::gateway::console {
namespace {

using openai::Form;
using records::Chats;

constexpr std::size_t outputs_max = 128;
constexpr std::size_t id_bytes_max = 128;
constexpr std::size_t parameters_bytes_max = 256 << 10;

/// Absent: nothing is given; null and the empty text: none.
Chats::Given<std::string> given_text(Form& form, std::string_view key, std::size_t bytes_max) {
  const auto* value = form.json().if_contains(key);
  if (value == nullptr) return std::nullopt;
  const auto text = form.text(key, bytes_max);
  if (!text || text->empty()) return Chats::Given<std::string>(std::in_place);
  return Chats::Given<std::string>(std::in_place, *text);
}

json::Array read_outputs(Form& form) {
  json::Array outputs;
  const auto* list = form.list("tool_outputs", outputs_max);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    Form one((*list)[i], fmt::format("tool_outputs[{}].", i));
    outputs.emplace_back(json::Object{{"call_id", one.required_text("call_id", 512)},
                                      {"output", one.required_text("output", Chats::text_bytes_max)}});
    one.finish();
  }
  return outputs;
}

}  // namespace

json::Object read_parameters(const json::Value& value) {
  if (value.is_null()) return {};
  if (!value.is_object()) fail_field(Code::invalid, "parameters", "parameters: must be an object");
  const auto& given = value.get_object();
  json::Object body{{"model", "any"}, {"input", ""}};
  for (const auto& field : given) {
    constexpr std::string_view known[] = {"temperature", "top_p", "max_output_tokens", "reasoning",
                                          "text",        "tools", "tool_choice",       "parallel_tool_calls"};
    if (std::find(std::begin(known), std::end(known), field.key()) == std::end(known))
      fail_field(Code::invalid, "parameters." + std::string(field.key()), "parameters.{}: is no parameter of an answer",
                 field.key().substr(0, 64));
    body[field.key()] = field.value();
  }
  if (json::dump(value).size() > parameters_bytes_max)
    fail_field(Code::invalid, "parameters", "parameters: must have at most {} bytes", parameters_bytes_max);
  try {
    openai::parse_responses(body);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("parameters.{}", error.what()), "parameters." + error.field());
  }
  json::Object kept;
  for (const auto& field : given)
    if (!field.value().is_null()) kept[field.key()] = field.value();
  return kept;
}

Chats::Change read_change(const json::Value& body, bool is_new) {
  Form form(body);
  Chats::Change change;
  if (form.json().contains("title")) change.title = form.text("title", Chats::title_bytes_max).value_or("");
  change.folder = given_text(form, "folder", Chats::folder_bytes_max);
  change.model = given_text(form, "model", 512);
  change.assistant = given_text(form, "assistant", id_bytes_max);
  change.system_prompt = given_text(form, "system_prompt", Chats::prompt_bytes_max);
  if (const auto* parameters = form.json().if_contains("parameters")) {
    form.ignore("parameters");
    change.parameters = read_parameters(*parameters);
  }
  if (!is_new) change.leaf = form.text("leaf", id_bytes_max);
  form.finish();
  return change;
}

Asking read_asking(const json::Value& body, Saying* saying) {
  Form form(body);
  Asking asking;
  asking.model = form.text("model", 512);
  if (const auto* parameters = form.take("parameters")) asking.parameters = read_parameters(*parameters);
  if (saying != nullptr) {
    saying->text = form.text("text", Chats::text_bytes_max).value_or("");
    saying->tool_outputs = read_outputs(form);
    saying->parent = form.text("parent", id_bytes_max);
    saying->edits = form.text("edits", id_bytes_max);
    saying->answer = form.flag("answer").value_or(true);
    if (saying->text.empty() && saying->tool_outputs.empty())
      form.refuse("text", "is missing, and so are tool_outputs");
    if (saying->parent && saying->edits) form.refuse("edits", "and parent contradict each other");
  }
  form.finish();
  return asking;
}

void append_items(json::Array& items, const records::ChatMessage& message) {
  using json::Array;
  using json::Object;
  for (const auto& output : message.tool_outputs)
    items.emplace_back(
        Object{{"type", "function_call_output"}, {"call_id", output.at("call_id")}, {"output", output.at("output")}});
  if (message.role == records::ChatMessage::Role::user) {
    if (!message.text.empty()) items.emplace_back(Object{{"role", "user"}, {"content", message.text}});
    return;
  }
  if (!message.reasoning.empty())
    items.emplace_back(Object{{"type", "reasoning"},
                              {"content", Array{Object{{"type", "reasoning_text"}, {"text", message.reasoning}}}}});
  // An answer that came to nothing stands too: templates want the two to take turns.
  items.emplace_back(Object{{"role", "assistant"}, {"content", message.text}});
  for (const auto& call : message.tool_calls)
    items.emplace_back(Object{{"type", "function_call"},
                              {"call_id", call.at("call_id")},
                              {"name", call.at("name")},
                              {"arguments", call.at("arguments")}});
}

}  // namespace cofre::gateway::console
