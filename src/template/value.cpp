#include "template/value.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace cofre::chat_template {
namespace {

/// What one operation over a whole value may visit: lists share items, so a small one can unfold without end.
struct Walk {
  std::size_t nodes = 1'000'000, bytes = 16 << 20;
  int depth = 100;

  void enter() {
    if (nodes-- == 0 || --depth < 0)
      fail(Code::invalid, "the template holds a list that is too large or nested too deeply");
  }
  void leave() { ++depth; }
  const std::string& copy(const std::string& text) {
    if (text.size() > bytes) fail(Code::invalid, "the template writes a list that is too large");
    bytes -= text.size();
    return text;
  }
};

std::string python_literal(std::string_view text) {
  const char quote = text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
  constexpr char hex[] = "0123456789abcdef";
  std::string out(1, quote);
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + quote;
}

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return json::number_text(value);
}

std::string repr_inside(const Value& value, Walk& walk);

std::string repr_of(const Value& value, Walk& walk) {
  walk.enter();
  std::string out = repr_inside(value, walk);
  walk.leave();
  return out;
}

std::string repr_inside(const Value& value, Walk& walk) {
  if (const auto* text = value.text()) return python_literal(walk.copy(*text));
  if (const auto* list = value.list()) {
    std::string out(1, list->tuple ? '(' : '[');
    for (std::size_t i = 0; i < list->items.size(); ++i) out += (i > 0 ? ", " : "") + repr_of(list->items[i], walk);
    if (list->tuple && list->items.size() == 1) out += ',';
    return out + (list->tuple ? ')' : ']');
  }
  if (const auto* dict = value.dict()) {
    std::string out = "{";
    for (std::size_t i = 0; i < dict->items.size(); ++i)
      out += (i > 0 ? ", " : "") + python_literal(walk.copy(dict->items[i].first)) + ": " +
             repr_of(dict->items[i].second, walk);
    return out + "}";
  }
  if (value.is_undefined()) return "Undefined";
  return value.str();
}

json::Value json_of(const Value& value, Walk& walk) {
  if (value.is_none()) return nullptr;
  if (const auto* truth = value.as<bool>()) return *truth;
  if (const auto* number = value.as<std::int64_t>()) return *number;
  if (const auto* number = value.as<double>()) return *number;
  if (const auto* string = value.text()) return boost::json::string(walk.copy(*string));
  walk.enter();
  json::Value out;
  if (const auto* items = value.list()) {
    auto& array = out.emplace_array();
    for (const auto& item : items->items) array.push_back(json_of(item, walk));
  } else if (const auto* members = value.dict(); members != nullptr && !members->is_namespace) {
    auto& object = out.emplace_object();
    for (const auto& [key, member] : members->items) object[key] = json_of(member, walk);
  } else {
    fail(Code::invalid, "tojson: an object of type {} cannot be written as JSON", value.type_name());
  }
  walk.leave();
  return out;
}

bool equal(const Value& left, const Value& right, Walk& walk) {
  const auto a = left.number(), b = right.number();
  if (a && b) {
    const auto x = left.integer(), y = right.integer();
    return x && y ? *x == *y : *a == *b;
  }
  if (left.text() && right.text()) return *left.text() == *right.text();
  if (left.is_none() || left.is_undefined())
    return left.is_none() == right.is_none() && left.is_undefined() == right.is_undefined();
  bool same = left.function() != nullptr && left.function() == right.function();
  walk.enter();
  if (left.list() && right.list()) {
    same = left.list()->tuple == right.list()->tuple &&
           std::equal(left.list()->items.begin(), left.list()->items.end(), right.list()->items.begin(),
                      right.list()->items.end(), [&](const Value& x, const Value& y) { return equal(x, y, walk); });
  } else if (left.dict() && right.dict()) {
    same = left.dict()->items.size() == right.dict()->items.size() &&
           std::all_of(left.dict()->items.begin(), left.dict()->items.end(), [&](const auto& member) {
             const auto* found = right.dict()->find(member.first);
             return found != nullptr && equal(member.second, *found, walk);
           });
  }
  walk.leave();
  return same;
}

bool is_less(const Value& left, const Value& right, Walk& walk) {
  const auto a = left.number(), b = right.number();
  if (a && b) return *a < *b;
  if (left.text() && right.text()) return *left.text() < *right.text();
  if (!left.list() || !right.list())
    fail(Code::invalid, "'<' is not defined between {} and {}", left.type_name(), right.type_name());
  walk.enter();
  const bool less = std::lexicographical_compare(left.list()->items.begin(), left.list()->items.end(),
                                                 right.list()->items.begin(), right.list()->items.end(),
                                                 [&](const Value& x, const Value& y) { return is_less(x, y, walk); });
  walk.leave();
  return less;
}

bool holds_inside(const Value& value, const void* container, Walk& walk) {
  if (const auto* function = value.function()) return function->bound;
  if (value.list() == nullptr && value.dict() == nullptr) return false;
  if (value.list() == container || value.dict() == container) return true;
  walk.enter();
  bool found = false;
  if (const auto* list = value.list()) {
    found = std::any_of(list->items.begin(), list->items.end(),
                        [&](const Value& one) { return holds_inside(one, container, walk); });
  } else {
    found = std::any_of(value.dict()->items.begin(), value.dict()->items.end(),
                        [&](const auto& member) { return holds_inside(member.second, container, walk); });
  }
  walk.leave();
  return found;
}

}  // namespace

const Value* Dict::find(std::string_view key) const {
  for (const auto& [name, value] : items)
    if (name == key) return &value;
  return nullptr;
}

void Dict::set(std::string_view key, Value value) {
  for (auto& [name, old] : items) {
    if (name != key) continue;
    old = std::move(value);
    return;
  }
  items.emplace_back(std::string(key), std::move(value));
}

const Value* Arguments::find(std::size_t index, std::string_view name) const {
  if (index < positional.size()) return &positional[index];
  for (const auto& [key, value] : named)
    if (key == name) return &value;
  return nullptr;
}

Value Value::list(std::vector<Value> items, bool tuple) {
  auto list = std::make_shared<List>();
  list->items = std::move(items);
  list->tuple = tuple;
  return Value(std::move(list));
}

Value Value::from_json(const json::Value& value) {
  switch (value.kind()) {
    case boost::json::kind::null: return None{};
    case boost::json::kind::bool_: return value.get_bool();
    case boost::json::kind::int64: return value.get_int64();
    case boost::json::kind::uint64: return static_cast<double>(value.get_uint64());
    case boost::json::kind::double_: return value.get_double();
    case boost::json::kind::string: return std::string_view(value.get_string());
    case boost::json::kind::array: {
      std::vector<Value> items;
      for (const auto& item : value.get_array()) items.push_back(from_json(item));
      return list(std::move(items));
    }
    case boost::json::kind::object: {
      auto dict = std::make_shared<Dict>();
      for (const auto& member : value.get_object())
        dict->items.emplace_back(std::string(member.key()), from_json(member.value()));
      return dict;
    }
  }
  return None{};
}

json::Value Value::to_json() const {
  Walk walk;
  return json_of(*this, walk);
}

std::optional<double> Value::number() const {
  if (const auto* truth = as<bool>()) return *truth ? 1.0 : 0.0;
  if (const auto* whole = as<std::int64_t>()) return static_cast<double>(*whole);
  if (const auto* real = as<double>()) return *real;
  return std::nullopt;
}

std::optional<std::int64_t> Value::integer() const {
  if (const auto* truth = as<bool>()) return *truth ? 1 : 0;
  if (const auto* whole = as<std::int64_t>()) return *whole;
  return std::nullopt;
}

bool Value::truth() const {
  if (const auto n = number()) return *n != 0;
  if (const auto* string = text()) return !string->empty();
  if (const auto* items = list()) return !items->items.empty();
  if (const auto* members = dict()) return members->is_namespace || !members->items.empty();
  return function() != nullptr;
}

std::string Value::str() const {
  if (const auto* string = text()) return *string;
  if (is_undefined()) return "";
  if (is_none()) return "None";
  if (const auto* truth = as<bool>()) return *truth ? "True" : "False";
  if (const auto* whole = as<std::int64_t>()) return std::to_string(*whole);
  if (const auto* real = as<double>()) return float_text(*real);
  if (const auto* callable = function()) return "<function " + callable->name + ">";
  return repr();
}

std::string Value::repr() const {
  Walk walk;
  return repr_of(*this, walk);
}

std::string_view Value::type_name() const {
  if (is_undefined()) return "Undefined";
  if (is_none()) return "NoneType";
  if (as<bool>()) return "bool";
  if (as<std::int64_t>()) return "int";
  if (as<double>()) return "float";
  if (text()) return "str";
  if (const auto* items = list()) return items->tuple ? "tuple" : "list";
  if (dict()) return "dict";
  return "function";
}

bool Value::equals(const Value& other) const {
  Walk walk;
  return equal(*this, other, walk);
}

bool Value::less(const Value& other) const {
  Walk walk;
  return is_less(*this, other, walk);
}

bool Value::holds(const void* container) const {
  Walk walk;
  return holds_inside(*this, container, walk);
}

}  // namespace cofre::chat_template
