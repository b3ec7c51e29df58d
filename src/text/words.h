#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::text {

/// A word as search compares it, and the bytes of the text that it stands for.
struct Word {
  std::string plain;  ///< lower case, without accents; ASCII letters and digits, or beyond ASCII
  std::size_t begin = 0, end = 0;
  bool is_tail = false;  ///< the last character of a run, which the word before it has too
};

/// The words of a text, in order. Where a script writes no spaces between words (Chinese, Japanese, Thai and its
/// neighbours) each pair of characters that follow each other is one, and so is the last character of a run: any piece
/// of a run is then found as words that begin so. They end where the text is no longer UTF-8, and each after 64 bytes.
std::vector<Word> words(std::string_view text);

}  // namespace cofre::text
