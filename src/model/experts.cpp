#include "model/experts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cofre::model {

namespace {

/// What is no number, which a file's weights may come to, weighs nothing.
void weigh(Gating gating, std::span<float> logits) {
  if (gating == Gating::sigmoid) {
    for (float& x : logits) x = 1.0f / (1.0f + std::exp(-x));
  } else {
    const float peak = *std::max_element(logits.begin(), logits.end());
    float all = 0;
    for (float& x : logits) all += x = std::exp(x - peak);
    for (float& x : logits) x /= all;
  }
  for (float& x : logits)
    if (std::isnan(x)) x = 0;
}

/// The `count` largest of `size` numbers, the largest first, of equal ones the first.
template <class Of>
void take_largest(std::size_t size, std::size_t count, const Of& of, std::uint32_t* taken) {
  for (std::size_t k = 0; k < count; ++k) {
    // Behind the one before it in the order (number, then index).
    const auto is_behind = [&](std::uint32_t i) {
      if (k == 0) return true;
      const auto last = taken[k - 1];
      return of(i) < of(last) || (of(i) == of(last) && i > last);
    };
    std::uint32_t best = UINT32_MAX;
    for (std::uint32_t i = 0; i < size; ++i)
      if (is_behind(i) && (best == UINT32_MAX || of(i) > of(best))) best = i;
    taken[k] = best;
  }
}

/// Sets the scores of experts outside the best groups to −∞.
void keep_groups(const ExpertSpec& spec, std::vector<float>& scores) {
  const std::size_t each = spec.count / spec.groups;
  std::vector<float> of_group(spec.groups);
  for (std::size_t g = 0; g < spec.groups; ++g) {
    std::uint32_t best[2];
    const std::size_t most = std::min<std::size_t>(2, each);
    take_largest(
        each, most, [&](std::uint32_t i) { return scores[g * each + i]; }, best);
    for (std::size_t k = 0; k < most; ++k) of_group[g] += scores[g * each + best[k]];
  }
  std::vector<std::uint32_t> kept(spec.groups_used);
  take_largest(
      spec.groups, spec.groups_used, [&](std::uint32_t g) { return of_group[g]; }, kept.data());
  for (std::size_t g = 0; g < spec.groups; ++g)
    if (std::find(kept.begin(), kept.end(), g) == kept.end())
      std::fill_n(scores.begin() + static_cast<std::ptrdiff_t>(g * each), each, -INFINITY);
}

}  // namespace

void choose_experts(const ExpertSpec& spec, std::span<float> logits, std::span<const float> preference,
                    std::uint32_t* chosen, float* taken) {
  weigh(spec.gating, logits);
  std::vector<float> scores(logits.begin(), logits.end());
  for (std::size_t i = 0; i < preference.size(); ++i) scores[i] += preference[i];
  if (spec.groups_used < spec.groups) keep_groups(spec, scores);
  take_largest(
      spec.count, spec.used, [&](std::uint32_t i) { return scores[i]; }, chosen);
  float sum = 0;
  for (std::size_t k = 0; k < spec.used; ++k) sum += taken[k] = logits[chosen[k]];
  const float factor = spec.scale / (spec.normalised ? std::max(sum, 6.103515625e-5f) : 1.0f);
  for (std::size_t k = 0; k < spec.used; ++k) taken[k] *= factor;
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
