#include "serving/tool_calls/tools.h"

#include <algorithm>

#include "base/error.h"

namespace cofre::serving::tool_calls {
namespace {

bool is_name(std::string_view name) {
  constexpr std::size_t longest = 128;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), fits);
}

bool all_text(const json::Value& values) {
  const auto* list = values.if_array();
  return list != nullptr && !list->empty() && std::all_of(list->begin(), list->end(), [](const json::Value& one) { return one.is_string(); });
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
      fail_field(Code::invalid, path + ".function.name", "{}.function.name must be 1 to 128 letters, digits, '_', '-' or '.'", path);
    json::Object schema;
    if (const auto* parameters = function.get_object().if_contains("parameters"); parameters != nullptr && !parameters->is_null()) {
      if (!parameters->is_object())
        fail_field(Code::invalid, path + ".function.parameters", "{}.function.parameters must be an object", path);
      schema = parameters->get_object();
    }
    if (!schemas_.emplace(name, std::move(schema)).second)
      fail_field(Code::invalid, path + ".function.name", "two tools have the name {}", name);
  }
}

bool Tools::begins(std::string_view beginning) const {
  const auto at = schemas_.lower_bound(beginning);
  return at != schemas_.end() && std::string_view(at->first).starts_with(beginning);
}

bool Tools::is_text(std::string_view name, std::string_view argument) const {
  const auto at = schemas_.find(name);
  if (at == schemas_.end()) return false;
  const auto* properties = at->second.if_contains("properties");
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
  std::erase_if(schemas_, [name](const auto& one) { return one.first != name; });
}

}  // namespace cofre::serving::tool_calls
