#include "gateway/dialects/openai/messages.h"

#include <algorithm>
#include <cctype>

namespace cofre::gateway::openai {
namespace {

constexpr std::size_t messages_max = 16'384;
constexpr std::size_t parts_max = 4'096;
constexpr std::size_t tools_max = 512;
constexpr std::size_t calls_max = 512;

std::string item(const std::string& list, std::size_t at) { return fmt::format("{}[{}]", list, at); }

void check_function_name(Form& form, const std::string& name) {
  const bool good = !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' || c == ':';
  });
  if (!good) form.refuse("name", "must be 1 to 128 letters, digits, _ - . :");
}

json::Array read_calls(Form& form) {
  json::Array calls;
  const auto* list = form.list("tool_calls", calls_max);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    Form call((*list)[i], item(form.name("tool_calls"), i) + ".");
    call.whole("index", 0, calls_max);  // kept by those who put a stream together
    const auto type = call.word("type", {"function"});
    auto function = call.object("function");
    if (!function) call.refuse("function", "is missing");
    const auto name = function->required_text("name");
    check_function_name(*function, name);
    const auto* arguments = function->take("arguments");
    json::Object made{{"type", "function"}};
    if (const auto id = call.text("id", 512)) made["id"] = *id;
    made["function"] = json::Object{
        {"name", name},
        {"arguments", arguments == nullptr ? json::Object() : read_arguments(*arguments, function->name("arguments"))}};
    function->finish();
    call.finish();
    calls.emplace_back(std::move(made));
  }
  return calls;
}

json::Object read_assistant(Form& form) {
  json::Object out{{"role", "assistant"}};
  const auto* content = form.take("content");
  out["content"] = content == nullptr ? std::string() : read_content(*content, form.name("content"));
  auto calls = read_calls(form);
  if (!calls.empty()) out["tool_calls"] = std::move(calls);
  // What others call it; both are ours to read.
  auto reasoning = form.text("reasoning_content", 64 << 20);
  if (auto other = form.text("reasoning", 64 << 20); !reasoning) reasoning = std::move(other);
  if (reasoning) out["reasoning_content"] = *reasoning;
  if (const auto refusal = form.text("refusal"); refusal && content == nullptr) out["content"] = *refusal;
  form.ignore("annotations");
  form.unsupported("audio");
  form.unsupported("function_call", "is not supported: use tool_calls");
  return out;
}

json::Object read_message(const json::Value& value, const std::string& path) {
  Form form(value, path + ".");
  const auto role = form.required_text("role");
  json::Object out;
  if (role == "assistant") {
    out = read_assistant(form);
  } else if (role == "system" || role == "developer" || role == "user" || role == "tool") {
    out["role"] = role == "developer" ? "system" : role;
    const auto* content = form.take("content");
    if (content == nullptr) form.refuse("content", "is missing");
    out["content"] = read_content(*content, form.name("content"));
    if (role == "tool") out["tool_call_id"] = form.required_text("tool_call_id", 512);
  } else if (role == "function") {
    fail_field(Code::unsupported, form.name("role"), "{} \"function\" is not supported: use \"tool\"",
               form.name("role"));
  } else {
    form.refuse("role", "must be one of: system, developer, user, assistant, tool");
  }
  if (const auto name = form.text("name", 512)) out["name"] = *name;
  form.finish();
  return out;
}

json::Object read_tool(const json::Value& value, const std::string& path) {
  Form form(value, path + ".");
  const auto type = form.required_text("type");
  if (type != "function")
    fail_field(Code::unsupported, form.name("type"), "{} \"{}\" is not supported; \"function\" is", form.name("type"),
               type.substr(0, 64));
  auto function = form.object("function");
  if (!function) form.refuse("function", "is missing");
  json::Object out;
  const auto name = function->required_text("name");
  check_function_name(*function, name);
  out["name"] = name;
  if (const auto description = function->text("description")) out["description"] = *description;
  if (auto parameters = function->object("parameters")) out["parameters"] = parameters->json();
  function->flag("strict");  // arguments are always held to their schema
  function->finish();
  form.finish();
  return {{"type", "function"}, {"function", std::move(out)}};
}

void read_tool_choice(Form& form, protocol::Chat& chat) {
  const auto* choice = form.take("tool_choice");
  if (choice == nullptr) return;
  if (choice->is_string()) {
    const std::string_view word = choice->get_string();
    if (word == "none") {
      chat.tool_choice = protocol::ToolChoice::none;
    } else if (word == "auto") {
      chat.tool_choice = protocol::ToolChoice::automatic;
    } else if (word == "required") {
      chat.tool_choice = protocol::ToolChoice::required;
    } else {
      form.refuse("tool_choice", "must be none, auto, required or a function");
    }
  } else {
    Form named(*choice, form.name("tool_choice") + ".");
    const auto type = named.required_text("type");
    if (type != "function")
      fail_field(Code::unsupported, named.name("type"), "{} \"{}\" is not supported", named.name("type"),
                 type.substr(0, 64));
    auto function = named.object("function");
    if (!function) named.refuse("function", "is missing");
    chat.tool_choice = protocol::ToolChoice::named;
    chat.tool_name = function->required_text("name");
    function->finish();
    named.finish();
    const bool known = std::any_of(chat.tools.begin(), chat.tools.end(), [&](const json::Value& tool) {
      return tool.as_object().at("function").as_object().at("name") == json::Value(chat.tool_name);
    });
    if (!known) form.refuse("tool_choice", "names a function that is not among the tools");
  }
  const bool forced =
      chat.tool_choice == protocol::ToolChoice::required || chat.tool_choice == protocol::ToolChoice::named;
  if (forced && chat.tools.empty()) form.refuse("tool_choice", "asks for a call, but there are no tools");
}

}  // namespace

std::string read_content(const json::Value& content, const std::string& path) {
  if (content.is_string()) return std::string(content.get_string());
  if (!content.is_array()) fail_field(Code::invalid, path, "{} must be a text or a list of parts", path);
  const auto& parts = content.get_array();
  if (parts.size() > parts_max) fail_field(Code::invalid, path, "{} must have at most {} parts", path, parts_max);
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Form part(parts[i], item(path, i) + ".");
    const auto type = part.required_text("type");
    std::optional<std::string> piece;
    if (type == "text" || type == "input_text" || type == "output_text") {
      piece = part.required_text("text", 256 << 20);
    } else if (type == "refusal") {
      piece = part.required_text("refusal", 256 << 20);
    } else {
      fail_field(Code::unsupported, part.name("type"), "{} \"{}\" is not supported; text is", part.name("type"),
                 type.substr(0, 64));
    }
    part.ignore("annotations");
    part.ignore("logprobs");
    part.ignore("cache_control");
    part.finish();
    if (i > 0) text += '\n';
    text += *piece;
  }
  return text;
}

json::Object read_arguments(const json::Value& arguments, const std::string& path) {
  if (arguments.is_object()) return arguments.get_object();
  if (!arguments.is_string()) fail_field(Code::invalid, path, "{} must be the text of a JSON object", path);
  if (arguments.get_string().empty()) return {};
  try {
    const auto value = json::parse(arguments.get_string());
    if (value.is_object()) return value.get_object();
  } catch (const Error& error) {
    fail_field(Code::invalid, path, "{}: {}", path, error.what());
  }
  fail_field(Code::invalid, path, "{} must be the text of a JSON object", path);
}

json::Array read_messages(Form& form) {
  const auto* list = form.list("messages", messages_max);
  if (list == nullptr) form.refuse("messages", "is missing");
  if (list->empty()) form.refuse("messages", "must hold at least one message");
  json::Array out;
  out.reserve(list->size());
  for (std::size_t i = 0; i < list->size(); ++i)
    out.emplace_back(read_message((*list)[i], item(form.name("messages"), i)));
  return out;
}

void read_tools(Form& form, protocol::Chat& chat) {
  if (const auto* list = form.list("tools", tools_max))
    for (std::size_t i = 0; i < list->size(); ++i)
      chat.tools.emplace_back(read_tool((*list)[i], item(form.name("tools"), i)));
  read_tool_choice(form, chat);
  chat.parallel_tool_calls = form.flag("parallel_tool_calls").value_or(true);
}

}  // namespace cofre::gateway::openai
