#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cofre::rules {

/// Finds many words at once (A. V. Aho, M. J. Corasick, "Efficient String Matching", CACM 18(6), 1975).
class Words {
 public:
  using State = std::uint32_t;  ///< 0: the beginning

  /// `rule` comes back with each place where the word ends. Not after ready().
  void add(std::u32string_view word, std::uint32_t rule);
  void ready();

  bool empty() const noexcept { return nodes_.size() == 1; }
  State step(State state, char32_t code) const;
  /// Characters of the longest suffix of what was read that may still become a word.
  std::uint32_t open(State state) const { return nodes_[state].open; }
  /// Calls `found(rule, length)` with each word that ends here.
  template <class Found>
  void ends(State state, const Found& found) const {
    for (State at = nodes_[state].rules.empty() ? nodes_[state].shorter : state; at != 0; at = nodes_[at].shorter) {
      for (const auto rule : nodes_[at].rules) found(rule, nodes_[at].depth);
    }
  }

 private:
  struct Node {
    std::uint32_t depth = 0;
    State fail = 0;     ///< the longest proper suffix that is a state
    State shorter = 0;  ///< the longest of these that is a word
    std::uint32_t open = 0;
    bool has_next = false;
    std::vector<std::uint32_t> rules{};
  };
  static std::uint64_t edge(State from, char32_t code) { return std::uint64_t{from} << 32 | code; }

  std::vector<Node> nodes_{1};
  std::unordered_map<std::uint64_t, State> edges_;
};

}  // namespace cofre::rules
