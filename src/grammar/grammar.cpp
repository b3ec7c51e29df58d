#include "grammar/grammar.h"

#include "base/error.h"
#include "grammar/json_rules.h"

namespace cofre::grammar {
namespace {

template <class Make>
Grammar named(std::string_view field, Make&& make) {
  try {
    Builder builder;
    return builder.compile(make(builder));
  } catch (const Error& error) {
    if (!error.field().empty()) throw;
    throw Error(error.code(), error.what(), std::string(field));
  }
}

}  // namespace

Grammar from_schema(const json::Value& schema, std::string_view field) {
  return named(field, [&](Builder& builder) { return add_schema(builder, schema, field); });
}

Grammar from_regex(std::string_view pattern, std::string_view field) {
  return named(field, [&](Builder& builder) { return add_regex(builder, pattern, field); });
}

Grammar from_gbnf(std::string_view text, std::string_view field) {
  return named(field, [&](Builder& builder) { return add_gbnf(builder, text, field); });
}

Grammar from_choices(std::span<const std::string> choices, std::string_view field) {
  if (choices.empty()) fail_field(Code::invalid, std::string(field), "{} must list at least one choice", field);
  return named(field, [&](Builder& builder) {
    std::vector<Node> parts;
    for (const auto& choice : choices) parts.push_back(builder.literal(choice));
    return builder.choice(std::move(parts));
  });
}

Grammar json_object() {
  return named("", [](Builder& builder) { return JsonRules(builder).object(); });
}

Grammar compile(Builder& builder, Node root, std::string_view field) {
  try {
    return builder.compile(root);
  } catch (const Error& error) {
    if (!error.field().empty()) throw;
    throw Error(error.code(), error.what(), std::string(field));
  }
}

}  // namespace cofre::grammar
