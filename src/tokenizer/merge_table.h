#pragma once

#include <cstdint>
#include <vector>

#include "tokenizer/vocabulary.h"

namespace cofre::tokenizer {

/// (left id, right id) → rank and the token they become. Open addressing; the key 0 means empty, so ids count from 1.
class MergeTable {
 public:
  struct Merge {
    std::uint64_t pair = 0;
    std::uint32_t rank = 0;
    TokenId id = -1;
  };
  /// Reads tokenizer.ggml.merges. Throws Error(invalid) naming it where it does not match the vocabulary.
  MergeTable(const gguf::File& file, const Vocabulary& vocabulary);

  const Merge* find(TokenId left, TokenId right) const {
    const auto pair = key(left, right);
    for (std::size_t slot = first(pair); slots_[slot].pair != 0; slot = (slot + 1) & (slots_.size() - 1))
      if (slots_[slot].pair == pair) return &slots_[slot];
    return nullptr;
  }

 private:
  void add(TokenId left, TokenId right, std::uint32_t rank, TokenId id) {
    const auto pair = key(left, right);
    std::size_t slot = first(pair);
    while (slots_[slot].pair != 0) {
      if (slots_[slot].pair == pair) return;  // an earlier merge of the same pair wins
      slot = (slot + 1) & (slots_.size() - 1);
    }
    slots_[slot] = {pair, rank, id};
  }
  static std::uint64_t key(TokenId left, TokenId right) {
    return static_cast<std::uint64_t>(left + 1) << 32 | static_cast<std::uint64_t>(right + 1);
  }
  std::size_t first(std::uint64_t pair) const { return (pair * 0x9e3779b97f4a7c15ull >> 20) & (slots_.size() - 1); }
  std::vector<Merge> slots_;
};

}  // namespace cofre::tokenizer
