#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "grammar/program.h"
#include "grammar/vocabulary.h"

namespace cofre::grammar {

/// A place in a grammar: a state, characters read (inside strings only), and where to go on when its rule ends.
struct Thread {
  std::uint32_t state = 0;
  std::uint32_t count = 0;
  std::uint32_t stack = 0;
  auto operator<=>(const Thread&) const = default;
};

/// Stacks of places to return to, each stored once. 0 is the empty one.
class Stacks {
 public:
  struct Entry {
    std::uint32_t state = 0, below = 0;
    std::uint32_t cost = 0;  ///< tokens that finish all of it at most
  };
  Stacks() : entries_(1) {}
  std::uint32_t push(std::uint32_t state, std::uint32_t below, std::uint32_t cost);
  const Entry& operator[](std::uint32_t id) const { return entries_[id]; }

 private:
  std::vector<Entry> entries_;
  std::unordered_map<std::uint64_t, std::uint32_t> ids_;
};

/// All readings of a text so far: threads that wait for a byte or a token, and whether the text may end here.
struct Places {
  std::vector<Thread> threads;
  bool complete = false;
  bool alive() const { return complete || !threads.empty(); }
};

/// Bounds, for each state, on the tokens that finish its rule. Saturated sums.
using Costs = std::span<const std::uint32_t>;
inline constexpr std::uint32_t cost_max = 1u << 30;
inline std::uint32_t add_cost(std::uint32_t a, std::uint32_t b) { return a + b > cost_max ? cost_max : a + b; }

/// Steps through a program, one byte at a time. Remembers where bytes led, until it is cleared.
class Walker {
 public:
  /// All must outlive the walker. `costs` may be empty: then all are 0.
  Walker(const Program& program, Costs costs, Stacks& stacks) : program_(program), costs_(costs), stacks_(stacks) {}

  using Id = std::uint32_t;
  static constexpr Id dead = UINT32_MAX;

  /// Follows calls and ends of rules without a byte. Throws Error(exhausted) beyond threads_max readings.
  Places close(std::vector<Thread> threads);
  Id intern(Places places);
  Id step(Id from, std::uint8_t byte);
  const Places& operator[](Id id) const { return seen_[id].places; }
  /// Tokens that finish the text at most.
  std::uint32_t cost(Id id) const { return seen_[id].cost; }
  std::uint32_t cost(const Thread& thread) const;
  std::uint32_t cost_of_state(std::uint32_t state) const { return costs_.empty() ? 0 : costs_[state]; }
  /// Forgets interned places once there are many. Ids from before are void.
  void trim();

  /// Visits the tokens below a node of the vocabulary, begun in `start` at that node, as far as they are readings.
  /// `on_token(token, id of the places after it)`; `on_all(tokens, cost)` for many at once;
  /// `on_complete(node)` where the whole grammar may end but tokens go on.
  template <class OnToken, class OnAll, class OnComplete>
  void walk(const Vocabulary& vocabulary, std::uint32_t node, Id start, OnToken&& on_token, OnAll&& on_all,
            OnComplete&& on_complete);

 private:
  struct Seen {
    Places places;
    std::uint32_t cost = 0;
    std::uint8_t text = json_text::dead;  ///< the state, where it is one thread in a string that may be of any length
    std::uint32_t nexts = UINT32_MAX;     ///< row of next_
  };
  Places after(const Places& places, std::uint8_t byte);

  const Program& program_;
  const Costs costs_;
  Stacks& stacks_;
  std::vector<Seen> seen_;
  std::unordered_multimap<std::size_t, Id> ids_;
  std::vector<std::array<Id, 256>> next_;
  std::vector<Id> path_;
};

template <class OnToken, class OnAll, class OnComplete>
void Walker::walk(const Vocabulary& vocabulary, std::uint32_t root, Id start, OnToken&& on_token, OnAll&& on_all,
                  OnComplete&& on_complete) {
  const auto nodes = vocabulary.nodes();
  const std::size_t base = nodes[root].depth;
  path_.assign(1, start);
  if (const auto text = seen_[start].text; text != json_text::dead && vocabulary.plain_below(root, text)) {
    on_all(vocabulary.tokens_below(root), seen_[start].cost);
    return;
  }
  for (auto node = root + 1; node < nodes[root].end;) {
    const auto& n = nodes[node];
    path_.resize(n.depth - base);
    const auto id = step(path_.back(), n.byte);
    if (id == dead) {
      node = n.end;
      continue;
    }
    for (const auto token : vocabulary.tokens_at(node)) on_token(token, id);
    const auto& seen = seen_[id];
    if (seen.places.complete && n.end != node + 1) on_complete(node);
    if (seen.text != json_text::dead && vocabulary.plain_below(node, seen.text)) {
      on_all(vocabulary.tokens_below(node), seen.cost);
      node = n.end;
      continue;
    }
    path_.push_back(id);
    ++node;
  }
}

}  // namespace cofre::grammar
