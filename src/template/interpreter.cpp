#include "template/interpreter.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "base/checked.h"
#include "base/error.h"
#include "text/utf8.h"

namespace cofre::chat_template {
namespace {

using Kind = Expression::Kind;

/// Nested calls of the evaluator that one level of the template may need.
constexpr std::size_t calls_a_level = 8;

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

Interpreter::Deeper::Deeper(Interpreter& i) : self(i) {
  if (++i.depth_ > i.limits_.depth * calls_a_level) i.fail_at("nested too deeply");
}

void Interpreter::fail_at(std::string_view what) const { fail(Code::invalid, "template, line {}: {}", line_, what); }

std::string Interpreter::checked(std::string text) const {
  if (text.size() > limits_.output_bytes) fail_at(fmt::format("a text grew beyond {} bytes", limits_.output_bytes));
  return text;
}

void Interpreter::step(std::size_t count) {
  steps_ += count;
  if (steps_ > limits_.steps) fail_at(fmt::format("the template took more than {} steps", limits_.steps));
}

void Interpreter::write(std::string_view text) {
  if (out_.size() + text.size() > limits_.output_bytes)
    fail_at(fmt::format("the output grew beyond {} bytes", limits_.output_bytes));
  out_ += text;
}

std::string Interpreter::run(const Block& root, const json::Object& context) {
  frame_ = std::make_shared<Frame>();
  add_globals();
  auto globals = frame_;
  frame_ = std::make_shared<Frame>();
  frame_->parent = globals;
  for (const auto& member : context)
    frame_->names.insert_or_assign(std::string(member.key()), Value::from_json(member.value()));
  block(root);
  // Macros hold their frame, and the frame holds them: taken apart by hand.
  frame_->names.clear();
  globals->names.clear();
  return std::move(out_);
}

std::string Interpreter::format_time(const std::string& form) const {
  const std::time_t seconds = now_.time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char buffer[512];
  const auto size = std::strftime(buffer, sizeof buffer, form.c_str(), &parts);
  return {buffer, size};
}

void Interpreter::add_globals() {
  const auto add = [this](const char* name, std::function<Value(const Arguments&)> call) {
    auto function = std::make_shared<Function>();
    function->name = name;
    function->call = std::move(call);
    frame_->names.emplace(name, Value(std::move(function)));
  };
  add("raise_exception", [](const Arguments& a) -> Value {
    const auto* message = a.find(0, "message");
    fail(Code::invalid, "the template refuses: {}", message == nullptr ? "" : message->str());
  });
  add("strftime_now", [this](const Arguments& a) -> Value {
    const auto* form = a.find(0, "format");
    if (form == nullptr || form->text() == nullptr) fail_at("strftime_now needs a format");
    return format_time(*form->text());
  });
  add("namespace", [this](const Arguments& a) -> Value {
    auto dict = std::make_shared<Dict>();
    dict->is_namespace = true;
    for (const auto& one : a.positional) {
      if (one.dict() == nullptr) fail_at("namespace takes dictionaries and names");
      for (const auto& [key, value] : one.dict()->items) dict->set(key, value);
    }
    for (const auto& [key, value] : a.named) dict->set(key, value);
    return dict;
  });
  add("dict", [this](const Arguments& a) -> Value {
    auto dict = std::make_shared<Dict>();
    for (const auto& one : a.positional) {
      if (one.dict() == nullptr) fail_at("dict takes dictionaries and names");
      for (const auto& [key, value] : one.dict()->items) dict->set(key, value);
    }
    for (const auto& [key, value] : a.named) dict->set(key, value);
    return dict;
  });
  add("range", [this](const Arguments& a) -> Value {
    std::int64_t bounds[3] = {0, 0, 1};
    for (std::size_t i = 0; i < a.positional.size() && i < 3; ++i) {
      const auto number = a.positional[i].integer();
      if (!number) fail_at("range takes whole numbers");
      bounds[i] = *number;
    }
    if (a.positional.size() == 1) std::swap(bounds[0], bounds[1]);
    if (a.positional.empty() || bounds[2] == 0) fail_at("range needs a step that is not 0");
    std::vector<Value> items;
    for (std::int64_t i = bounds[0]; bounds[2] > 0 ? i < bounds[1] : i > bounds[1];) {
      step();
      items.emplace_back(i);
      const auto next = checked_add(i, bounds[2]);
      if (!next) break;
      i = *next;
    }
    return Value::list(std::move(items));
  });
}

// ---- statements

Interpreter::Flow Interpreter::block(const Block& b) {
  const Deeper deeper(*this);
  for (const auto& one : b.statements) {
    const Flow flow = statement(*one);
    if (flow != Flow::on) return flow;
  }
  return Flow::on;
}

std::string Interpreter::captured(const Block& b) {
  std::string outer = std::exchange(out_, {});
  block(b);
  return std::exchange(out_, std::move(outer));
}

Interpreter::Flow Interpreter::statement(const Statement& s) {
  step();
  line_ = s.line;
  switch (s.kind) {
    case Statement::Kind::text: write(s.text); return Flow::on;
    case Statement::Kind::output: write(evaluate(*s.expression).str()); return Flow::on;
    case Statement::Kind::condition: return condition(s);
    case Statement::Kind::loop: return loop(s);
    case Statement::Kind::set: set(s); return Flow::on;
    case Statement::Kind::macro: define_macro(s); return Flow::on;
    case Statement::Kind::call: call_block(s); return Flow::on;
    case Statement::Kind::filter: {
      const auto name = std::string(
          "\x01"
          "filtered");
      frame_->names.insert_or_assign(name, Value(captured(s.body)));
      write(evaluate(*s.filter).str());
      frame_->names.erase(name);
      return Flow::on;
    }
    case Statement::Kind::scope: {
      auto inner = std::make_shared<Frame>();
      inner->parent = frame_;
      auto outer = std::exchange(frame_, inner);
      const Flow flow = block(s.body);
      frame_ = std::move(outer);
      return flow;
    }
    case Statement::Kind::leave: return Flow::leave;
    case Statement::Kind::next: return Flow::next;
    case Statement::Kind::run: evaluate(*s.expression); return Flow::on;
  }
  return Flow::on;
}

Interpreter::Flow Interpreter::condition(const Statement& s) {
  for (const auto& [expression, body] : s.branches)
    if (evaluate(*expression).truth()) return block(body);
  return block(s.otherwise);
}

Interpreter::Flow Interpreter::loop(const Statement& s) {
  loop_items(s, items_of(evaluate(*s.expression)), 0);
  return Flow::on;
}

void Interpreter::loop_items(const Statement& s, std::vector<Value> items, int depth) {
  if (s.filter) {
    std::vector<Value> kept;
    for (auto& one : items) {
      auto inner = std::make_shared<Frame>();
      inner->parent = frame_;
      auto outer = std::exchange(frame_, inner);
      assign(*s.targets[0], one);
      const bool keep = evaluate(*s.filter).truth();
      frame_ = std::move(outer);
      if (keep) kept.push_back(std::move(one));
    }
    items = std::move(kept);
  }
  if (items.empty()) {
    block(s.otherwise);
    return;
  }
  loop_body(s, items, depth);
}

Interpreter::Flow Interpreter::loop_body(const Statement& s, const std::vector<Value>& items, int depth) {
  const auto changed = std::make_shared<std::string>();
  const FramePtr outer = frame_;
  for (std::size_t i = 0; i < items.size(); ++i) {
    step();
    frame_ = std::make_shared<Frame>();
    frame_->parent = outer;
    assign(*s.targets[0], items[i]);
    frame_->names.insert_or_assign("loop", loop_object(s, items, i, depth, changed));
    const Flow flow = block(s.body);
    frame_->names.clear();  // a macro defined here holds its frame
    frame_ = outer;
    if (flow == Flow::leave) break;
  }
  return Flow::on;
}

Value Interpreter::loop_object(const Statement& s, const std::vector<Value>& items, std::size_t index, int depth,
                               std::shared_ptr<std::string> changed) {
  auto loop = std::make_shared<Dict>();
  const auto number = [](std::size_t n) { return Value(static_cast<std::int64_t>(n)); };
  const auto callable = [](const char* name, std::function<Value(const Arguments&)> call) {
    auto function = std::make_shared<Function>();
    function->name = name;
    function->call = std::move(call);
    return Value(std::move(function));
  };
  loop->is_namespace = true;
  auto& m = loop->items;
  m.emplace_back("index", number(index + 1));
  m.emplace_back("index0", number(index));
  m.emplace_back("revindex", number(items.size() - index));
  m.emplace_back("revindex0", number(items.size() - index - 1));
  m.emplace_back("first", Value(index == 0));
  m.emplace_back("last", Value(index + 1 == items.size()));
  m.emplace_back("length", number(items.size()));
  m.emplace_back("depth", Value(static_cast<std::int64_t>(depth + 1)));
  m.emplace_back("depth0", Value(static_cast<std::int64_t>(depth)));
  if (index > 0) m.emplace_back("previtem", items[index - 1]);
  if (index + 1 < items.size()) m.emplace_back("nextitem", items[index + 1]);
  m.emplace_back("cycle", callable("cycle", [this, index](const Arguments& a) -> Value {
                   if (a.positional.empty()) fail_at("loop.cycle needs values");
                   return a.positional[index % a.positional.size()];
                 }));
  m.emplace_back("changed", callable("changed", [changed](const Arguments& a) -> Value {
                   auto now = Value::list(a.positional, true).repr();
                   return std::exchange(*changed, now) != now;
                 }));
  if (s.recursive)
    m.emplace_back(
        "\x01"
        "call",
        callable("loop", [this, &s, depth](const Arguments& a) -> Value {
          if (a.positional.size() != 1) fail_at("loop() takes one list");
          const Deeper deeper(*this);
          std::string outer = std::exchange(out_, {});
          loop_items(s, items_of(a.positional[0]), depth + 1);
          return std::exchange(out_, std::move(outer));
        }));
  return loop;
}

void Interpreter::assign(const Expression& target, Value value) {
  if (target.kind == Kind::name) {
    frame_->names.insert_or_assign(target.text, std::move(value));
  } else if (target.kind == Kind::attribute) {
    const Value object = look_up(target.parts[0]->text);
    if (object.dict() == nullptr || !object.dict()->is_namespace) fail_at("only attributes of a namespace can be set");
    if (value.holds(object.dict())) fail_at("a namespace cannot hold itself");
    object.mutable_dict()->set(target.text, std::move(value));
  } else {
    const auto items = items_of(value);
    if (items.size() != target.parts.size())
      fail_at(fmt::format("{} values for {} names", items.size(), target.parts.size()));
    for (std::size_t i = 0; i < items.size(); ++i) assign(*target.parts[i], items[i]);
  }
}

void Interpreter::set(const Statement& s) {
  if (s.expression) return assign(*s.targets[0], evaluate(*s.expression));
  auto inner = std::make_shared<Frame>();
  inner->parent = frame_;
  auto outer = std::exchange(frame_, inner);
  Value text = captured(s.body);
  frame_ = std::move(outer);
  if (s.filter) {
    const std::string name =
        "\x01"
        "filtered";
    frame_->names.insert_or_assign(name, text);
    text = evaluate(*s.filter);
    frame_->names.erase(name);
  }
  assign(*s.targets[0], std::move(text));
}

Value Interpreter::make_macro(const Statement& s, std::string name) {
  auto function = std::make_shared<Function>();
  function->name = name;
  function->call = [this, &s, name, home = std::weak_ptr<Frame>(frame_)](const Arguments& a) -> Value {
    const Deeper deeper(*this);
    auto inner = std::make_shared<Frame>();
    inner->parent = home.lock();
    if (!inner->parent) fail_at(fmt::format("the macro {} has left its scope", name));
    auto outer = std::exchange(frame_, inner);
    if (a.positional.size() > s.parameters.size())
      fail_at(fmt::format("{} takes {} arguments", name, s.parameters.size()));
    for (std::size_t i = 0; i < s.parameters.size(); ++i) {
      const auto& [parameter, otherwise] = s.parameters[i];
      const auto* given = a.find(i, parameter);
      frame_->names.insert_or_assign(parameter, given != nullptr ? *given
                                                : otherwise      ? evaluate(*otherwise)
                                                                 : Value(Undefined{parameter}));
    }
    for (const auto& [key, value] : a.named) {
      const bool known = key == "caller" || std::any_of(s.parameters.begin(), s.parameters.end(),
                                                        [&](const auto& p) { return p.first == key; });
      if (!known) fail_at(fmt::format("{} has no parameter {}", name, key));
      if (key == "caller") frame_->names.insert_or_assign(key, value);
    }
    Value text = captured(s.body);
    inner->names.clear();
    frame_ = std::move(outer);
    return text;
  };
  return function;
}

void Interpreter::define_macro(const Statement& s) { frame_->names.insert_or_assign(s.text, make_macro(s, s.text)); }

void Interpreter::call_block(const Statement& s) {
  const Expression& call_expression = *s.expression;
  Arguments a = arguments(call_expression);
  a.named.emplace_back("caller", make_macro(s, "caller"));
  write(call(evaluate(*call_expression.parts[0]), a).str());
}

// ---- expressions

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
