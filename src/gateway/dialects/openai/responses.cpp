#include "gateway/dialects/openai/responses.h"

#include <algorithm>
#include <limits>

#include "gateway/dialects/openai/messages.h"

namespace cofre::gateway::openai {
namespace {

using namespace protocol;

constexpr std::size_t items_max = 16'384;
constexpr std::size_t tools_max = 512;

constexpr std::size_t id_bytes_max = 128;

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

/// Messages of the instructions, of what was said before, and of the input.
void read_input(Form& form, const json::Array& earlier, Chat& chat) {
  if (const auto instructions = form.text("instructions", 64 << 20))
    chat.messages.emplace_back(json::Object{{"role", "system"}, {"content", *instructions}});
  Turns turns(chat.messages);
  for (std::size_t i = 0; i < earlier.size(); ++i) turns.add(earlier[i], fmt::format("previous_response_id[{}]", i));
  const auto* input = form.take("input");
  if (input == nullptr) form.refuse("input", "is missing");
  if (input->is_string()) {
    chat.messages.emplace_back(json::Object{{"role", "user"}, {"content", *input}});
    return;
  }
  if (!input->is_array() || input->get_array().empty() || input->get_array().size() > items_max)
    form.refuse("input", fmt::format("must be a text or a list of 1 to {} items", items_max));
  for (std::size_t i = 0; i < input->get_array().size(); ++i)
    turns.add(input->get_array()[i], fmt::format("input[{}]", i));
}

/// An item that was read, as it is kept: every message has its type, its parts and its status.
json::Object kept_item(const json::Object& given) {
  json::Object item{{"id", ""}, {"type", "message"}};
  for (const auto& field : given)
    if (!field.value().is_null() && field.key() != "id") item[field.key()] = field.value();
  if (item["type"] == "message") {
    const bool said = item["role"] == "assistant";
    if (item["content"].is_string()) {
      json::Object part{{"type", said ? "output_text" : "input_text"}, {"text", item["content"]}};
      if (said) part["annotations"] = json::Array();
      item["content"] = json::Array{std::move(part)};
    }
  } else if (item["type"] == "function_call" && !item["arguments"].is_string()) {
    const auto& arguments = item["arguments"];
    item["arguments"] = arguments.is_object() ? json::dump(arguments) : "{}";
  }
  if (item["type"] != "reasoning") item["status"] = "completed";
  return item;
}

json::Array kept_input(const json::Value& input) {
  json::Array items;
  if (input.is_string()) {
    items.emplace_back(kept_item({{"type", "message"}, {"role", "user"}, {"content", input}}));
  } else {
    for (const auto& item : input.get_array()) items.emplace_back(kept_item(item.get_object()));
  }
  return items;
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

void read_keeping(Form& form, ResponsesCall& call) {
  call.store = form.flag("store").value_or(true);
  call.background = form.flag("background").value_or(false);
  if (call.background && !call.store) form.refuse("background", "needs store: true");
  call.previous = form.text("previous_response_id", id_bytes_max);
}

void refuse_unsupported(Form& form) {
  form.unsupported("conversation", "is not supported: use previous_response_id");
  for (const char* field : {"prompt", "max_tool_calls", "context_management"}) form.unsupported(field);
  form.word("truncation", {"disabled"});
}

}  // namespace

ResponsesCall parse_responses(const json::Value& body, const json::Array& earlier) {
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
  read_keeping(form, call);
  read_input(form, earlier, chat);
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
  call.asked["store"] = call.store;
  call.asked["background"] = call.background;
  call.asked["previous_response_id"] = call.previous ? json::Value(*call.previous) : json::Value();
  if (call.store) call.input = kept_input(form.json().at("input"));
  request.task = std::move(chat);
  validate(request);
  return call;
}

std::optional<std::string> previous_response_of(const json::Value& body) {
  return Form(body).text("previous_response_id", id_bytes_max);
}

void name_items(json::Array& items, std::string_view id) {
  id.remove_prefix(std::min(id.size(), std::string_view("resp_").size()));
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto& item = items[i].get_object();
    const auto& type = item["type"];
    const char* front = type == "function_call"          ? "fc_"
                        : type == "function_call_output" ? "fco_"
                        : type == "reasoning"            ? "rs_"
                                                         : "msg_";
    item["id"] = fmt::format("{}{}i{}", front, id, i);
  }
}

}  // namespace cofre::gateway::openai
