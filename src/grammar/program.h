#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "grammar/automaton.h"

namespace cofre::grammar {

/// A compiled grammar: the automata of all rules in flat arrays. Immutable. Every state can be finished, no rule calls
/// itself before it took a byte.
struct Program {
  struct State {
    std::uint32_t edges = 0, calls = 0, tokens = 0;  ///< where they begin; they end where the next state's begin
    bool accepts = false;
    bool last = false;         ///< accepts and leads nowhere
    std::uint8_t text = 0xff;  ///< of a string's inside: its state of json_text
    RuleId rule = 0;
  };
  struct Rule {
    std::uint32_t start = 0;
    bool text = false;
    std::uint32_t least = 0, most = 0;  ///< text: characters
    std::uint32_t first = 0;            ///< text: state of json_text::boundary
    std::uint32_t begun = 0;            ///< text: characters that stand when it is called
  };
  std::vector<State> states;  ///< and one behind the last
  std::vector<Dfa::Edge> edges;
  std::vector<Dfa::Jump> calls, tokens;
  std::vector<Rule> rules;
  RuleId root = 0;

  template <class T>
  static std::span<const T> slice(const std::vector<T>& all, std::uint32_t begin, std::uint32_t end) {
    return {all.data() + begin, end - begin};
  }
  std::span<const Dfa::Edge> edges_of(std::uint32_t s) const {
    return slice(edges, states[s].edges, states[s + 1].edges);
  }
  std::span<const Dfa::Jump> calls_of(std::uint32_t s) const {
    return slice(calls, states[s].calls, states[s + 1].calls);
  }
  std::span<const Dfa::Jump> tokens_of(std::uint32_t s) const {
    return slice(tokens, states[s].tokens, states[s + 1].tokens);
  }
};

}  // namespace cofre::grammar
