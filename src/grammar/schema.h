#pragma once

#include <string_view>

#include "grammar/builder.h"
#include "json/json.h"

namespace cofre::grammar {

/// Adds the JSON texts that a JSON Schema (draft 2020-12) allows. Properties come in the order of the schema, other
/// keys behind them. What a schema says is honoured or refused, never weakened; a grammar may allow fewer spellings
/// than the schema (docs/structured-output.md lists them). Throws Error(invalid, field) where it is no schema or
/// nothing satisfies it, Error(unsupported, field) for what cannot be held, Error(exhausted, field) beyond the budgets
/// of limits.h. `field` is the schema's own name in the request; the error's is that and the path to the keyword
/// ("….properties.age.minimum").
Node add_schema(Builder& builder, const json::Value& schema, std::string_view field);

}  // namespace cofre::grammar
