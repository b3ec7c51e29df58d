#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "template/value.h"

namespace cofre::chat_template {

/// An expression. What `parts` and `text` hold depends on the kind.
struct Expression {
  enum class Kind {
    literal,    ///< value
    name,       ///< text
    list,       ///< parts
    tuple,      ///< parts
    dict,       ///< parts: key, value, key, value, …
    attribute,  ///< parts[0] . text
    item,       ///< parts[0] [ parts[1] ]
    slice,      ///< parts[0] [ parts[1] : parts[2] : parts[3] ], null where absent
    call,       ///< parts[0] ( parts[1…], named )
    filter,     ///< parts[0] | text ( parts[1…], named ); parts[0] null inside a filter block
    test,       ///< parts[0] is text ( parts[1…], named )
    unary,      ///< text parts[0]
    binary,     ///< parts[0] text parts[1]
    compare,    ///< parts[0] operators[0] parts[1] operators[1] parts[2] …
    condition,  ///< parts[0] if parts[1] else parts[2] (null where absent)
  };
  Kind kind = Kind::literal;
  int line = 0;
  std::string text;
  Value value;
  std::vector<std::unique_ptr<Expression>> parts;
  std::vector<std::pair<std::string, std::unique_ptr<Expression>>> named;
  std::vector<std::string> operators;

  Expression() = default;
  /// Takes long chains (a.b.c…) apart in a loop: recursion would need a stack as long as the chain.
  ~Expression();
};
using ExpressionPtr = std::unique_ptr<Expression>;

struct Statement;

/// Statements in order.
struct Block {
  std::vector<std::unique_ptr<Statement>> statements;
};

struct Statement {
  enum class Kind {
    text,       ///< text
    output,     ///< expression
    condition,  ///< if: branches (condition, block), then otherwise
    loop,       ///< for targets in expression [if filter] [recursive]: body, otherwise
    set,        ///< targets = expression, or a block where expression is null: body (filtered by filter)
    macro,      ///< text ( parameters ): body
    call,       ///< {% call(parameters) expression %} body
    filter,     ///< filter applied to body
    scope,      ///< {% generation %}: body as it is
    leave,      ///< break
    next,       ///< continue
    run,        ///< {% do expression %}
  };
  Kind kind = Kind::text;
  int line = 0;
  std::string text;
  ExpressionPtr expression, filter;
  std::vector<ExpressionPtr> targets;  ///< names, attributes (set), or tuples of names
  std::vector<std::pair<ExpressionPtr, Block>> branches;
  std::vector<std::pair<std::string, ExpressionPtr>> parameters;  ///< with defaults, null where none
  Block body, otherwise;
  bool recursive = false;
};

}  // namespace cofre::chat_template
