#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/lookup.h"
#include "engine/page_pool.h"
#include "engine/sampler.h"

namespace cofre::engine {

/// Says which tokens may follow, token after token. Of one request alone; the engine's thread calls it, so that it must
/// be quick. An Error that it throws ends its generation.
class Guide {
 public:
  virtual ~Guide() = default;
  /// Leaves in `allowed` (a bit for each token of the vocabulary, all set) the tokens that may follow, ends of the
  /// generation included. `remaining`: how many tokens may still be chosen, this one included.
  virtual void mask(std::span<std::uint64_t> allowed, std::size_t remaining) = 0;
  /// Whether mask() would leave all: then it is not asked.
  virtual bool free(std::size_t remaining) const = 0;
  virtual void accept(TokenId token) = 0;
  /// Whether nothing may follow: the generation ends.
  virtual bool finished() const = 0;
};

/// What a caller asks of the engine.
struct Request {
  std::vector<TokenId> prompt;  ///< at least one token
  SamplingParams sampling;
  std::size_t max_tokens = 0;  ///< 0: as many as the context holds
  std::vector<TokenId> ends;   ///< generation stops after one of these
  std::uint64_t salt = 0;      ///< the tenant: prefixes are shared under one salt only
  int priority = 0;            ///< higher goes first: interactive 0, batch −1
  bool speculate = true;
  std::shared_ptr<Guide> guide;     ///< absent: every token may follow
  std::optional<int> score_prompt;  ///< log-probabilities of the prompt's tokens, with so many of the most likely ones
  bool cache = true;                ///< stored prefixes are used, and its own is stored
  bool embed = false;               ///< nothing is generated: the mean of the prompt's hidden states is wanted
  std::uint64_t group = 0;          ///< not 0: of those with this number and one prompt, the first reads it for all
};

enum class Finish { end, length, cancelled, failed };

/// One generation inside the engine. Its ids are the prompt and what was generated; the first `computed` of them have
/// keys and values in `pages`.
struct Sequence {
  std::uint64_t id = 0;
  Request request;
  std::vector<TokenId> ids;
  std::size_t computed = 0;
  std::size_t cached = 0;  ///< prompt tokens that a stored prefix spared
  std::size_t scored = 0;  ///< prompt tokens whose log-probabilities were told
  std::vector<Page> pages;
  std::size_t pooled = 0;      ///< prompt tokens whose hidden states are in `pool`
  std::vector<double> pool;    ///< their sum
  bool prefilling = true;      ///< its ids are still being computed as prompt rows
  bool left = false;           ///< its caller left; it is kept until its rows are through the layers
  std::vector<TokenId> draft;  ///< speculated tokens of the step at hand
  Sampler sampler;
  Lookup lookup;
  std::chrono::steady_clock::time_point arrived{}, began{}, first_token{};  ///< the engine's marks; zero: not yet

  std::size_t prompt_tokens() const { return request.prompt.size(); }
  std::size_t generated() const { return ids.size() - request.prompt.size(); }
  /// Whether every row of the prompt is computed: a stored prefix is of no use, or not wanted.
  bool whole_prompt() const { return scoring() || request.embed || !request.cache; }
  /// Whether rows of the prompt want logits.
  bool scoring() const { return request.score_prompt && scored + 1 < request.prompt.size(); }
};

}  // namespace cofre::engine
