#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "base/error.h"
#include "template/interpreter.h"
#include "text/utf8.h"

// Expressions of a template: what Interpreter does with them.

namespace cofre::chat_template {
namespace {

using Kind = Expression::Kind;

std::vector<std::string> characters(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto bytes = std::max<std::size_t>(1, text::decode_utf8(text, at).bytes);
    out.emplace_back(text.substr(at, bytes));
    at += bytes;
  }
  return out;
}

}  // namespace

Value Interpreter::look_up(const std::string& name) const {
  for (const Frame* frame = frame_.get(); frame != nullptr; frame = frame->parent.get()) {
    const auto found = frame->names.find(name);
    if (found != frame->names.end()) return found->second;
  }
  return Undefined{name};
}

Arguments Interpreter::arguments(const Expression& e) {
  Arguments a;
  for (std::size_t i = 1; i < e.parts.size(); ++i) a.positional.push_back(evaluate(*e.parts[i]));
  for (const auto& [name, value] : e.named) a.named.emplace_back(name, evaluate(*value));
  return a;
}

Value Interpreter::evaluate(const Expression& e) {
  const Deeper deeper(*this);
  step();
  line_ = e.line;
  switch (e.kind) {
    case Kind::literal: return e.value;
    case Kind::name: return look_up(e.text);
    case Kind::list:
    case Kind::tuple: {
      std::vector<Value> items;
      for (const auto& part : e.parts) items.push_back(evaluate(*part));
      return Value::list(std::move(items), e.kind == Kind::tuple);
    }
    case Kind::dict: {
      auto dict = std::make_shared<Dict>();
      for (std::size_t i = 0; i < e.parts.size(); i += 2) {
        const Value key = evaluate(*e.parts[i]);
        if (key.list() != nullptr || key.dict() != nullptr || key.is_undefined())
          fail_at("a key of a dictionary must be a text");
        dict->set(key.str(), evaluate(*e.parts[i + 1]));
      }
      return dict;
    }
    case Kind::attribute: {
      const Value object = evaluate(*e.parts[0]);
      if (auto method = find_method(*this, object, e.text)) return *method;
      return attribute(object, e.text);
    }
    case Kind::item: return item(evaluate(*e.parts[0]), evaluate(*e.parts[1]));
    case Kind::slice: return evaluate_slice(e);
    case Kind::call: {
      const Value callee = evaluate(*e.parts[0]);
      if (callee.is_undefined()) fail_at(fmt::format("'{}' is undefined", callee.as<Undefined>()->name));
      return call(callee, arguments(e));
    }
    case Kind::filter: {
      const Value input = e.parts[0] ? evaluate(*e.parts[0])
                                     : look_up(
                                           "\x01"
                                           "filtered");
      return apply_filter(e.text, input, arguments(e));
    }
    case Kind::test: return apply_test(e.text, evaluate(*e.parts[0]), arguments(e));
    case Kind::unary: {
      const Value value = evaluate(*e.parts[0]);
      if (e.text == "not") return !value.truth();
      if (const auto whole = value.integer()) {
        if (e.text == "+") return *whole;
        const auto negative = checked_mul<std::int64_t>(*whole, -1);
        if (!negative) fail_at("a number is too large");
        return *negative;
      }
      if (const auto real = value.number()) return e.text == "-" ? -*real : *real;
      fail_at(fmt::format("bad operand for unary {}: {}", e.text, value.type_name()));
    }
    case Kind::binary: {
      Value left = evaluate(*e.parts[0]);
      if (e.text == "and") return left.truth() ? evaluate(*e.parts[1]) : left;
      if (e.text == "or") return left.truth() ? left : evaluate(*e.parts[1]);
      return binary(e.text, left, evaluate(*e.parts[1]));
    }
    case Kind::compare: return evaluate_compare(e);
    case Kind::condition:
      if (evaluate(*e.parts[1]).truth()) return evaluate(*e.parts[0]);
      return e.parts[2] ? evaluate(*e.parts[2]) : Value(Undefined{"the inline if-expression without else"});
  }
  return None{};
}

Value Interpreter::evaluate_compare(const Expression& e) {
  Value left = evaluate(*e.parts[0]);
  for (std::size_t i = 0; i < e.operators.size(); ++i) {
    Value right = evaluate(*e.parts[i + 1]);
    if (!compare(e.operators[i], left, right)) return false;
    left = std::move(right);
  }
  return true;
}

bool Interpreter::compare(const std::string& op, const Value& left, const Value& right) const {
  if (op == "==") return left.equals(right);
  if (op == "!=") return !left.equals(right);
  if (op == "in" || op == "not in") {
    bool inside = false;
    if (const auto* text = right.text()) {
      if (left.text() == nullptr)
        fail_at(fmt::format("'in <string>' requires string as left operand, not {}", left.type_name()));
      inside = text->find(*left.text()) != std::string::npos;
    } else if (const auto* list = right.list()) {
      inside = std::any_of(list->items.begin(), list->items.end(), [&](const Value& one) { return one.equals(left); });
    } else if (const auto* dict = right.dict()) {
      inside = left.text() != nullptr && dict->find(*left.text()) != nullptr;
    } else if (!right.is_undefined()) {
      fail_at(fmt::format("argument of type '{}' is not iterable", right.type_name()));
    }
    return inside == (op == "in");
  }
  if (op == "<") return left.less(right);
  if (op == ">") return right.less(left);
  if (op == "<=") return left.less(right) || left.equals(right);
  return right.less(left) || left.equals(right);
}

Value Interpreter::binary(const std::string& op, const Value& left, const Value& right) {
  if (op == "~") return checked(left.str() + right.str());
  for (const Value* side : {&left, &right})
    if (side->is_undefined()) fail_at(fmt::format("'{}' is undefined", side->as<Undefined>()->name));
  if (op == "+" && left.text() && right.text()) return checked(*left.text() + *right.text());
  if (op == "+" && left.list() && right.list()) {
    auto items = left.list()->items;
    items.insert(items.end(), right.list()->items.begin(), right.list()->items.end());
    step(items.size());
    return Value::list(std::move(items), left.list()->tuple);
  }
  if (op == "%" && left.text()) {
    Arguments a;
    if (right.list() && right.list()->tuple) {
      a.positional = right.list()->items;
    } else {
      a.positional.push_back(right);
    }
    return apply_filter("format", left, a);
  }
  if (op == "*" && (left.text() || right.text() || left.list() || right.list())) {
    const Value& many = left.text() || left.list() ? left : right;
    const auto times = (left.text() || left.list() ? right : left).integer();
    if (!times) fail_at("can only repeat a whole number of times");
    const auto count = static_cast<std::size_t>(std::max<std::int64_t>(0, *times));
    const std::size_t size = many.text() ? many.text()->size() : many.list()->items.size();
    const auto total = checked_mul(size, count);
    if (!total || *total > limits_.output_bytes) fail_at("a repetition is too long");
    if (many.list()) step(*total);
    std::string text;
    std::vector<Value> items;
    for (std::size_t i = 0; i < count && size > 0; ++i) {
      if (many.text()) {
        text += *many.text();
      } else {
        items.insert(items.end(), many.list()->items.begin(), many.list()->items.end());
      }
    }
    return many.text() ? Value(std::move(text)) : Value::list(std::move(items));
  }
  const auto a = left.number(), b = right.number();
  if (!a || !b)
    fail_at(fmt::format("unsupported operand types for {}: '{}' and '{}'", op, left.type_name(), right.type_name()));
  const auto x = left.integer(), y = right.integer();
  if ((op == "/" || op == "//" || op == "%") && *b == 0) fail_at("division by zero");
  if (op == "/") return *a / *b;
  if (x && y && op != "**") {
    std::optional<std::int64_t> result;
    if (op == "+") result = checked_add(*x, *y);
    std::int64_t out = 0;
    if (op == "-" && !__builtin_sub_overflow(*x, *y, &out)) result = out;
    if (op == "*") result = checked_mul(*x, *y);
    if (op == "//" || op == "%") {
      if (*y == -1) {
        result = op == "%" ? std::optional<std::int64_t>(0) : checked_mul<std::int64_t>(*x, -1);
      } else {  // towards −∞, as Python does
        const std::int64_t quotient = *x / *y - ((*x % *y != 0) && ((*x < 0) != (*y < 0)) ? 1 : 0);
        result = op == "//" ? quotient : *x - quotient * *y;
      }
    }
    if (!result) fail_at("a number is too large");
    return *result;
  }
  if (op == "+") return *a + *b;
  if (op == "-") return *a - *b;
  if (op == "*") return *a * *b;
  if (op == "//") return std::floor(*a / *b);
  if (op == "%") return *a - std::floor(*a / *b) * *b;
  if (x && y && *y >= 0) {
    std::int64_t result = 1;
    for (std::int64_t i = 0; i < *y; ++i) {
      if (*x == 0 || *x == 1) return i == 0 && *y == 0 ? std::int64_t{1} : *x;
      const auto next = checked_mul(result, *x);
      if (!next) fail_at("a number is too large");
      result = *next;
    }
    return result;
  }
  return std::pow(*a, *b);
}

Value Interpreter::attribute(const Value& object, std::string_view name) const {
  if (object.is_undefined()) fail_at(fmt::format("'{}' is undefined", object.as<Undefined>()->name));
  if (const auto* dict = object.dict())
    if (const auto* found = dict->find(name); found != nullptr && !name.starts_with('\x01')) return *found;
  return Undefined{std::string(name)};
}

Value Interpreter::item(const Value& object, const Value& key) const {
  if (object.is_undefined()) fail_at(fmt::format("'{}' is undefined", object.as<Undefined>()->name));
  if (const auto* dict = object.dict()) {
    if (key.list() != nullptr || key.dict() != nullptr) fail_at("a key of a dictionary must be a text");
    if (const auto* found = dict->find(key.str())) return *found;
    return Undefined{key.str()};
  }
  const auto index = key.integer();
  const auto at = [&](std::size_t size) -> std::optional<std::size_t> {
    const std::int64_t i = *index < 0 ? *index + static_cast<std::int64_t>(size) : *index;
    if (i < 0 || i >= static_cast<std::int64_t>(size)) return std::nullopt;
    return static_cast<std::size_t>(i);
  };
  if (index && object.list()) {
    if (const auto i = at(object.list()->items.size())) return object.list()->items[*i];
  } else if (index && object.text()) {
    const auto all = characters(*object.text());
    if (const auto i = at(all.size())) return all[*i];
  }
  return Undefined{key.str()};
}

Value Interpreter::evaluate_slice(const Expression& e) {
  const Value object = evaluate(*e.parts[0]);
  std::optional<std::int64_t> bounds[3];
  for (std::size_t i = 0; i < 3; ++i) {
    if (!e.parts[i + 1]) continue;
    const Value value = evaluate(*e.parts[i + 1]);
    if (value.is_none()) continue;
    bounds[i] = value.integer();
    if (!bounds[i]) fail_at("slice indices must be whole numbers");
  }
  std::vector<Value> source;
  std::vector<std::string> letters;
  if (const auto* text = object.text()) {
    letters = characters(*text);
  } else if (const auto* list = object.list()) {
    source = list->items;
  } else {
    fail_at(fmt::format("a {} cannot be sliced", object.type_name()));
  }
  const auto size = static_cast<std::int64_t>(object.text() ? letters.size() : source.size());
  step(static_cast<std::size_t>(size) / 16);
  const std::int64_t stride = bounds[2].value_or(1);
  if (stride == 0) fail_at("a slice's step cannot be 0");
  const auto clamp = [size, stride](std::int64_t i) {
    if (i < 0) i = std::max<std::int64_t>(i, -size) + size - (i < -size ? 1 : 0);
    return std::clamp<std::int64_t>(i, stride < 0 ? -1 : 0, stride < 0 ? size - 1 : size);
  };
  const std::int64_t first = bounds[0] ? clamp(*bounds[0]) : stride < 0 ? size - 1 : 0;
  const std::int64_t last = bounds[1] ? clamp(*bounds[1]) : stride < 0 ? -1 : size;
  std::string text;
  std::vector<Value> items;
  for (std::int64_t i = first; stride > 0 ? i < last : i > last;) {
    if (object.text()) {
      text += letters[static_cast<std::size_t>(i)];
    } else {
      items.push_back(source[static_cast<std::size_t>(i)]);
    }
    const auto next = checked_add(i, stride);
    if (!next) break;
    i = *next;
  }
  if (object.text()) return text;
  return Value::list(std::move(items), object.list()->tuple);
}

std::vector<Value> Interpreter::items_of(const Value& value) {
  std::vector<Value> items;
  if (const auto* list = value.list()) {
    items = list->items;
  } else if (const auto* dict = value.dict()) {
    for (const auto& [key, unused] : dict->items) items.emplace_back(key);
  } else if (const auto* text = value.text()) {
    for (auto& letter : characters(*text)) items.emplace_back(std::move(letter));
  } else if (!value.is_undefined()) {
    fail_at(fmt::format("'{}' object is not iterable", value.type_name()));
  }
  step(items.size() / 16);
  return items;
}

Value Interpreter::call(const Value& callee, const Arguments& a) {
  if (const auto* function = callee.function()) {
    const auto keep = callee;  // the callee may be assigned over while it runs
    return function->call(a);
  }
  if (const auto* dict = callee.dict())
    if (const auto* self = dict->find("\x01"
                                      "call"))
      return call(*self, a);
  fail_at(fmt::format("'{}' object is not callable", callee.type_name()));
}

}  // namespace cofre::chat_template
