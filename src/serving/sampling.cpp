#include "serving/sampling.h"

#include "base/error.h"

namespace cofre::serving {
namespace {

struct Range {
  const char* field;
  double low, high;
  bool open = false;  ///< `low` itself is outside
};

void check(const Range& range, double value) {
  const bool inside = (range.open ? value > range.low : value >= range.low) && value <= range.high;
  if (!inside)
    fail_field(Code::invalid, range.field, "{} is {}; it must be {} {} and at most {}", range.field, value,
               range.open ? "above" : "at least", range.low, range.high);
}

void pick(const Range& range, const std::optional<double>& given, const std::optional<double>& advised, float& into) {
  if (given) check(range, *given);
  if (given || advised) into = static_cast<float>(given ? *given : *advised);
}

}  // namespace

engine::SamplingParams sampling_params(const protocol::Sampling& s, const Advice& advice) {
  constexpr std::int64_t top_k_max = 1 << 24;
  const std::optional<double> none;
  engine::SamplingParams out;
  pick({"temperature", 0, 2}, s.temperature, advice.temperature, out.temperature);
  pick({"top_p", 0, 1, true}, s.top_p, advice.top_p, out.top_p);
  pick({"min_p", 0, 1}, s.min_p, advice.min_p, out.min_p);
  pick({"typical_p", 0, 1, true}, s.typical_p, none, out.typical_p);
  pick({"repetition_penalty", 0, 2, true}, s.repetition_penalty, advice.repetition_penalty, out.repetition_penalty);
  pick({"presence_penalty", -2, 2}, s.presence_penalty, none, out.presence_penalty);
  pick({"frequency_penalty", -2, 2}, s.frequency_penalty, none, out.frequency_penalty);
  if (s.top_k) check({"top_k", 0, static_cast<double>(top_k_max)}, static_cast<double>(*s.top_k));
  if (s.top_k || advice.top_k) out.top_k = static_cast<int>(s.top_k ? *s.top_k : *advice.top_k);
  for (const auto& [id, bias] : s.logit_bias) {
    check({"logit_bias", -100, 100}, bias);
    out.logit_bias.emplace_back(id, static_cast<float>(bias));
  }
  if (s.seed) out.seed = *s.seed;
  return out;
}

}  // namespace cofre::serving
