#include "engine/sampler.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace cofre::engine {
namespace {

void check_range(const char* field, double value, double low, double high) {
  if (!(value >= low && value <= high))
    fail_field(Code::invalid, field, "{} is {}; it must be from {} to {}", field, value, low, high);
}

/// Largest logit; −∞ where none is. NaN is passed over.
float peak_of(std::span<const float> logits) {
  float lanes[16];
  std::fill(lanes, lanes + 16, -INFINITY);
  std::size_t i = 0;
  for (; i + 16 <= logits.size(); i += 16)
    for (std::size_t k = 0; k < 16; ++k) lanes[k] = logits[i + k] > lanes[k] ? logits[i + k] : lanes[k];
  float peak = -INFINITY;
  for (; i < logits.size(); ++i) peak = std::max(peak, logits[i]);
  for (float lane : lanes) peak = std::max(peak, lane);
  return peak;
}

/// log Σ e^(logit − peak), in double where it counts.
double log_sum(std::span<const float> logits, float peak) {
  double sum = 0;
  for (float logit : logits)
    if (logit - peak > -80.0f) sum += std::exp(static_cast<double>(logit - peak));
  return std::log(sum);
}

void check_numbers(std::span<const float> logits, float peak) {
  bool numbers = std::isfinite(peak);
  float sum = 0;
  for (float logit : logits) sum += logit != logit ? 1.0f : 0.0f;
  numbers &= sum == 0;
  if (!numbers) fail(Code::internal, "the model's output is not a number (NaN): its weights or its file are damaged");
}

/// Uniform in [0, 1) from the seed and the position alone: SplitMix64 as a counter-based generator.
double uniform(std::uint64_t seed, std::uint64_t position) {
  std::uint64_t x = seed * 0xd1342543de82ef95ull + (position + 1) * 0x9e3779b97f4a7c15ull;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ x >> 27) * 0x94d049bb133111ebull;
  x ^= x >> 31;
  return static_cast<double>(x >> 11) * 0x1p-53;
}

/// The `count` most likely tokens, best first, ties to the lower id.
std::vector<TokenLogprob> most_likely(std::span<const float> logits, int count, double log_total) {
  std::vector<TokenLogprob> top;
  const auto better = [](const TokenLogprob& a, const TokenLogprob& b) {
    return a.logprob != b.logprob ? a.logprob > b.logprob : a.id < b.id;
  };
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const TokenLogprob one{static_cast<TokenId>(i), logits[i]};
    if (static_cast<int>(top.size()) == count && !better(one, top.back())) continue;
    top.insert(std::upper_bound(top.begin(), top.end(), one, better), one);
    if (static_cast<int>(top.size()) > count) top.pop_back();
  }
  for (auto& one : top) one.logprob = static_cast<float>(one.logprob - log_total);
  return top;
}

}  // namespace

void SamplingParams::validate(std::size_t vocabulary) const {
  check_range("temperature", temperature, 0, 10);
  check_range("top_k", top_k, 0, 1 << 24);
  check_range("top_p", top_p, 0, 1);
  check_range("min_p", min_p, 0, 1);
  check_range("typical_p", typical_p, 0, 1);
  check_range("repetition_penalty", repetition_penalty, 0.01, 10);
  check_range("presence_penalty", presence_penalty, -10, 10);
  check_range("frequency_penalty", frequency_penalty, -10, 10);
  check_range("penalty_window", penalty_window, -1, 1 << 20);
  check_range("top_logprobs", top_logprobs, 0, 100);
  for (const auto& [id, bias] : logit_bias) {
    check_range("logit_bias", bias, -1000, 1000);
    if (id < 0 || static_cast<std::size_t>(id) >= vocabulary)
      fail_field(Code::invalid, "logit_bias", "logit_bias names token {}; the vocabulary has {}", id, vocabulary);
  }
}

Choice Sampler::score(std::span<const float> logits, TokenId id, int top) {
  const float peak = peak_of(logits);
  check_numbers(logits, peak);
  const double log_total = peak + log_sum(logits, peak);
  Choice choice{id, static_cast<float>(logits[static_cast<std::size_t>(id)] - log_total), {}};
  if (top > 0) choice.top = most_likely(logits, top, log_total);
  return choice;
}

void Sampler::penalize(const SamplingParams& p, std::span<float> logits, std::span<const TokenId> history) {
  own_.clear();
  const auto logit_to_change = [&](TokenId id) -> float& {
    float& logit = logits[static_cast<std::size_t>(id)];
    own_.emplace_back(id, logit);
    return logit;
  };
  for (const auto& [id, bias] : p.logit_bias) logit_to_change(id) += bias;
  if (p.repetition_penalty == 1.0f && p.presence_penalty == 0.0f && p.frequency_penalty == 0.0f) return;
  if (p.penalty_window >= 0 && history.size() > static_cast<std::size_t>(p.penalty_window))
    history = history.last(static_cast<std::size_t>(p.penalty_window));
  std::vector<TokenId> sorted(history.begin(), history.end());
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t end = i;
    while (end < sorted.size() && sorted[end] == sorted[i]) ++end;
    float& logit = logit_to_change(sorted[i]);
    logit = logit > 0 ? logit / p.repetition_penalty : logit * p.repetition_penalty;
    logit -= p.presence_penalty + p.frequency_penalty * static_cast<float>(end - i);
    i = end;
  }
}

/// Fills candidates_, best first. Without top-k only tokens within e^−16 of the best one: the rest of a vocabulary of
/// 262,144 together weighs less than 3 % of the best even if all stood at that bound; top-p, if smaller, cuts deeper.
void Sampler::gather(const SamplingParams& p, std::span<const float> logits, float peak) {
  const float reach = std::max(16.0f, 16.0f * p.temperature);
  const float floor = p.top_k > 0 ? -INFINITY : peak - reach;
  candidates_.clear();
  if (p.top_k > 0) {
    // A threshold that rises as better candidates are found keeps the list short.
    const auto most = static_cast<std::size_t>(p.top_k);
    float threshold = -INFINITY;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      if (!(logits[i] > threshold)) continue;
      candidates_.push_back({logits[i], static_cast<TokenId>(i)});
      if (candidates_.size() >= 4 * most + 64) {
        std::nth_element(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(most - 1),
                         candidates_.end(), [](const Candidate& a, const Candidate& b) {
                           return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
                         });
        candidates_.resize(most);
        threshold = candidates_.back().logit;
        for (const auto& c : candidates_) threshold = std::min(threshold, c.logit);
      }
    }
  } else {
    for (std::size_t i = 0; i < logits.size(); ++i)
      if (logits[i] >= floor) candidates_.push_back({logits[i], static_cast<TokenId>(i)});
  }
  std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
  });
  if (p.top_k > 0 && candidates_.size() > static_cast<std::size_t>(p.top_k))
    candidates_.resize(static_cast<std::size_t>(p.top_k));
  while (candidates_.size() > 1 && candidates_.back().logit == -INFINITY) candidates_.pop_back();
}

void Sampler::filter(const SamplingParams& p) {
  const auto soften = [this](float temperature) {
    probabilities_.resize(candidates_.size());
    double total = 0;
    for (std::size_t i = 0; i < candidates_.size(); ++i)
      total += probabilities_[i] = std::exp((candidates_[i].logit - candidates_[0].logit) / temperature);
    for (auto& x : probabilities_) x = static_cast<float>(x / total);
  };
  soften(1.0f);
  if (p.typical_p < 1.0f) {
    double entropy = 0;
    for (float x : probabilities_)
      if (x > 0) entropy -= static_cast<double>(x) * std::log(x);
    std::vector<std::pair<double, std::size_t>> distance;
    for (std::size_t i = 0; i < candidates_.size(); ++i)
      distance.emplace_back(std::fabs(-std::log(std::max(probabilities_[i], 1e-30f)) - entropy), i);
    std::sort(distance.begin(), distance.end());
    std::vector<std::size_t> kept;
    double mass = 0;
    for (const auto& [d, i] : distance) {
      kept.push_back(i);
      mass += probabilities_[i];
      if (mass >= p.typical_p) break;
    }
    std::sort(kept.begin(), kept.end());
    for (std::size_t i = 0; i < kept.size(); ++i) candidates_[i] = candidates_[kept[i]];
    candidates_.resize(kept.size());
    soften(1.0f);
  }
  if (p.top_p < 1.0f) {
    double mass = 0;
    std::size_t kept = 0;
    while (kept < candidates_.size() && (kept == 0 || mass < p.top_p)) mass += probabilities_[kept++];
    candidates_.resize(kept);
  }
  if (p.min_p > 0.0f) {
    std::size_t kept = 1;
    while (kept < candidates_.size() && probabilities_[kept] >= p.min_p * probabilities_[0]) ++kept;
    candidates_.resize(kept);
  }
  soften(p.temperature);
}

Choice Sampler::choose(const SamplingParams& p, std::span<float> logits, std::span<const TokenId> history,
                       std::uint64_t position, std::span<const std::uint64_t> allowed) {
  float peak = peak_of(logits);
  check_numbers(logits, peak);
  const double log_total = peak + log_sum(logits, peak);
  Choice choice;
  if (p.top_logprobs > 0) choice.top = most_likely(logits, p.top_logprobs, log_total);
  penalize(p, logits, history);
  if (!allowed.empty()) {
    for (std::size_t i = 0; i < logits.size(); ++i)
      if ((allowed[i / 64] >> (i % 64) & 1) == 0) logits[i] = -INFINITY;
  }
  if (!own_.empty() || !allowed.empty()) peak = peak_of(logits);
  if (!std::isfinite(peak)) fail(Code::internal, "no token may follow here");
  if (p.temperature == 0.0f) {
    choice.id = static_cast<TokenId>(std::find(logits.begin(), logits.end(), peak) - logits.begin());
  } else {
    gather(p, logits, peak);
    filter(p);
    double left = uniform(p.seed, position);
    std::size_t chosen = 0;
    while (chosen + 1 < candidates_.size() && left >= probabilities_[chosen]) left -= probabilities_[chosen++];
    choice.id = candidates_[chosen].id;
  }
  // The model's own one: what it was before it was changed for the first time.
  const auto own = std::find_if(own_.begin(), own_.end(), [&](const auto& one) { return one.first == choice.id; });
  const float logit = own != own_.end() ? own->second : logits[static_cast<std::size_t>(choice.id)];
  choice.logprob = static_cast<float>(logit - log_total);
  return choice;
}

}  // namespace cofre::engine
