#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/sampler.h"
#include "serving/text_model.h"

namespace cofre::serving {

/// Perplexity of a text, as llama.cpp measures it: windows of 512 tokens, each begun anew (with BOS where the model
/// wants it), the first half of each not counted. Throws Error(invalid) where the text has fewer than two windows.
struct Perplexity {
  double value = 0;
  std::size_t tokens = 0;  ///< counted
  std::size_t windows = 0;
};
Perplexity perplexity(Loaded& loaded, std::string_view text, const std::function<void(double)>& progress = {});

/// A continuation to be judged, and what stands before it.
struct Continuation {
  std::vector<engine::TokenId> prompt, tokens;
};

struct ScoreOptions {
  int top = 0;                                    ///< most likely alternatives told of each token
  kernels::KvFormat kv = kernels::KvFormat::f16;  ///< how keys and values are kept
  std::size_t chunk = 512;                        ///< prompt rows of a sequence in one pass
  std::size_t batch = 1;                          ///< sequences that share passes
};

/// Log-probabilities of each continuation's tokens. Prompts take the prompt kernels, continuations the exact ones, as
/// when they are generated. Of a batch, some may be written while the prompts of others are still read; that changes no
/// bit. Throws Error(invalid, field) for an empty prompt or ids outside the vocabulary.
std::vector<std::vector<engine::Choice>> score(Loaded& loaded, std::span<const Continuation> continuations,
                                               const ScoreOptions& options);

}  // namespace cofre::serving
