#include "base/error.h"
#include "grammar/decimal.h"
#include "grammar/limits.h"
#include "grammar/schema_writer.h"

namespace cofre::grammar {

Node SchemaWriter::write_number(const json::Object& schema, bool whole, const std::string& path) {
  Bound low, high;
  const auto narrow = [&](std::string_view key, bool exclusive, Bound& bound, int sign) {
    const auto* value = schema.if_contains(key);
    if (!value) return;
    const auto at = Decimal::of(*value, child_path(path, key));
    const int order = bound.set ? Decimal::compare(at, bound.at) * sign : 1;
    if (order > 0 || (order == 0 && exclusive)) bound = {true, exclusive, at};
  };
  narrow("minimum", false, low, 1);
  narrow("exclusiveMinimum", true, low, 1);
  narrow("maximum", false, high, -1);
  narrow("exclusiveMaximum", true, high, -1);
  const auto* factor = schema.if_contains("multipleOf");
  if (const auto* format = schema.if_contains("format"); format && format->is_string() && whole) {
    const std::string_view name(format->get_string().data(), format->get_string().size());
    if (name == "int32" && !low.set) low = {true, false, Decimal::of(INT32_MIN, path)};
    if (name == "int32" && !high.set) high = {true, false, Decimal::of(INT32_MAX, path)};
  }
  if (!low.set && !high.set && !factor) return whole ? rules_.integer() : rules_.number();
  if (low.set && high.set && Decimal::compare(low.at, high.at) > 0) return builder_.never();
  if (low.set && low.at.whole.size() > integer_digits_max)
    fail_field(Code::unsupported, child_path(path, "minimum"), "{}: bounds beyond {} digits are not supported", path,
               integer_digits_max);
  if (high.set && high.at.negative && high.at.whole.size() > integer_digits_max)
    fail_field(Code::unsupported, child_path(path, "maximum"), "{}: bounds beyond {} digits are not supported", path,
               integer_digits_max);
  auto dfa = numbers_between(low, high, whole);
  if (factor) {
    const auto where = child_path(path, "multipleOf");
    dfa = minimize(combine(dfa, multiples_of(Decimal::of(*factor, where), where), Combine::both, states_max));
    spend(dfa, where);
  }
  return builder_.automaton(std::move(dfa));
}

}  // namespace cofre::grammar
