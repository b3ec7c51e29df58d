#include "model/experts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cofre::model {

void choose_experts(const ExpertSpec& spec, std::span<const float> logits, std::uint32_t* chosen, float* weights) {
  const float peak = *std::max_element(logits.begin(), logits.end());
  float all = 0;
  for (const float logit : logits) all += std::exp(logit - peak);
  for (std::size_t k = 0; k < spec.used; ++k) {
    // Behind the one before it in the order (logit, then index).
    const auto is_behind = [&](std::uint32_t i) {
      if (k == 0) return true;
      const auto last = chosen[k - 1];
      return logits[i] < logits[last] || (logits[i] == logits[last] && i > last);
    };
    std::uint32_t best = UINT32_MAX;
    for (std::uint32_t i = 0; i < logits.size(); ++i)
      if (is_behind(i) && (best == UINT32_MAX || logits[i] > logits[best])) best = i;
    chosen[k] = best;
    weights[k] = std::exp(logits[best] - peak) / all;
  }
  if (!spec.normalised) return;
  const float sum = std::accumulate(weights, weights + spec.used, 0.0f);
  for (std::size_t k = 0; k < spec.used; ++k) weights[k] /= sum;
}

void ExpertOrder::sort(std::span<const std::uint32_t> chosen, std::size_t experts) {
  std::vector<std::size_t> next(experts + 1);
  for (const auto expert : chosen) ++next[expert + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  non_empty.clear();
  for (std::size_t e = 0; e < experts; ++e)
    if (next[e + 1] > next[e]) non_empty.push_back({e, next[e], next[e + 1] - next[e]});
  std::stable_sort(non_empty.begin(), non_empty.end(),
                   [](const ExpertRows& a, const ExpertRows& b) { return a.count > b.count; });
  place.resize(chosen.size());
  pair.resize(chosen.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    place[i] = next[chosen[i]]++;
    pair[place[i]] = i;
  }
}

}  // namespace cofre::model
