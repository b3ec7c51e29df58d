#pragma once

#include <string>
#include <string_view>

#include "grammar/automaton.h"
#include "json/json.h"

/// Numbers of schemas as digits, because a grammar compares them digit by digit.
namespace cofre::grammar {

struct Decimal {
  bool negative = false;
  std::string whole = "0";  ///< no leading zeros
  std::string fraction;     ///< no trailing zeros

  bool zero() const { return whole == "0" && fraction.empty(); }
  /// The number as JSON has it. Throws Error(invalid, field) where it is none, Error(unsupported, field) beyond 40
  /// digits.
  static Decimal of(const json::Value& value, std::string_view field);
  /// −1, 0 or 1.
  static int compare(const Decimal& a, const Decimal& b);
};

/// One end of a range.
struct Bound {
  bool set = false, exclusive = false;
  Decimal at{};
};

/// Texts of the numbers between two bounds, without exponent and −0. `whole`: integers only.
Dfa numbers_between(const Bound& low, const Bound& high, bool whole);

/// Texts of the multiples of a number, without exponent. Throws Error(invalid, field) where it is not above 0,
/// Error(unsupported, field) where it has too many digits.
Dfa multiples_of(const Decimal& factor, std::string_view field);

}  // namespace cofre::grammar
