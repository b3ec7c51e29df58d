#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "grammar/automaton.h"
#include "grammar/program.h"

namespace cofre::grammar {

/// An expression of a Builder.
enum class Node : std::uint32_t {};

/// Code points from first to second, both belonging to it. Surrogates in it are left out.
using CodeRange = std::pair<char32_t, char32_t>;

inline constexpr std::uint32_t unlimited = UINT32_MAX;

/// Puts a grammar together from expressions and named rules, which may call each other. Syntaxes (JSON Schema, regular
/// expressions, GBNF) add themselves to a builder, so that one grammar can hold a schema between two literals, a token
/// id beside bytes, or any text up to a tool call. Nothing is shared between builders.
class Builder {
 public:
  Builder();

  Node empty();  ///< the empty text
  Node never();  ///< no text at all
  Node literal(std::string_view bytes);
  Node byte_range(std::uint8_t low, std::uint8_t high);
  Node code_points(const std::vector<CodeRange>& ranges);  ///< one character, in UTF-8
  Node token(TokenId id);                                  ///< this very token, whatever its text: special tokens
  Node sequence(std::vector<Node> parts);
  Node choice(std::vector<Node> parts);
  /// Throws Error(invalid) where least > most.
  Node repeat(Node part, std::uint32_t least, std::uint32_t most);
  Node optional(Node part) { return repeat(part, 0, 1); }
  Node automaton(Dfa dfa);
  /// Paths from place 0 to place 1 of `places`, along edges that are expressions.
  struct Edge {
    std::uint32_t from, to;
    Node along;
  };
  Node graph(std::uint32_t places, std::vector<Edge> edges);

  /// Inside of a JSON string with so many characters, and the quote that ends it. `state`: of json_text, where it
  /// begins.
  Node string_rest(std::uint32_t least, std::uint32_t most, std::uint8_t state = 0);
  RuleId string_rest_rule(std::uint32_t least, std::uint32_t most, std::uint8_t state = 0);
  /// Any bytes in which none of these texts stands. Requires: texts not empty.
  Node text_without(const std::vector<std::string>& texts);

  RuleId declare(std::string name);
  /// `apart`: never copied into its callers, because many share its states.
  void define(RuleId rule, Node body, bool apart = false);
  Node call(RuleId rule);
  /// A call of the rule of this name, which is defined apart by `make` when it is first asked for.
  Node shared(std::string_view name, const std::function<Node()>& make);

  /// The grammar whose texts are those of `root`. The builder may be used on. Errors as Compiler::program's.
  std::shared_ptr<const Program> compile(Node root);

  /// The automaton of an expression without calls and tokens.
  /// Throws Error(exhausted) where it needs too many states.
  Dfa to_dfa(Node node) const;

 private:
  friend class Compiler;
  enum class Kind : std::uint8_t { empty, never, bytes, token, sequence, choice, repeat, call, automaton, graph };
  struct Expression {
    Kind kind = Kind::empty;
    std::uint8_t low = 0, high = 0;
    std::uint32_t value = 0;  ///< token, rule, automaton, places of a graph
    std::uint32_t least = 0, most = 0;
    std::vector<Node> parts{};
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ends{};  ///< of a graph's edges
  };
  struct Rule {
    std::string name;
    Node body{};
    bool defined = false, apart = false;
    bool text = false;  ///< string_rest
    std::uint32_t least = 0, most = 0;
    std::uint8_t state = 0;
  };
  Node add(Expression expression);
  const Expression& at(Node node) const { return expressions_[static_cast<std::uint32_t>(node)]; }

  std::vector<Expression> expressions_;
  std::vector<Rule> rules_;
  std::vector<Dfa> automata_;
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint8_t>, RuleId> texts_;
  std::map<std::string, RuleId, std::less<>> shared_;
};

}  // namespace cofre::grammar
