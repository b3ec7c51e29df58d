#pragma once

#include <cstdint>
#include <queue>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace cofre::tokenizer {

/// A piece of text on its way to a token: neighbours are linked, merged ones are empty.
struct Symbol {
  std::uint32_t begin, bytes;
  std::int32_t previous, next;
  TokenId id;
};

/// Joins neighbouring symbols, the best pair first and the leftmost of equals, until `join` has nothing to offer:
/// O(n log n) for any text. join(left, right) returns {wanted, order, id}: smaller orders go first.
struct Join {
  bool wanted = false;
  double order = 0;
  TokenId id = -1;
};

template <class JoinPair>
void merge_symbols(std::vector<Symbol>& symbols, JoinPair&& join) {
  struct Candidate {
    double order;
    std::int32_t left, right;
    std::uint32_t bytes;
    TokenId id;
    bool operator<(const Candidate& other) const {  // the queue's top is the largest
      return order != other.order ? order > other.order : left > other.left;
    }
  };
  std::priority_queue<Candidate> queue;
  const auto offer = [&](std::int32_t left, std::int32_t right) {
    if (left < 0 || right < 0) return;
    const Join found = join(symbols[left], symbols[right]);
    if (found.wanted) queue.push({found.order, left, right, symbols[left].bytes + symbols[right].bytes, found.id});
  };
  for (std::size_t i = 1; i < symbols.size(); ++i)
    offer(static_cast<std::int32_t>(i) - 1, static_cast<std::int32_t>(i));
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = symbols[best.left];
    Symbol& right = symbols[best.right];
    // Stale where either side has been merged since.
    if (left.bytes == 0 || right.bytes == 0 || left.bytes + right.bytes != best.bytes) continue;
    left.bytes = best.bytes;
    left.id = best.id;
    left.next = right.next;
    right.bytes = 0;
    if (left.next >= 0) symbols[left.next].previous = best.left;
    offer(left.previous, best.left);
    offer(best.left, left.next);
  }
}

}  // namespace cofre::tokenizer
