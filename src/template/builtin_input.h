#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "template/interpreter.h"

namespace cofre::chat_template {

/// What a filter or a test sees.
struct BuiltinInput {
  Interpreter& interpreter;
  const Value& value;
  const Arguments& arguments;

  const Value* find(std::size_t index, std::string_view name) const { return arguments.find(index, name); }
  std::string text(std::size_t index, std::string_view name, std::string otherwise) const {
    const auto* given = find(index, name);
    return given == nullptr || given->is_none() ? std::move(otherwise) : given->str();
  }
  std::int64_t whole(std::size_t index, std::string_view name, std::int64_t otherwise) const {
    const auto* given = find(index, name);
    if (given == nullptr || given->is_none()) return otherwise;
    const auto number = given->integer();
    if (!number) interpreter.fail_at(fmt::format("{} must be a whole number", name));
    return *number;
  }
  bool flag(std::size_t index, std::string_view name, bool otherwise) const {
    const auto* given = find(index, name);
    return given == nullptr ? otherwise : given->truth();
  }
  std::vector<Value> items() const { return interpreter.items_of(value); }
};

/// Whether there is a filter of this name.
bool is_filter(std::string_view name);

}  // namespace cofre::chat_template
