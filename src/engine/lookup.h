#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace cofre::engine {

/// Guesses the next tokens from what was said before: where the last three (or two) tokens stood earlier, what followed
/// them there is proposed (prompt lookup decoding, github.com/apoorvumang/prompt-lookup-decoding). Costs a constant
/// time for each new token. Guesses that are often wrong become rarer.
class Lookup {
 public:
  /// Up to `most` tokens to follow `ids`, which must begin with what was passed before.
  std::vector<std::int32_t> propose(std::span<const std::int32_t> ids, std::size_t most);
  /// Tells how many of the last proposal's tokens came true.
  void learn(std::size_t proposed, std::size_t accepted);

 private:
  void index(std::span<const std::int32_t> ids);
  std::unordered_map<std::uint64_t, std::uint32_t> ends_;  ///< n-gram → where its latest earlier occurrence ends
  std::size_t indexed_ = 0;
  double success_ = 0.6;   ///< running share of tokens that came true
  std::size_t pause_ = 0;  ///< proposals to leave out
};

}  // namespace cofre::engine
