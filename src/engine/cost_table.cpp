#include "engine/cost_table.h"

#include <algorithm>
#include <bit>

namespace cofre::engine {

void CostTable::learn(std::size_t prompt_rows, std::size_t decode_rows, double ms, double share) {
  constexpr double memory = 0.8;
  if (prompt_rows == 0) {
    if (decode_rows == 0) return;
    auto [at, fresh] = decode_ms_.try_emplace(std::bit_ceil(decode_rows), ms);
    if (!fresh) at->second = memory * at->second + (1 - memory) * ms;
    return;
  }
  const double rows = static_cast<double>(prompt_rows);
  double rest = std::max((ms - this->ms(0, decode_rows)) / share, 0.1 * ms);
  if (sums_.weight > 0) rest = std::min(rest, 2 * this->ms(prompt_rows, 0));  // something else disturbed it
  const double fading = 1 - 0.1 * share;
  const double weight = share * share / std::max(rows, 16.0);  // long steps scatter more, parts of them much more
  const auto add = [&](double& sum, double value) { sum = fading * sum + weight * value; };
  add(sums_.weight, 1);
  add(sums_.rows, rows);
  add(sums_.ms, rest);
  add(sums_.rows_rows, rows * rows);
  add(sums_.rows_ms, rows * rest);
  fit();
}

/// Weighted least squares.
void CostTable::fit() {
  const Sums& s = sums_;
  constexpr double origin = 5e-4;  // weight of "no rows, no time": a quarter of that of a step of 512 rows
  const double weight = s.weight + origin;
  const double spread = s.rows_rows - s.rows * s.rows / weight;
  rate_ms_ = (s.rows_ms - s.rows * s.ms / weight) / spread;
  fixed_ms_ = (s.ms - rate_ms_ * s.rows) / weight;
  if (fixed_ms_ < 0 || rate_ms_ <= 0) {
    fixed_ms_ = 0;
    rate_ms_ = s.rows_ms / s.rows_rows;
  }
}

double CostTable::ms(std::size_t prompt_rows, std::size_t decode_rows) const {
  double base = 0;
  if (decode_rows > 0 && !decode_ms_.empty()) {
    auto at = decode_ms_.lower_bound(std::bit_ceil(decode_rows));
    if (at == decode_ms_.end()) --at;
    base = at->second;
  }
  if (prompt_rows == 0) return base;
  return base + fixed_ms_ + rate_ms_ * static_cast<double>(prompt_rows);
}

std::size_t CostTable::prompt_rows(std::size_t decode_rows, double budget_ms) const {
  const double left = budget_ms - ms(0, decode_rows) - fixed_ms_;
  return left <= 0 ? 0 : static_cast<std::size_t>(left / rate_ms_);
}

std::size_t CostTable::worthwhile_rows() const {
  constexpr double most_for_nothing = 0.15;  // of a chunk's time
  return static_cast<std::size_t>(std::min(1e6, fixed_ms_ / rate_ms_ * (1 - most_for_nothing) / most_for_nothing));
}

}  // namespace cofre::engine
