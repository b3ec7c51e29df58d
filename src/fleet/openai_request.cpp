#include <utility>

#include "base/error.h"
#include "fleet/openai.h"
#include "protocol/fields.h"

namespace cofre::fleet {
namespace {

using protocol::Constraint;
using protocol::Request;

/// Chat templates read a call's arguments as an object; this API writes them as a text.
json::Value outward(json::Value message) {
  auto& object = message.as_object();
  auto* calls = object.if_contains("tool_calls");
  if (calls == nullptr || !calls->is_array()) return message;
  for (auto& call : calls->get_array()) {
    auto* function = call.is_object() ? call.get_object().if_contains("function") : nullptr;
    auto* arguments =
        function != nullptr && function->is_object() ? function->get_object().if_contains("arguments") : nullptr;
    if (arguments != nullptr && !arguments->is_string()) *arguments = json::dump(*arguments);
  }
  return message;
}

void write_constraint(const Constraint& constraint, json::Object& out) {
  switch (constraint.kind) {
    case Constraint::Kind::none: return;
    case Constraint::Kind::json_object: out["response_format"] = json::Object{{"type", "json_object"}}; return;
    case Constraint::Kind::json_schema:
      out["response_format"] = json::Object{
          {"type", "json_schema"},
          {"json_schema", json::Object{{"name", "answer"}, {"strict", true}, {"schema", constraint.schema}}}};
      return;
    default:
      fail_field(Code::unsupported, "constraint",
                 "this model is served elsewhere, where only JSON and JSON schemas can be asked for");
  }
}

void write_sampling(const protocol::Sampling& s, json::Object& out) {
  const auto put = [&](std::string_view key, const auto& value) {
    if (value) out[key] = *value;
  };
  put("temperature", s.temperature);
  put("top_p", s.top_p);
  put("min_p", s.min_p);
  put("typical_p", s.typical_p);
  put("repetition_penalty", s.repetition_penalty);
  put("repeat_penalty", s.repetition_penalty);  // llama-server's word for it
  put("presence_penalty", s.presence_penalty);
  put("frequency_penalty", s.frequency_penalty);
  put("top_k", s.top_k);
  if (s.seed) out["seed"] = *s.seed & 0xffffffffu;  // as many bits as all of them take
  json::Object bias;
  for (const auto& [id, value] : s.logit_bias) bias[std::to_string(id)] = value;
  if (!bias.empty()) out["logit_bias"] = std::move(bias);
}

void write_generation(const Request& request, json::Object& out) {
  out["stream"] = true;
  out["stream_options"] = json::Object{{"include_usage", true}};
  write_sampling(request.sampling, out);
  if (request.choices > 1) out["n"] = request.choices;
  if (request.max_tokens) out["max_tokens"] = *request.max_tokens;
  if (!request.stop.empty()) out["stop"] = protocol::array_of(request.stop);
  if (!request.stop_token_ids.empty()) out["stop_token_ids"] = protocol::array_of(request.stop_token_ids);
  if (request.ignore_eos) out["ignore_eos"] = true;
  write_constraint(request.constraint, out);
}

json::Object write(const protocol::Chat& chat, const Request& request) {
  json::Object out;
  json::Array messages;
  for (const auto& message : chat.messages) messages.push_back(outward(message));
  out["messages"] = std::move(messages);
  if (!chat.tools.empty()) {
    constexpr std::string_view words[] = {"none", "auto", "required"};
    out["tools"] = chat.tools;
    if (chat.tool_choice == protocol::ToolChoice::named) {
      out["tool_choice"] = json::Object{{"type", "function"}, {"function", json::Object{{"name", chat.tool_name}}}};
    } else {
      out["tool_choice"] = words[static_cast<std::size_t>(chat.tool_choice)];
    }
    out["parallel_tool_calls"] = chat.parallel_tool_calls;
  }
  if (!chat.template_arguments.empty()) out["chat_template_kwargs"] = chat.template_arguments;
  if (!chat.add_generation_prompt) out["add_generation_prompt"] = false;
  if (chat.continue_final_message) out["continue_final_message"] = true;
  write_generation(request, out);
  if (request.logprobs) {
    out["logprobs"] = true;
    out["top_logprobs"] = request.top_logprobs;
  }
  return out;
}

json::Value input_of(const std::variant<std::string, std::vector<std::int32_t>>& input) {
  if (const auto* text = std::get_if<std::string>(&input)) return json::Value(*text);
  return protocol::array_of(std::get<std::vector<std::int32_t>>(input));
}

json::Object write(const protocol::Completion& completion, const Request& request) {
  if (request.best_of > request.choices)
    fail_field(Code::unsupported, "best_of", "this model is served elsewhere, where the likeliest answer is not known");
  if (request.logprobs || request.prompt_logprobs)
    fail_field(Code::unsupported, "logprobs",
               "this model is served elsewhere, where completions have no log-probabilities");
  json::Object out{{"prompt", input_of(completion.prompt)}};
  if (completion.suffix) out["suffix"] = *completion.suffix;
  if (completion.echo) out["echo"] = true;
  write_generation(request, out);
  return out;
}

json::Object write(const protocol::Embedding& embedding) {
  json::Array inputs;
  for (const auto& input : embedding.inputs) inputs.push_back(input_of(input));
  json::Object out{{"input", std::move(inputs)}, {"encoding_format", "float"}};
  if (embedding.dimensions) out["dimensions"] = *embedding.dimensions;
  return out;
}

}  // namespace

OpenAiCall openai_call(const Request& request, const std::string& model) {
  OpenAiCall call;
  json::Object body;
  if (const auto* chat = std::get_if<protocol::Chat>(&request.task)) {
    call.path = "/chat/completions";
    body = write(*chat, request);
  } else if (const auto* completion = std::get_if<protocol::Completion>(&request.task)) {
    call.path = "/completions";
    body = write(*completion, request);
  } else if (const auto* embedding = std::get_if<protocol::Embedding>(&request.task)) {
    if (embedding->role != protocol::Embedding::Role::plain)
      fail_field(Code::unsupported, "input_type", "this model is served elsewhere, where its prefixes are not known");
    call.path = "/embeddings";
    call.streams = false;
    body = write(*embedding);
  } else if (std::holds_alternative<protocol::Rerank>(request.task)) {
    fail_field(Code::unsupported, "model", "this model is served elsewhere, where it is not asked to rank");
  } else {
    fail_field(Code::unsupported, "model", "this model is served elsewhere: its tokens cannot be told from here");
  }
  body["model"] = model;
  call.body = json::dump(body);
  return call;
}

}  // namespace cofre::fleet
