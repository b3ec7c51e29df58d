#pragma once

#include <string_view>

#include "grammar/builder.h"

namespace cofre::grammar {

/// Adds a grammar in llama.cpp's GBNF: rules `name ::= …` of literals, classes, `.`, groups, `* + ? {n,m}` and `<[id]>`
/// for a token; the whole is the rule `root`. Line ends count as spaces; a rule ends where the next begins. Throws
/// Error(invalid, field) with the line at fault; Error(exhausted) beyond the budgets of limits.h.
Node add_gbnf(Builder& builder, std::string_view text, std::string_view field);

}  // namespace cofre::grammar
