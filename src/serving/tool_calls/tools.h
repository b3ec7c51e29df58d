#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace cofre::serving::tool_calls {

struct Tool {
  std::string name;
  json::Object schema;    ///< of its arguments; empty: any object
  bool strict = false;    ///< what its schema says must hold
  std::size_t index = 0;  ///< in the request
};

/// The tools that an answer may call.
class Tools {
 public:
  Tools() = default;
  /// Of {"type":"function","function":{name, parameters}} each. Throws Error(invalid, field tools[i]…) for one without
  /// a name of 1 to 128 letters, digits, '_', '-', '.', or with a name that another one has.
  explicit Tools(const json::Array& tools);

  bool empty() const { return tools_.empty(); }
  std::span<const Tool> all() const { return tools_; }
  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// Whether a name can begin so.
  bool begins(std::string_view beginning) const;
  /// Whether the schema of the tool says that this argument is a text.
  bool is_text(std::string_view name, std::string_view argument) const;
  /// Takes away all others. Throws Error(invalid, field tool_choice) where there is none of this name.
  void keep(std::string_view name);

 private:
  const Tool* find(std::string_view name) const;
  std::vector<Tool> tools_;
};

}  // namespace cofre::serving::tool_calls
