#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace cofre::engine {

using TokenId = std::int32_t;

/// How the next token is chosen. Order: logit bias, penalties, top-k, typical-p, top-p, min-p, temperature, choice.
struct SamplingParams {
  float temperature = 0.8f;         ///< 0: the most likely token, always
  int top_k = 0;                    ///< 0: all
  float top_p = 1.0f;               ///< nucleus (arXiv:1904.09751)
  float min_p = 0.0f;               ///< share of the best token's probability (arXiv:2407.01082)
  float typical_p = 1.0f;           ///< locally typical (arXiv:2202.00666)
  float repetition_penalty = 1.0f;  ///< divides positive, multiplies negative logits (arXiv:1909.05858)
  float presence_penalty = 0.0f;    ///< taken from the logit of every token seen
  float frequency_penalty = 0.0f;   ///< the same, for each time it was seen
  int penalty_window = 64;          ///< tokens that penalties look back; −1: all
  std::uint64_t seed = 0;
  int top_logprobs = 0;  ///< alternatives to report
  std::vector<std::pair<TokenId, float>> logit_bias{};

  /// Throws Error(invalid, field) naming the parameter that is out of range.
  void validate(std::size_t vocabulary) const;
};

struct TokenLogprob {
  TokenId id = -1;
  float logprob = 0;  ///< of the model's own distribution, before any filter
};

/// A chosen token and, where asked for, the most likely ones.
struct Choice {
  TokenId id = -1;
  float logprob = 0;
  std::vector<TokenLogprob> top;
};

/// Chooses tokens of one sequence. The choice depends on the logits, the tokens before, the seed and the position only:
/// never on what else is in the batch.
class Sampler {
 public:
  /// `position`: how many tokens stand before. `history`: those tokens. `allowed`, if not empty, has a bit for each
  /// token that may be chosen. Changes `logits`. Throws Error(internal) where the model gave no numbers.
  Choice choose(const SamplingParams& params, std::span<float> logits, std::span<const TokenId> history,
                std::uint64_t position, std::span<const std::uint64_t> allowed = {});

  /// Log-probabilities of given tokens and the `top` most likely ones, nothing chosen.
  static Choice score(std::span<const float> logits, TokenId id, int top);

 private:
  struct Candidate {
    float logit;
    TokenId id;
  };
  void penalize(const SamplingParams& params, std::span<float> logits, std::span<const TokenId> history);
  void gather(const SamplingParams& params, std::span<const float> logits, float peak);
  void filter(const SamplingParams& params);
  std::vector<Candidate> candidates_;  ///< kept from token to token: no allocation once grown
  std::vector<float> probabilities_;
  std::vector<std::pair<TokenId, float>> own_;  ///< logits that were changed, as the model gave them
};

}  // namespace cofre::engine
