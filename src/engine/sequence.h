#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/lookup.h"
#include "engine/page_pool.h"
#include "engine/sampler.h"

namespace cofre::engine {

/// What a caller asks of the engine.
struct Request {
  std::vector<TokenId> prompt;        ///< at least one token
  SamplingParams sampling;
  std::size_t max_tokens = 0;         ///< 0: as many as the context holds
  std::vector<TokenId> ends;          ///< generation stops after one of these
  std::uint64_t salt = 0;             ///< the tenant: prefixes are shared under one salt only
  int priority = 0;                   ///< higher goes first: interactive 0, batch −1
  bool speculate = true;
};

enum class Finish { end, length, cancelled, failed };

/// One generation inside the engine. Its ids are the prompt and what was generated; the first `computed` of them have
/// keys and values in `pages`.
struct Sequence {
  std::uint64_t id = 0;
  Request request;
  std::vector<TokenId> ids;
  std::size_t computed = 0;
  std::size_t cached = 0;      ///< prompt tokens that a stored prefix spared
  std::vector<Page> pages;
  bool prefilling = true;      ///< its ids are still being computed as prompt rows
  std::vector<TokenId> draft;  ///< speculated tokens of the step at hand
  Sampler sampler;
  Lookup lookup;

  std::size_t prompt_tokens() const { return request.prompt.size(); }
  std::size_t generated() const { return ids.size() - request.prompt.size(); }
};

}  // namespace cofre::engine
