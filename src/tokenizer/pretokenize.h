#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace cofre::tokenizer {

/// Splits text into the words within which byte-level BPE merges. One rule set a name of tokenizer.ggml.pre.
class PreTokenizer {
 public:
  /// Throws Error(unsupported, field tokenizer.ggml.pre) naming a rule set we do not know.
  explicit PreTokenizer(std::string_view name);

  /// Calls word(view) for every word, in order; together they are the text. `text` is UTF-8.
  void split(std::string_view text, const std::function<void(std::string_view)>& word) const;

  /// Whether a whole word that is in the vocabulary is taken as it is, without merging.
  bool whole_words_first() const { return whole_words_first_; }

  /// A text as code points with their properties.
  struct Characters {
    std::vector<char32_t> codes;
    std::vector<std::uint8_t> properties;
    std::vector<std::uint32_t> offsets;  ///< of each in bytes, and one past the last
  };
  /// Length of the word that a rule finds at `at` before `end`; 0 where it finds none, −n where none begins at the n
  /// characters after `at` either (so that no text takes quadratic time).
  using Rule = std::ptrdiff_t (*)(const Characters& text, std::size_t at, std::size_t end);

 private:
  std::vector<Rule> rules_;  ///< each splits further what the one before left whole
  bool whole_words_first_ = false;
};

}  // namespace cofre::tokenizer
