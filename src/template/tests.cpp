#include <map>

#include "template/builtin_input.h"
#include "text/unicode.h"

// The tests of Jinja2 (jinja.palletsprojects.com/templates, "List of Builtin Tests").

namespace cofre::chat_template {
namespace {

using Input = BuiltinInput;
using Test = bool (*)(const Input&);

std::int64_t whole_or_fail(const Input& in) {
  const auto whole = in.value.integer();
  if (!whole) in.interpreter.fail_at("the test needs a whole number");
  return *whole;
}

const Value& other(const Input& in) {
  const auto* given = in.find(0, "other");
  if (given == nullptr) in.interpreter.fail_at("the test needs a value to compare with");
  return *given;
}

bool cased(const Input& in, bool upper) {
  const auto text = in.value.str();
  return text == (upper ? text::to_upper(text) : text::to_lower(text)) && text::to_upper(text) != text::to_lower(text);
}

const std::map<std::string_view, Test>& tests() {
  static const std::map<std::string_view, Test> all = {
      {"boolean", [](const Input& in) { return in.value.as<bool>() != nullptr; }},
      {"callable", [](const Input& in) { return in.value.function() != nullptr; }},
      {"defined", [](const Input& in) { return !in.value.is_undefined(); }},
      {"divisibleby",
       [](const Input& in) {
         const auto by = other(in).integer().value_or(0);
         if (by == 0) in.interpreter.fail_at("divisibleby needs a whole number that is not 0");
         return by == -1 || whole_or_fail(in) % by == 0;
       }},
      {"eq", [](const Input& in) { return in.interpreter.compare("==", in.value, other(in)); }},
      {"even", [](const Input& in) { return whole_or_fail(in) % 2 == 0; }},
      {"false", [](const Input& in) { return in.value.as<bool>() != nullptr && !in.value.truth(); }},
      {"filter", [](const Input& in) { return is_filter(in.value.str()); }},
      {"float", [](const Input& in) { return in.value.as<double>() != nullptr; }},
      {"ge", [](const Input& in) { return in.interpreter.compare(">=", in.value, other(in)); }},
      {"gt", [](const Input& in) { return in.interpreter.compare(">", in.value, other(in)); }},
      {"in", [](const Input& in) { return in.interpreter.compare("in", in.value, other(in)); }},
      {"integer", [](const Input& in) { return in.value.as<std::int64_t>() != nullptr; }},
      {"iterable",
       [](const Input& in) {
         return in.value.text() || in.value.list() || in.value.dict() || in.value.is_undefined();
       }},
      {"le", [](const Input& in) { return in.interpreter.compare("<=", in.value, other(in)); }},
      {"lower", [](const Input& in) { return cased(in, false); }},
      {"lt", [](const Input& in) { return in.interpreter.compare("<", in.value, other(in)); }},
      {"mapping", [](const Input& in) { return in.value.dict() != nullptr; }},
      {"ne", [](const Input& in) { return in.interpreter.compare("!=", in.value, other(in)); }},
      {"none", [](const Input& in) { return in.value.is_none(); }},
      {"number", [](const Input& in) { return in.value.number().has_value(); }},
      {"odd", [](const Input& in) { return whole_or_fail(in) % 2 != 0; }},
      {"sequence",
       [](const Input& in) {
         return in.value.text() || in.value.list() || in.value.dict() || in.value.is_undefined();
       }},
      {"string", [](const Input& in) { return in.value.text() != nullptr; }},
      {"test", [](const Input& in) { return tests().contains(in.value.str()); }},
      {"true", [](const Input& in) { return in.value.as<bool>() != nullptr && in.value.truth(); }},
      {"undefined", [](const Input& in) { return in.value.is_undefined(); }},
      {"upper", [](const Input& in) { return cased(in, true); }},
  };
  return all;
}

/// Other names of a test.
std::string_view plain_name(std::string_view name) {
  static const std::map<std::string_view, std::string_view> same = {{"==", "eq"}, {"equalto", "eq"},     {"!=", "ne"},
                                                                    {">", "gt"},  {"greaterthan", "gt"}, {">=", "ge"},
                                                                    {"<", "lt"},  {"lessthan", "lt"},    {"<=", "le"}};
  const auto found = same.find(name);
  return found == same.end() ? name : found->second;
}

}  // namespace

bool Interpreter::apply_test(const std::string& name, const Value& input, const Arguments& arguments) {
  const auto found = tests().find(plain_name(name));
  if (found == tests().end()) fail_at(fmt::format("No test named '{}'.", name));
  return found->second({*this, input, arguments});
}

}  // namespace cofre::chat_template
