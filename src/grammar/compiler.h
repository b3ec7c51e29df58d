#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "grammar/builder.h"
#include "grammar/program.h"

namespace cofre::grammar {

/// Turns the expressions and rules of a builder into a Program.
class Compiler {
 public:
  explicit Compiler(const Builder& builder) : builder_(builder) {}

  /// Throws Error(invalid): a rule that calls itself before it takes a byte, a rule that was never defined, a grammar
  /// that no text satisfies. Throws Error(exhausted) beyond the budgets of limits.h.
  std::shared_ptr<const Program> program(RuleId root);

  /// The automaton of an expression that calls nothing.
  Dfa regular(Node node);

 private:
  void visit(RuleId rule);
  std::size_t measure(Node node, std::vector<RuleId>& calls) const;
  void emit(Nfa& nfa, Node node, std::uint32_t from, std::uint32_t to);
  void emit_repeat(Nfa& nfa, const Builder::Expression& e, std::uint32_t from, std::uint32_t to);
  void emit_automaton(Nfa& nfa, const Dfa& dfa, std::uint32_t from, std::uint32_t to);
  std::uint32_t add_state(Nfa& nfa);
  void find_productive();
  void prune();
  void refuse_left_recursion() const;
  std::shared_ptr<const Program> flatten(RuleId root) const;

  const Builder& builder_;
  std::size_t nfa_states_ = 0;
  std::vector<RuleId> order_;              ///< rules in use
  std::vector<bool> seen_, inlined_;       ///< [rule]
  std::vector<std::size_t> sizes_;         ///< [rule] expressions, with those of copied callees
  std::vector<Dfa> dfas_;                  ///< [rule]
  std::vector<bool> productive_;           ///< [rule]
  std::vector<std::vector<bool>> useful_;  ///< [rule][state]
};

}  // namespace cofre::grammar
