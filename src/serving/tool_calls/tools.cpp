#include "serving/tool_calls/tools.h"

#include <algorithm>

#include "base/error.h"

namespace cofre::serving::tool_calls {
namespace {

bool is_name(std::string_view name) {
  constexpr std::size_t longest = 128;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  return !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), fits);
}

bool all_text(const json::Value& values) {
  const auto* list = values.if_array();
  return list != nullptr && !list->empty() &&
         std::all_of(list->begin(), list->end(), [](const json::Value& one) { return one.is_string(); });
}

}  // namespace

Tools::Tools(const json::Array& tools) {
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const auto path = fmt::format("tools[{}]", i);
    if (!tools[i].is_object()) fail_field(Code::invalid, path, "{} must be an object", path);
    const auto& function = json::at(tools[i].get_object(), "function", path + ".");
    if (!function.is_object()) fail_field(Code::invalid, path + ".function", "{}.function must be an object", path);
    const auto name = json::string_at(function.get_object(), "name", path + ".function.");
    if (!is_name(name))
      fail_field(Code::invalid, path + ".function.name",
                 "{}.function.name must be 1 to 128 letters, digits, '_', '-' or '.'", path);
    if (has(name)) fail_field(Code::invalid, path + ".function.name", "two tools have the name {}", name);
    Tool tool{.name = std::string(name), .schema = {}, .strict = false, .index = i};
    if (const auto* parameters = function.get_object().if_contains("parameters");
        parameters != nullptr && !parameters->is_null()) {
      if (!parameters->is_object())
        fail_field(Code::invalid, path + ".function.parameters", "{}.function.parameters must be an object", path);
      tool.schema = parameters->get_object();
    }
    const auto* strict = function.get_object().if_contains("strict");
    tool.strict = strict != nullptr && strict->is_bool() && strict->get_bool();
    tools_.push_back(std::move(tool));
  }
}

const Tool* Tools::find(std::string_view name) const {
  const auto at = std::find_if(tools_.begin(), tools_.end(), [name](const Tool& tool) { return tool.name == name; });
  return at == tools_.end() ? nullptr : &*at;
}

bool Tools::begins(std::string_view beginning) const {
  return std::any_of(tools_.begin(), tools_.end(),
                     [beginning](const Tool& tool) { return tool.name.starts_with(beginning); });
}

bool Tools::is_text(std::string_view name, std::string_view argument) const {
  const auto* tool = find(name);
  if (tool == nullptr) return false;
  const auto* properties = tool->schema.if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return false;
  const auto* property = properties->get_object().if_contains(argument);
  if (property == nullptr || !property->is_object()) return false;
  const auto* type = property->get_object().if_contains("type");
  if (type != nullptr) return type->is_string() && type->get_string() == "string";
  const auto* values = property->get_object().if_contains("enum");
  return values != nullptr && all_text(*values);
}

void Tools::keep(std::string_view name) {
  if (!has(name)) fail_field(Code::invalid, "tool_choice", "tool_choice names {}, which is none of the tools", name);
  std::erase_if(tools_, [name](const Tool& tool) { return tool.name != name; });
}

}  // namespace cofre::serving::tool_calls
