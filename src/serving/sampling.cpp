#include "serving/sampling.h"

#include <algorithm>

namespace cofre::serving {
namespace {

void pick(const std::optional<double>& given, const std::optional<double>& advised, float& into) {
  if (given || advised) into = static_cast<float>(given ? *given : *advised);
}

}  // namespace

engine::SamplingParams sampling_params(const protocol::Sampling& s, const Advice& advice) {
  const std::optional<double> none;
  engine::SamplingParams out;
  pick(s.temperature, advice.temperature, out.temperature);
  pick(s.top_p, advice.top_p, out.top_p);
  pick(s.min_p, advice.min_p, out.min_p);
  pick(s.typical_p, none, out.typical_p);
  pick(s.repetition_penalty, advice.repetition_penalty, out.repetition_penalty);
  pick(s.presence_penalty, none, out.presence_penalty);
  pick(s.frequency_penalty, none, out.frequency_penalty);
  constexpr std::int64_t top_k_max = 1 << 24;  // beyond every vocabulary
  if (s.top_k || advice.top_k) out.top_k = static_cast<int>(std::min(s.top_k ? *s.top_k : *advice.top_k, top_k_max));
  for (const auto& [id, bias] : s.logit_bias) out.logit_bias.emplace_back(id, static_cast<float>(bias));
  if (s.seed) out.seed = *s.seed;
  return out;
}

}  // namespace cofre::serving
