#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "grammar/builder.h"
#include "grammar/gbnf.h"
#include "grammar/matcher.h"
#include "grammar/regex.h"
#include "grammar/schema.h"

/// Constrained decoding: a schema, expression or list becomes a Program; over a Vocabulary, Masks; for one generation,
/// a Matcher. Grammars of several parts are put together with a Builder and add_schema(), add_regex(), add_gbnf().
namespace cofre::grammar {

using Grammar = std::shared_ptr<const Program>;

// Each throws Error(invalid | unsupported | exhausted, field) where the text cannot be held to it.
Grammar from_schema(const json::Value& schema, std::string_view field);
Grammar from_regex(std::string_view pattern, std::string_view field);
Grammar from_gbnf(std::string_view text, std::string_view field);
Grammar from_choices(std::span<const std::string> choices, std::string_view field);
/// Any JSON object.
Grammar json_object();

/// The grammar of `root`; errors that name no field get this one.
Grammar compile(Builder& builder, Node root, std::string_view field);

}  // namespace cofre::grammar
