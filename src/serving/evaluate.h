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

/// Log-probabilities of a given continuation, each with its `top` most likely alternatives. The prompt takes the prompt
/// kernels, the continuation the exact ones, as when it is generated. `kv`: how keys and values are kept.
/// Throws Error(invalid, field) for an empty prompt or ids outside the vocabulary.
std::vector<engine::Choice> score(Loaded& loaded, std::span<const engine::TokenId> prompt,
                                  std::span<const engine::TokenId> continuation, int top,
                                  kernels::KvFormat kv = kernels::KvFormat::f16);

}  // namespace cofre::serving
