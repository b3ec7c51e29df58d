#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "template/ast.h"
#include "template/template.h"

namespace cofre::chat_template {

/// Evaluates a template once. Counts steps, depth and bytes.
class Interpreter {
 public:
  Interpreter(const Limits& limits, std::chrono::sys_seconds now) : limits_(limits), now_(now) {}

  std::string run(const Block& block, const json::Object& context);

  // For filters, tests and methods:
  [[noreturn]] void fail_at(std::string_view what) const;
  /// Refuses text that grew too large; returns it otherwise.
  std::string checked(std::string text) const;
  void step(std::size_t count = 1);
  Value call(const Value& callee, const Arguments& arguments);
  Value attribute(const Value& object, std::string_view name) const;
  Value item(const Value& object, const Value& key) const;
  /// The items that a loop over a value sees; Error where it cannot be looped over.
  std::vector<Value> items_of(const Value& value);
  Value apply_filter(const std::string& name, const Value& input, const Arguments& arguments);
  bool apply_test(const std::string& name, const Value& input, const Arguments& arguments);
  Value binary(const std::string& op, const Value& left, const Value& right);
  bool compare(const std::string& op, const Value& left, const Value& right) const;
  std::string format_time(const std::string& form) const;

 private:
  struct Frame {
    std::map<std::string, Value, std::less<>> names;
    std::shared_ptr<Frame> parent;
  };
  using FramePtr = std::shared_ptr<Frame>;
  enum class Flow { on, leave, next };
  struct Loop;

  Flow block(const Block& block);
  Flow statement(const Statement& statement);
  Flow condition(const Statement& statement);
  Flow loop(const Statement& statement);
  void loop_items(const Statement& statement, std::vector<Value> items, int depth);
  Flow loop_body(const Statement& statement, const std::vector<Value>& items, int depth);
  Value loop_object(const Statement& statement, const std::vector<Value>& items, std::size_t index, int depth,
                    std::shared_ptr<std::string> changed);
  void set(const Statement& statement);
  void define_macro(const Statement& statement);
  void call_block(const Statement& statement);
  Value make_macro(const Statement& statement, std::string name);
  void assign(const Expression& target, Value value);
  std::string captured(const Block& block);
  void write(std::string_view text);

  Value evaluate(const Expression& expression);
  Value evaluate_slice(const Expression& expression);
  Value evaluate_compare(const Expression& expression);
  Value look_up(const std::string& name) const;
  Arguments arguments(const Expression& expression);
  void add_globals();

  /// Counts nesting of evaluation while it lives.
  struct Deeper {
    Interpreter& self;
    explicit Deeper(Interpreter& i);
    ~Deeper() { --self.depth_; }
  };

  const Limits& limits_;
  std::chrono::sys_seconds now_;
  FramePtr frame_;
  std::string out_;
  std::size_t steps_ = 0, depth_ = 0;
  int line_ = 0;
};

/// A method of a value ("abc".upper), bound to it; nothing where the kind has none of that name.
std::optional<Value> find_method(Interpreter& interpreter, const Value& object, std::string_view name);

}  // namespace cofre::chat_template
