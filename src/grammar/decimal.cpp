#include "grammar/decimal.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "grammar/builder.h"
#include "grammar/json_rules.h"
#include "grammar/limits.h"

namespace cofre::grammar {
namespace {

constexpr std::size_t digits_max = 40;
constexpr std::uint32_t factor_max = 10'000;
constexpr int exact_digits = 15;  ///< of a double: so many digits never meet a neighbour

int compare_size(const Decimal& a, const Decimal& b) {
  if (a.whole.size() != b.whole.size()) return a.whole.size() < b.whole.size() ? -1 : 1;
  if (const int order = a.whole.compare(b.whole); order != 0) return order < 0 ? -1 : 1;
  const int order = a.fraction.compare(b.fraction);
  return order == 0 ? 0 : order < 0 ? -1 : 1;
}

/// Numbers ≥ 0 of exactly `length` digits before the point, between two bounds ≥ 0.
class Span {
 public:
  Span(const Bound& low, const Bound& high, bool whole, std::size_t length)
      : low_(low),
        high_(high),
        length_(length),
        fraction_max_(
            whole ? 0
                  : std::max({static_cast<int>(low.at.fraction.size()), static_cast<int>(high.at.fraction.size()),
                              exact_digits - static_cast<int>(length)})) {}

  Dfa run() {
    const bool low_tight = low_.set && low_.at.whole.size() == length_,
               high_tight = high_.set && high_.at.whole.size() == length_;
    id_of({0, false, low_tight, high_tight});
    for (std::size_t i = 0; i < places_.size(); ++i) expand(i);
    return std::move(dfa_);
  }

 private:
  struct Place {
    int digits;
    bool behind_point, low_tight, high_tight;
    auto operator<=>(const Place&) const = default;
  };

  std::uint32_t id_of(const Place& place) {
    const auto [found, fresh] = ids_.try_emplace(place, static_cast<std::uint32_t>(places_.size()));
    if (fresh) {
      places_.push_back(place);
      dfa_.states.emplace_back().accepts = accepts(place);
    }
    return found->second;
  }

  bool accepts(const Place& p) const {
    const auto low_digits = static_cast<int>(low_.at.fraction.size()),
               high_digits = static_cast<int>(high_.at.fraction.size());
    const int behind = p.behind_point ? p.digits : 0;
    if (!p.behind_point && p.digits != static_cast<int>(length_)) return false;
    if (p.behind_point && p.digits == 0) return false;
    const bool low_ok = !p.low_tight || (behind >= low_digits && !low_.exclusive);
    const bool high_ok = !p.high_tight || behind < high_digits || !high_.exclusive;
    return low_ok && high_ok;
  }

  static int digit(const std::string& digits, int at) {
    return at < static_cast<int>(digits.size()) ? digits[static_cast<std::size_t>(at)] - '0' : 0;
  }

  void expand(std::size_t from) {
    const auto p = places_[from];
    const bool whole_done = !p.behind_point && p.digits == static_cast<int>(length_);
    if (whole_done) {
      if (fraction_max_ == 0) return;
      const auto to = id_of({0, true, p.low_tight, p.high_tight});
      dfa_.states[from].edges.push_back({'.', '.', to});
      return;
    }
    if (p.behind_point && p.digits >= fraction_max_) return;
    const int low = p.low_tight ? digit(p.behind_point ? low_.at.fraction : low_.at.whole, p.digits) : 0;
    const int high = p.high_tight ? digit(p.behind_point ? high_.at.fraction : high_.at.whole, p.digits) : 9;
    const int first = !p.behind_point && p.digits == 0 && length_ > 1 ? 1 : 0;
    for (int d = std::max(low, first); d <= high; ++d) {
      const auto to = id_of({p.digits + 1, p.behind_point, p.low_tight && d == low, p.high_tight && d == high});
      const auto byte = static_cast<std::uint8_t>('0' + d);
      auto& edges = dfa_.states[from].edges;
      if (!edges.empty() && edges.back().to == to) {
        edges.back().high = byte;
      } else {
        edges.push_back({byte, byte, to});
      }
    }
  }

  const Bound &low_, &high_;
  const std::size_t length_;
  const int fraction_max_;
  std::map<Place, std::uint32_t> ids_;
  std::vector<Place> places_;
  Dfa dfa_;
};

/// Numbers ≥ 0 between two bounds ≥ 0.
Node span(Builder& builder, const Bound& low, const Bound& high, bool whole) {
  const std::size_t least = low.set ? low.at.whole.size() : 1;
  std::size_t most = std::max<std::size_t>(whole ? integer_digits_max : exact_digits, least + 1);
  if (high.set) most = std::min(most, high.at.whole.size());
  std::vector<Node> parts;
  for (auto length = least; length <= most; ++length)
    parts.push_back(builder.automaton(Span(low, high, whole, length).run()));
  return builder.choice(std::move(parts));
}

Bound opposite(Bound bound) {
  bound.at.negative = !bound.at.negative;
  return bound;
}

}  // namespace

Decimal Decimal::of(const json::Value& value, std::string_view field) {
  if (!value.is_number()) fail_field(Code::invalid, std::string(field), "{} must be a number", field);
  std::string text = json::dump(value);
  Decimal out;
  if (text[0] == '-') out.negative = true, text.erase(0, 1);
  int exponent = 0;
  if (const auto e = text.find_first_of("eE"); e != std::string::npos) {
    exponent = std::stoi(text.substr(e + 1));  // of a double: three digits
    text.resize(e);
  }
  const auto point = std::min(text.find('.'), text.size());
  std::string digits = text.substr(0, point) + (point < text.size() ? text.substr(point + 1) : "");
  auto at = static_cast<int>(point) + exponent;  // where the point stands in `digits`
  if (at < -static_cast<int>(digits_max) || at > static_cast<int>(digits_max) || digits.size() > digits_max)
    fail_field(Code::unsupported, std::string(field), "{} has more than {} digits", field, digits_max);
  if (at < 0) digits.insert(0, static_cast<std::size_t>(-at), '0'), at = 0;
  if (static_cast<std::size_t>(at) > digits.size()) digits.append(static_cast<std::size_t>(at) - digits.size(), '0');
  out.whole = digits.substr(0, static_cast<std::size_t>(at));
  out.fraction = digits.substr(static_cast<std::size_t>(at));
  out.whole.erase(0, std::min(out.whole.find_first_not_of('0'), out.whole.size()));
  if (out.whole.empty()) out.whole = "0";
  while (out.fraction.ends_with('0')) out.fraction.pop_back();
  if (out.zero()) out.negative = false;
  return out;
}

int Decimal::compare(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  return a.negative ? compare_size(b, a) : compare_size(a, b);
}

Dfa numbers_between(const Bound& low, const Bound& high, bool whole) {
  Builder builder;
  const Bound nothing, zero{.set = true}, above_zero{.set = true, .exclusive = true};
  std::vector<Node> parts;
  if (!high.set || !high.at.negative)  // x ≥ 0
    parts.push_back(span(builder, low.set && !low.at.negative ? low : zero, high, whole));
  if (!low.set || low.at.negative) {  // x < 0: |x| lies between the opposites
    const auto from = high.set && high.at.negative ? opposite(high) : above_zero;
    parts.push_back(
        builder.sequence({builder.literal("-"), span(builder, from, low.set ? opposite(low) : nothing, whole)}));
  }
  return minimize(builder.to_dfa(builder.choice(std::move(parts))));
}

Dfa multiples_of(const Decimal& factor, std::string_view field) {
  if (factor.negative || factor.zero()) fail_field(Code::invalid, std::string(field), "{} must be above 0", field);
  const auto places = static_cast<int>(factor.fraction.size());
  std::uint32_t unit = 0;  // the factor times 10^places
  for (const char c : factor.whole + factor.fraction) {
    unit = unit * 10 + static_cast<std::uint32_t>(c - '0');
    if (unit > factor_max)
      fail_field(Code::unsupported, std::string(field), "{} has too many digits to be honoured", field);
  }
  // A state for each remainder and digit behind the point; −1 stands before it. 0 is the start, 1 behind a minus.
  Dfa dfa;
  std::map<std::pair<std::uint32_t, int>, std::uint32_t> ids;
  std::vector<std::pair<std::uint32_t, int>> work;
  dfa.states.resize(2);
  const auto id_of = [&](std::uint32_t remainder, int behind) {
    const auto [found, fresh] = ids.try_emplace({remainder, behind}, static_cast<std::uint32_t>(dfa.states.size()));
    if (fresh) {
      std::uint64_t rest = remainder;
      for (int i = std::max(behind, 0); i < places; ++i) rest = rest * 10 % unit;
      dfa.states.emplace_back().accepts = behind != 0 && rest == 0;
      work.emplace_back(remainder, behind);
    }
    return found->second;
  };
  const auto digits = [&](std::uint32_t from, std::uint32_t remainder, int behind) {
    for (std::uint32_t d = 0; d <= 9; ++d) {
      const auto to = id_of((remainder * 10 + d) % unit, behind);
      dfa.states[from].edges.push_back({static_cast<std::uint8_t>('0' + d), static_cast<std::uint8_t>('0' + d), to});
    }
  };
  dfa.states[0].edges.push_back({'-', '-', 1});
  digits(0, 0, -1);
  digits(1, 0, -1);
  for (std::size_t i = 0; i < work.size(); ++i) {
    const auto [remainder, behind] = work[i];
    const auto from = ids.at({remainder, behind});
    if (behind < 0 && places > 0) {
      const auto point = id_of(remainder, 0);
      dfa.states[from].edges.push_back({'.', '.', point});
    }
    if (behind < places) digits(from, remainder, behind < 0 ? -1 : behind + 1);
  }
  return dfa;
}

}  // namespace cofre::grammar
