#include "grammar/json_rules.h"

#include <string>
#include <utility>

namespace cofre::grammar {
namespace {

constexpr std::uint32_t indent_max = 48;
constexpr std::uint32_t tabs_max = 12;

}  // namespace

Node JsonRules::colon() { return builder_.sequence({builder_.literal(":"), builder_.optional(builder_.literal(" "))}); }

Node JsonRules::gap() {
  return builder_.shared("gap", [&] {
    const auto indent = builder_.choice(
        {builder_.repeat(builder_.literal(" "), 0, indent_max), builder_.repeat(builder_.literal("\t"), 1, tabs_max)});
    return builder_.optional(
        builder_.choice({builder_.literal(" "), builder_.sequence({builder_.literal("\n"), indent})}));
  });
}

Node JsonRules::comma() { return builder_.sequence({builder_.literal(","), gap()}); }

Node JsonRules::string(std::uint32_t least, std::uint32_t most) {
  if (least > most) return builder_.never();
  return builder_.sequence({builder_.literal("\""), builder_.string_rest(least, most)});
}

Node JsonRules::integer() {
  return builder_.shared("integer", [&] {
    const auto rest = builder_.repeat(builder_.byte_range('0', '9'), 0, integer_digits_max - 1);
    return builder_.sequence(
        {builder_.optional(builder_.literal("-")),
         builder_.choice({builder_.literal("0"), builder_.sequence({builder_.byte_range('1', '9'), rest})})});
  });
}

Node JsonRules::number() {
  return builder_.shared("number", [&] {
    const auto digit = builder_.byte_range('0', '9');
    const auto whole = builder_.choice(
        {builder_.literal("0"),
         builder_.sequence({builder_.byte_range('1', '9'), builder_.repeat(digit, 0, integer_digits_max - 1)})});
    const auto fraction = builder_.sequence({builder_.literal("."), builder_.repeat(digit, 1, fraction_digits_max)});
    const auto exponent =
        builder_.sequence({builder_.choice({builder_.literal("e"), builder_.literal("E")}),
                           builder_.optional(builder_.choice({builder_.literal("+"), builder_.literal("-")})),
                           builder_.repeat(digit, 1, 2)});
    return builder_.sequence(
        {builder_.optional(builder_.literal("-")), whole, builder_.optional(fraction), builder_.optional(exponent)});
  });
}

Node JsonRules::value() {
  return builder_.shared("value", [&] {
    return builder_.choice({string(), number(), builder_.literal("true"), builder_.literal("false"),
                            builder_.literal("null"), object(), array()});
  });
}

Node JsonRules::any_list(char open, Node part, char close) {
  const auto more = builder_.repeat(builder_.sequence({comma(), part}), 0, unlimited);
  return builder_.sequence({builder_.literal(std::string_view(&open, 1)), gap(),
                            builder_.optional(builder_.sequence({part, more, gap()})),
                            builder_.literal(std::string_view(&close, 1))});
}

Node JsonRules::object() {
  return builder_.shared("object", [&] {
    const auto member = builder_.sequence({string(), colon(), value()});
    return any_list('{', builder_.shared("member", [&] { return member; }), '}');
  });
}

Node JsonRules::array() {
  return builder_.shared("array", [&] { return any_list('[', value(), ']'); });
}

Node JsonRules::listed(char open, const std::vector<Node>& parts, char close) {
  std::vector<Node> all{builder_.literal(std::string_view(&open, 1)), gap()};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) all.push_back(comma());
    all.push_back(parts[i]);
  }
  if (!parts.empty()) all.push_back(gap());
  all.push_back(builder_.literal(std::string_view(&close, 1)));
  return builder_.sequence(std::move(all));
}

Node JsonRules::literal(const json::Value& value) {
  std::vector<Node> parts;
  if (value.is_object()) {
    for (const auto& [key, member] : value.get_object())
      parts.push_back(builder_.sequence(
          {builder_.literal(json::quote(std::string_view(key.data(), key.size()))), colon(), literal(member)}));
    return listed('{', parts, '}');
  }
  if (value.is_array()) {
    for (const auto& item : value.get_array()) parts.push_back(literal(item));
    return listed('[', parts, ']');
  }
  return builder_.literal(json::dump(value));
}

}  // namespace cofre::grammar
