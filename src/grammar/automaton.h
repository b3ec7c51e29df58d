#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

/// Finite automata over bytes, calls of rules and token ids: what every syntax is compiled to, one for each rule.
namespace cofre::grammar {

using TokenId = std::int32_t;
using RuleId = std::uint32_t;

/// Nondeterministic, built while walking an expression.
struct Nfa {
  enum class Label : std::uint8_t { nothing, bytes, call, token };
  struct Edge {
    Label label = Label::nothing;
    std::uint8_t low = 0, high = 0;  ///< bytes: both ends belong to it
    std::uint32_t value = 0;         ///< call: the rule; token: the id
    std::uint32_t to = 0;
  };
  std::vector<std::vector<Edge>> states;
  std::uint32_t start = 0, accept = 0;

  std::uint32_t add_state() {
    states.emplace_back();
    return static_cast<std::uint32_t>(states.size() - 1);
  }
};

/// Deterministic in every label: bytes, calls and tokens of a state each lead to one state. State 0 is the start.
struct Dfa {
  struct Edge {
    std::uint8_t low = 0, high = 0;
    std::uint32_t to = 0;
  };
  struct Jump {
    std::uint32_t value = 0;  ///< rule or token id
    std::uint32_t to = 0;
  };
  struct State {
    std::vector<Edge> edges;  ///< ascending, disjoint
    std::vector<Jump> calls, tokens;
    bool accepts = false;
  };
  std::vector<State> states;

  /// Whether the text is in the language. Requires: no calls, no tokens.
  bool matches(std::string_view text) const;
  /// Whether any text is. Requires as above.
  bool empty() const;
};

/// Subset construction. Throws Error(exhausted) beyond `limit` states.
Dfa determinize(const Nfa& nfa, std::size_t limit);

enum class Combine : std::uint8_t { both, first_only };
/// Texts of both automata, or of the first but not the second. Byte edges only; no state from which nothing is reached.
/// Throws Error(exhausted) beyond `limit` states.
Dfa combine(const Dfa& a, const Dfa& b, Combine how, std::size_t limit);

/// Fewest states for the same language, keeping calls and tokens as labels (Moore's partition refinement);
/// unchanged where that would take long.
Dfa minimize(const Dfa& dfa);

}  // namespace cofre::grammar
