#pragma once

#include <cstdint>

#include "grammar/builder.h"
#include "json/json.h"

/// JSON as a constrained model writes it. Between values a little room is left, as models are used to: after a colon at
/// most one space; after commas and inside brackets one space, or a line end and its indent. So no model can be lost in
/// white space. Integers have at most 18 digits; other numbers 18 before the point, 15 behind it and an exponent of two
/// digits.
namespace cofre::grammar {

inline constexpr std::uint32_t integer_digits_max = 18;
inline constexpr std::uint32_t fraction_digits_max = 15;

class JsonRules {
 public:
  explicit JsonRules(Builder& builder) : builder_(builder) {}

  Node colon();  ///< : and its space
  Node comma();  ///< , and its gap
  Node gap();
  Node string(std::uint32_t least = 0, std::uint32_t most = unlimited);
  Node number();
  Node integer();
  Node value();   ///< any
  Node object();  ///< any
  Node array();   ///< any
  /// This value, in this key order.
  Node literal(const json::Value& value);
  /// `open`, the parts with commas between, `close`.
  Node listed(char open, const std::vector<Node>& parts, char close);

 private:
  Node any_list(char open, Node part, char close);
  Builder& builder_;
};

}  // namespace cofre::grammar
