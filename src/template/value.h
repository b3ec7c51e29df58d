#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "json/json.h"

namespace cofre::chat_template {

class Value;

/// An attribute or name that does not exist; printing it gives nothing, using it is an error that names it.
struct Undefined {
  std::string name;
};
struct None {};

/// A list, or a tuple (which prints in round brackets). Shared: Jinja's lists are references.
struct List {
  std::vector<Value> items;
  bool tuple = false;
};

/// A dictionary with string keys in order of insertion; also a namespace().
struct Dict {
  std::vector<std::pair<std::string, Value>> items;
  bool is_namespace = false;

  const Value* find(std::string_view key) const;
  void set(std::string_view key, Value value);
};

/// Arguments of a call.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  /// Positional argument `index` or named `name`; nullptr where it was not given.
  const Value* find(std::size_t index, std::string_view name) const;
};

/// Something that can be called: a macro, a global function, a method bound to its object.
struct Function {
  std::string name;
  std::function<Value(const Arguments&)> call;
  bool bound = false;  ///< holds an object: a method
};

/// A value of the template language.
class Value {
 public:
  using Data = std::variant<Undefined, None, bool, std::int64_t, double, std::string, std::shared_ptr<List>,
                            std::shared_ptr<Dict>, std::shared_ptr<Function>>;
  Value() : data_(None{}) {}
  Value(Undefined undefined) : data_(std::move(undefined)) {}
  Value(None none) : data_(none) {}
  Value(bool truth) : data_(truth) {}
  Value(std::int64_t number) : data_(number) {}
  Value(double number) : data_(number) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(const char* text) : data_(std::string(text)) {}
  Value(std::shared_ptr<List> list) : data_(std::move(list)) {}
  Value(std::shared_ptr<Dict> dict) : data_(std::move(dict)) {}
  Value(std::shared_ptr<Function> function) : data_(std::move(function)) {}

  static Value list(std::vector<Value> items, bool tuple = false);
  static Value from_json(const json::Value& value);
  /// Throws Error(invalid) for what JSON has no word for: functions, undefined values.
  json::Value to_json() const;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&data_);
  }
  const std::string* text() const { return as<std::string>(); }
  const List* list() const { return as<std::shared_ptr<List>>() ? as<std::shared_ptr<List>>()->get() : nullptr; }
  const Dict* dict() const { return as<std::shared_ptr<Dict>>() ? as<std::shared_ptr<Dict>>()->get() : nullptr; }
  List* mutable_list() const { return as<std::shared_ptr<List>>() ? as<std::shared_ptr<List>>()->get() : nullptr; }
  Dict* mutable_dict() const { return as<std::shared_ptr<Dict>>() ? as<std::shared_ptr<Dict>>()->get() : nullptr; }
  const Function* function() const {
    return as<std::shared_ptr<Function>>() ? as<std::shared_ptr<Function>>()->get() : nullptr;
  }
  bool is_undefined() const { return as<Undefined>() != nullptr; }
  bool is_none() const { return as<None>() != nullptr; }
  bool is_number() const { return as<std::int64_t>() != nullptr || as<double>() != nullptr; }  // not booleans
  /// The number, booleans counting 0 and 1; nothing for other kinds.
  std::optional<double> number() const;
  std::optional<std::int64_t> integer() const;

  bool truth() const;
  /// Python's str().
  std::string str() const;
  /// Python's repr().
  std::string repr() const;
  /// The kind as Python names it: "str", "int", "NoneType".
  std::string_view type_name() const;

  /// Python's ==.
  bool equals(const Value& other) const;
  /// Python's <; throws Error(invalid) where the kinds have no order.
  bool less(const Value& other) const;
  /// Whether a list or dictionary lies in this value, or may (a method holds its object): keeping this value in it
  /// would make a circle, which is never freed.
  bool holds(const void* container) const;

 private:
  Data data_;
};

}  // namespace cofre::chat_template
