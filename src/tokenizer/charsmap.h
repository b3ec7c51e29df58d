#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::tokenizer {

/// SentencePiece's normaliser: a double-array trie (Darts-clone) from texts to what replaces them. As bytes: the trie's
/// length, the trie, then the replacements, each ended by a zero.
class Charsmap {
 public:
  Charsmap() = default;  ///< replaces nothing
  /// Throws Error(invalid, field tokenizer.ggml.precompiled_charsmap).
  explicit Charsmap(std::span<const std::uint8_t> bytes);

  /// What stands for the beginning of `text` from `at`: the longest text that the trie holds, else one character.
  struct Replaced {
    std::string_view by;
    std::size_t bytes = 0;  ///< how many of the text it replaces
  };
  /// `text` is UTF-8. Throws as the constructor where the trie leads out of its bounds.
  Replaced prefix(std::string_view text, std::size_t at) const;

 private:
  std::uint32_t unit(std::size_t index) const;

  std::vector<std::uint32_t> trie_;
  std::string replacements_;
};

/// The bytes of a Charsmap that replaces each of these texts (not empty, without zeros) by another (without zeros).
/// Throws Error(unsupported) where they make a larger trie than its units can tell of.
std::vector<std::uint8_t> charsmap_bytes(const std::map<std::string, std::string>& replacements);

}  // namespace cofre::tokenizer
