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

}  // namespace cofre::chat_template
