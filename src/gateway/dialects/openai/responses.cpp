#include "gateway/dialects/openai/responses.h"

#include <algorithm>
#include <limits>

#include "gateway/dialects/openai/messages.h"

namespace cofre::gateway::openai {
namespace {

using namespace protocol;

constexpr std::size_t items_max = 16'384;
constexpr std::size_t tools_max = 512;

/// Brings input items into messages: thoughts, calls and text of one turn become one message of the assistant.
class Turns {
 public:
  explicit Turns(json::Array& messages) : messages_(messages) {}

  void add(const json::Value& value, const std::string& path) {
    Form item(value, path + ".");
    const auto type = item.text("type").value_or("message");
    item.ignore("id");
    item.ignore("status");
    if (type == "message") {
      add_message(item);
    } else if (type == "function_call") {
      const auto* arguments = item.take("arguments");
      json::Object call{{"type", "function"}, {"id", item.required_text("call_id", 512)}};
      call["function"] = json::Object{
          {"name", item.required_text("name", 128)},
          {"arguments", arguments == nullptr ? json::Object() : read_arguments(*arguments, item.name("arguments"))}};
      auto& calls = assistant()["tool_calls"];
      if (!calls.is_array()) calls = json::Array();
      calls.get_array().emplace_back(std::move(call));
    } else if (type == "function_call_output") {
      const auto id = item.required_text("call_id", 512);
      const auto* output = item.take("output");
      if (output == nullptr) item.refuse("output", "is missing");
      messages_.emplace_back(json::Object{
          {"role", "tool"}, {"content", read_content(*output, item.name("output"))}, {"tool_call_id", id}});
    } else if (type == "reasoning") {
      add_reasoning(item);
    } else {
      fail_field(Code::unsupported, item.name("type"), "{} \"{}\" is not supported", item.name("type"),
                 type.substr(0, 64));
    }
    item.finish();
  }

 private:
  json::Object& assistant() {
    if (messages_.empty() || messages_.back().as_object().at("role") != json::Value("assistant"))
      messages_.emplace_back(json::Object{{"role", "assistant"}, {"content", ""}});
    return messages_.back().get_object();
  }

  void add_message(Form& item) {
    const auto role = item.required_text("role");
    const auto* content = item.take("content");
    if (content == nullptr) item.refuse("content", "is missing");
    const auto text = read_content(*content, item.name("content"));
    if (role == "assistant") {
      auto& said = assistant()["content"].as_string();
      if (!said.empty()) said += "\n";
      said += text;
    } else if (role == "user" || role == "system" || role == "developer") {
      messages_.emplace_back(json::Object{{"role", role == "developer" ? "system" : role}, {"content", text}});
    } else {
      item.refuse("role", "must be one of: user, assistant, system, developer");
    }
  }

  void add_reasoning(Form& item) {
    item.ignore("summary");
    item.unsupported("encrypted_content");
    const auto* content = item.list("content", items_max);
    for (std::size_t i = 0; content != nullptr && i < content->size(); ++i) {
      Form part((*content)[i], fmt::format("{}[{}].", item.name("content"), i));
      part.word("type", {"reasoning_text"});
      const auto text = part.required_text("text", 256 << 20);
      part.finish();
      auto& thought = assistant()["reasoning_content"];
      if (!thought.is_string()) thought = "";
      thought.get_string() += text;
    }
  }

  json::Array& messages_;
};

void read_input(Form& form, Chat& chat) {
  if (const auto instructions = form.text("instructions", 64 << 20))
    chat.messages.emplace_back(json::Object{{"role", "system"}, {"content", *instructions}});
  const auto* input = form.take("input");
  if (input == nullptr) form.refuse("input", "is missing");
  if (input->is_string()) {
    chat.messages.emplace_back(json::Object{{"role", "user"}, {"content", *input}});
    return;
  }
  if (!input->is_array() || input->get_array().empty() || input->get_array().size() > items_max)
    form.refuse("input", fmt::format("must be a text or a list of 1 to {} items", items_max));
  Turns turns(chat.messages);
  for (std::size_t i = 0; i < input->get_array().size(); ++i)
    turns.add(input->get_array()[i], fmt::format("input[{}]", i));
}

/// Tools as this API writes them, without the inner object, in the form that chats have.
json::Object nested_tools(Form& form) {
  json::Object out;
  if (const auto* tools = form.list("tools", tools_max)) {
    json::Array list;
    for (std::size_t i = 0; i < tools->size(); ++i) {
      Form tool((*tools)[i], fmt::format("tools[{}].", i));
      const auto type = tool.required_text("type");
      if (type != "function")
        fail_field(Code::unsupported, tool.name("type"), "{} \"{}\" is not supported; \"function\" is",
                   tool.name("type"), type.substr(0, 64));
      auto inner = tool.json();
      inner.erase("type");
      list.emplace_back(json::Object{{"type", "function"}, {"function", std::move(inner)}});
    }
    out["tools"] = std::move(list);
  }
  if (const auto* choice = form.take("tool_choice")) {
    const bool named = choice->is_object() && choice->get_object().contains("name");
    out["tool_choice"] = named ? json::Value(json::Object{{"type", choice->at("type")},
                                                          {"function", json::Object{{"name", choice->at("name")}}}})
                               : *choice;
  }
  if (const auto parallel = form.flag("parallel_tool_calls")) out["parallel_tool_calls"] = *parallel;
  return out;
}

void read_reasoning(Form& form, Chat& chat) {
  auto reasoning = form.object("reasoning");
  if (!reasoning) return;
  if (const auto effort = reasoning->word("effort", {"none", "minimal", "low", "medium", "high", "xhigh"})) {
    if (*effort != "none") chat.template_arguments["reasoning_effort"] = *effort;
    chat.template_arguments["enable_thinking"] = *effort != "none" && *effort != "minimal";
  }
  reasoning->unsupported("summary");
  reasoning->unsupported("generate_summary");
  reasoning->finish();
}

void read_text(Form& form, Request& request) {
  auto text = form.object("text");
  if (!text) return;
  if (auto format = text->object("format")) request.constraint = read_format(std::move(*format), true);
  if (const auto verbosity = text->word("verbosity", {"low", "medium", "high"}); verbosity && *verbosity != "medium")
    fail_field(Code::unsupported, "text.verbosity", "only the verbosity \"medium\" is supported");
  text->finish();
}

void read_include(Form& form, Request& request) {
  request.top_logprobs = static_cast<std::uint32_t>(form.whole("top_logprobs", 0, 20).value_or(0));
  request.logprobs = request.top_logprobs > 0;
  if (const auto* include = form.list("include", 16)) {
    for (const auto& one : *include) {
      if (one != json::Value("message.output_text.logprobs"))
        fail_field(Code::unsupported, "include", "include {} is not supported", json::dump(one).substr(0, 80));
      request.logprobs = true;
    }
  }
}

void refuse_unsupported(Form& form) {
  for (const char* kept : {"previous_response_id", "conversation"})
    form.unsupported(kept, "is not supported: answers are not kept; send the conversation as input");
  for (const char* field : {"prompt", "max_tool_calls", "context_management"}) form.unsupported(field);
  for (const char* field : {"store", "background"})
    if (form.flag(field).value_or(false))
      fail_field(Code::unsupported, field, "{} is not supported: answers are not kept", field);
  form.word("truncation", {"disabled"});
}

}  // namespace

ResponsesCall parse_responses(const json::Value& body) {
  Form form(body);
  ResponsesCall call;
  auto& request = call.request;
  Chat chat;
  request.model = form.required_text("model", 512);
  request.sampling.temperature = form.real("temperature", 0, 2);
  request.sampling.top_p = form.real("top_p", 0, 1);
  if (request.sampling.top_p == 0.0) request.sampling.top_p = 1e-6;
  if (const auto most = form.whole("max_output_tokens", 1, std::numeric_limits<std::int32_t>::max()))
    request.max_tokens = static_cast<std::uint64_t>(*most);
  read_input(form, chat);
  const json::Value tools = nested_tools(form);
  Form tool_form(tools);
  read_tools(tool_form, chat);
  read_reasoning(form, chat);
  read_text(form, request);
  read_include(form, request);
  call.stream = form.flag("stream").value_or(false);
  if (auto options = form.object("stream_options")) {
    if (!call.stream) form.refuse("stream_options", "needs stream: true");
    options->flag("include_obfuscation");
    options->finish();
  }
  read_labels(form);
  refuse_unsupported(form);
  form.finish();
  for (const char* key : {"instructions", "max_output_tokens", "metadata", "reasoning", "temperature", "text",
                          "tool_choice", "tools", "top_p"}) {
    const auto* given = form.json().if_contains(key);
    call.asked[key] = given == nullptr ? json::Value() : *given;
  }
  const auto or_else = [&](const char* key, json::Value value) {
    if (call.asked[key].is_null()) call.asked[key] = std::move(value);
  };
  or_else("metadata", json::Object());
  or_else("text", json::Object{{"format", json::Object{{"type", "text"}}}});
  or_else("tool_choice", "auto");
  or_else("tools", json::Array());
  call.asked["parallel_tool_calls"] = chat.parallel_tool_calls;
  request.task = std::move(chat);
  validate(request);
  return call;
}

}  // namespace cofre::gateway::openai
