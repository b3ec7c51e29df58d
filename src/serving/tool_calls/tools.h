#pragma once

#include <map>
#include <string>
#include <string_view>

#include "json/json.h"

namespace cofre::serving::tool_calls {

/// The tools that an answer may call.
class Tools {
 public:
  Tools() = default;
  /// Of {"type":"function","function":{name, parameters}} each. Throws Error(invalid, field tools[i]…) for one without a
  /// name of 1 to 128 letters, digits, '_', '-', '.', or with a name that another one has.
  explicit Tools(const json::Array& tools);

  bool empty() const { return schemas_.empty(); }
  bool has(std::string_view name) const { return schemas_.find(name) != schemas_.end(); }
  /// Whether a name can begin so.
  bool begins(std::string_view beginning) const;
  /// Whether the schema of the tool says that this argument is a text.
  bool is_text(std::string_view name, std::string_view argument) const;
  /// Names and schemas of the arguments; a tool without one takes any object.
  const std::map<std::string, json::Object, std::less<>>& schemas() const { return schemas_; }
  /// Takes away all others. Throws Error(invalid, field tool_choice) where there is none of this name.
  void keep(std::string_view name);

 private:
  std::map<std::string, json::Object, std::less<>> schemas_;
};

}  // namespace cofre::serving::tool_calls
