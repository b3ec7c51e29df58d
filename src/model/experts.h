#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/spec.h"

namespace cofre::model {

/// The experts of one token: the `used` ones with the largest weights, to which `preference` is added for that, among
/// the best groups; the largest first, of equal ones the first. Weights are the softmax over all experts or each one's
/// sigmoid, made to sum to 1 and scaled where the spec says so.
///
/// Shapes    logits [count], weights from now on; preference [count] or empty; chosen, taken [used].
void choose_experts(const ExpertSpec& spec, std::span<float> logits, std::span<const float> preference,
                    std::uint32_t* chosen, float* taken);

/// Rows that go through one expert.
struct ExpertRows {
  std::size_t expert;
  std::size_t first, count;  ///< places [first, first + count)
};

/// Pairs of row and expert, put in the order of their experts.
struct ExpertOrder {
  std::vector<std::size_t> place;     ///< of each pair [rows · used], as `chosen` has them
  std::vector<std::size_t> pair;      ///< at each place
  std::vector<ExpertRows> non_empty;  ///< the one with most rows first

  /// A count-sort. Requires every chosen[i] < experts.
  void sort(std::span<const std::uint32_t> chosen, std::size_t experts);
};

}  // namespace cofre::model
