#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "tokenizer/vocabulary.h"

namespace cofre::tokenizer {

/// Finds all pieces that begin at a place of a text: the pieces sorted, narrowed byte by byte.
class PieceTrie {
 public:
  /// Of normal pieces: all others are read by name or never.
  explicit PieceTrie(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {
    for (std::size_t i = 0; i < vocabulary.size(); ++i) {
      const auto id = static_cast<TokenId>(i);
      if (vocabulary.kind(id) == Kind::normal && !vocabulary.piece(id).empty()) sorted_.push_back(id);
    }
    std::stable_sort(sorted_.begin(), sorted_.end(),
                     [&](TokenId a, TokenId b) { return vocabulary.piece(a) < vocabulary.piece(b); });
    for (std::size_t byte = 0; byte < 256; ++byte)
      starts_[byte + 1] =
          narrow(sorted_.cbegin() + starts_[byte], sorted_.cend(), 0, static_cast<int>(byte)).second - sorted_.cbegin();
  }

  /// Calls found(end, id) for every piece text[at, end), the shortest first.
  template <class Found>
  void prefixes(std::string_view text, std::size_t at, Found&& found) const {
    const auto first = static_cast<std::uint8_t>(text[at]);
    auto range = std::pair(sorted_.cbegin() + starts_[first], sorted_.cbegin() + starts_[first + 1u]);
    for (std::size_t end = at + 1; range.first != range.second; ++end) {
      if (vocabulary_.piece(*range.first).size() == end - at) found(end, *range.first);
      if (end == text.size()) return;
      range = narrow(range.first, range.second, end - at, static_cast<std::uint8_t>(text[end]));
    }
  }

 private:
  using Place = std::vector<TokenId>::const_iterator;
  /// The byte of a piece at a depth; −1 behind its end.
  int byte_at(TokenId id, std::size_t depth) const {
    const auto piece = vocabulary_.piece(id);
    return depth < piece.size() ? static_cast<std::uint8_t>(piece[depth]) : -1;
  }
  /// Of pieces alike before `depth` those with this byte there.
  std::pair<Place, Place> narrow(Place begin, Place end, std::size_t depth, int byte) const {
    const auto low = std::partition_point(begin, end, [&](TokenId id) { return byte_at(id, depth) < byte; });
    return {low, std::partition_point(low, end, [&](TokenId id) { return byte_at(id, depth) == byte; })};
  }

  const Vocabulary& vocabulary_;
  std::vector<TokenId> sorted_;
  std::array<std::ptrdiff_t, 257> starts_{};  ///< by first byte
};

}  // namespace cofre::tokenizer
