#pragma once

#include <cstddef>
#include <map>

namespace cofre::engine {

/// What steps cost, learnt while they run: time of a step ≈ base(decode rows) + fixed + prompt rows · rate. The fixed
/// part is what prompt kernels do once for a matrix, however few rows there are.
class CostTable {
 public:
  /// `share`: of the layers, that the prompt rows went through.
  void learn(std::size_t prompt_rows, std::size_t decode_rows, double ms, double share = 1);
  /// Prompt rows that fit beside `decode_rows` within `budget_ms`; 0 where decoding alone takes it all.
  std::size_t prompt_rows(std::size_t decode_rows, double budget_ms) const;
  double ms(std::size_t prompt_rows, std::size_t decode_rows) const;
  /// Prompt rows beside which the fixed part weighs little; 0 where there is none.
  std::size_t worthwhile_rows() const;

 private:
  /// Sums over the last steps with prompts, older ones fading: a line through (rows, ms), and through the origin as
  /// long as all steps were alike.
  struct Sums {
    double weight = 0, rows = 0, ms = 0, rows_rows = 0, rows_ms = 0;
  };
  void fit();
  Sums sums_;
  double fixed_ms_ = 0, rate_ms_ = 4.0;
  std::map<std::size_t, double> decode_ms_;  ///< by decode rows, rounded up to a power of two
};

}  // namespace cofre::engine
