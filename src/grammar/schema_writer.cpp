#include "grammar/schema_writer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "grammar/decimal.h"
#include "grammar/limits.h"
#include "grammar/schema.h"

namespace cofre::grammar {
namespace {

constexpr std::array<std::pair<std::string_view, Type>, 7> type_names{{{"null", Type::null},
                                                                       {"boolean", Type::boolean},
                                                                       {"integer", Type::integer},
                                                                       {"number", Type::number},
                                                                       {"string", Type::string},
                                                                       {"array", Type::array},
                                                                       {"object", Type::object}}};

/// Keywords that say something of one type only; a schema that has them but no `type` is taken to mean these types.
constexpr std::array<std::pair<std::string_view, Type>, 22> typed_keywords{{{"properties", Type::object},
                                                                            {"required", Type::object},
                                                                            {"additionalProperties", Type::object},
                                                                            {"patternProperties", Type::object},
                                                                            {"propertyNames", Type::object},
                                                                            {"minProperties", Type::object},
                                                                            {"maxProperties", Type::object},
                                                                            {"unevaluatedProperties", Type::object},
                                                                            {"items", Type::array},
                                                                            {"prefixItems", Type::array},
                                                                            {"minItems", Type::array},
                                                                            {"maxItems", Type::array},
                                                                            {"uniqueItems", Type::array},
                                                                            {"minLength", Type::string},
                                                                            {"maxLength", Type::string},
                                                                            {"pattern", Type::string},
                                                                            {patterns_key, Type::string},
                                                                            {"minimum", Type::number},
                                                                            {"maximum", Type::number},
                                                                            {"exclusiveMinimum", Type::number},
                                                                            {"exclusiveMaximum", Type::number},
                                                                            {"multipleOf", Type::number}}};

constexpr std::array<std::string_view, 15> refused{
    "if",       "then",        "else",        "dependentSchemas", "dependentRequired", "dependencies",
    "contains", "minContains", "maxContains", "$dynamicRef",      "$recursiveRef",     "additionalItems",
    "extends",  "disallow",    "divisibleBy"};

template <class Predicate>
void drop_if(json::Array& list, Predicate&& predicate) {
  json::Array kept;
  for (const auto& value : list)
    if (!predicate(value)) kept.push_back(value);
  list = std::move(kept);
}

/// What is written for a schema without additionalProperties or type may have no other keys, and only the types that
/// its keywords are about: it satisfies the schema still, and other schemas less.
void narrow(json::Object& schema, const std::string& path) {
  if (!schema.contains("anyOf") && !schema.contains("oneOf") && !schema.contains("type")) {
    json::Array names;
    const auto types = types_of(schema, path);
    for (const auto& [name, type] : type_names)
      if (types & bit(type)) names.emplace_back(name);
    schema["type"] = names;
  }
  if (!schema.contains("additionalProperties") && !schema.contains("patternProperties"))
    schema["additionalProperties"] = false;
}

}  // namespace

bool same_value(const json::Value& a, const json::Value& b) {
  if (a.is_number() && b.is_number()) return Decimal::compare(Decimal::of(a, "enum"), Decimal::of(b, "enum")) == 0;
  return a == b;
}

Type type_of(const json::Value& value) {
  switch (value.kind()) {
    case boost::json::kind::null: return Type::null;
    case boost::json::kind::bool_: return Type::boolean;
    case boost::json::kind::string: return Type::string;
    case boost::json::kind::array: return Type::array;
    case boost::json::kind::object: return Type::object;
    case boost::json::kind::double_: {
      const double number = value.get_double();
      return std::floor(number) == number ? Type::integer : Type::number;
    }
    default: return Type::integer;
  }
}

Types types_about(std::string_view keyword) {
  const auto found = std::find_if(typed_keywords.begin(), typed_keywords.end(),
                                  [&](const auto& known) { return known.first == keyword; });
  return found == typed_keywords.end() ? Types{0} : bit(found->second);
}

void SchemaWriter::spend(const Dfa& dfa, const std::string& path) {
  if ((pattern_states_ += dfa.states.size()) > pattern_states_max)
    fail_field(Code::exhausted, path, "the patterns and ranges of the schema need more than {} states",
               pattern_states_max);
}

std::optional<json::Array> enumeration(const json::Object& schema, const std::string& path) {
  const auto* list = schema.if_contains("enum");
  const auto* one = schema.if_contains("const");
  if (!list && !one) return std::nullopt;
  json::Array out;
  if (list) {
    if (!list->is_array() || list->get_array().empty())
      fail_field(Code::invalid, child_path(path, "enum"), "{} must be a list with at least one value",
                 child_path(path, "enum"));
    out = list->get_array();
    if (one) drop_if(out, [&](const json::Value& value) { return !same_value(value, *one); });
  } else {
    out.push_back(*one);
  }
  return out;
}

Types types_of(const json::Object& schema, const std::string& path) {
  Types types = 0;
  if (const auto* type = schema.if_contains("type")) {
    const auto where = child_path(path, "type");
    const json::Array list = type->is_array() ? type->get_array() : json::Array{*type};
    if (list.empty()) fail_field(Code::invalid, where, "{} names no type", where);
    for (const auto& name : list) {
      const auto found = std::find_if(type_names.begin(), type_names.end(), [&](const auto& known) {
        return name.is_string() && name.get_string() == known.first;
      });
      if (found == type_names.end())
        fail_field(Code::invalid, where, "{} must name types of JSON Schema, not {}", where, json::dump(name));
      types |= bit(found->second);
    }
    if (types & bit(Type::number)) types &= static_cast<Types>(~bit(Type::integer));
  } else {
    for (const auto& [keyword, of] : typed_keywords)
      if (schema.contains(keyword)) types |= bit(of);
    if (types == 0) types = all_types;
    if (schema.contains("format") && types == all_types) types = bit(Type::string);
    if (schema.contains("enum") || schema.contains("const")) types = all_types;
  }
  if (const auto values = enumeration(schema, path)) {
    Types present = 0;
    for (const auto& value : *values) present |= bit(type_of(value));
    Types kept = types & present;
    if ((types & bit(Type::number)) && (present & bit(Type::integer))) kept |= bit(Type::integer);
    types = kept;
  }
  return types;
}

std::uint32_t SchemaWriter::length(const json::Object& schema, std::string_view key, std::uint32_t otherwise,
                                   const std::string& path) const {
  const auto* value = schema.if_contains(key);
  if (!value) return otherwise;
  const auto where = child_path(path, key);
  double number = -1;
  if (value->is_int64()) number = static_cast<double>(value->get_int64());
  if (value->is_double()) number = value->get_double();
  if (value->is_uint64()) number = static_cast<double>(value->get_uint64());
  if (!(number >= 0) || std::floor(number) != number)
    fail_field(Code::invalid, where, "{} must be a whole number not below 0", where);
  if (number >= unlimited) {
    if (key.starts_with("max")) return unlimited;
    fail_field(Code::unsupported, where, "{} is too large", where);
  }
  return static_cast<std::uint32_t>(number);
}

Node SchemaWriter::write(const json::Value& schema, const std::string& path, std::size_t depth) {
  if (depth > nesting_max) fail_field(Code::exhausted, path, "the schema is nested deeper than {}", nesting_max);
  if (schema.is_object()) {
    // A reference alone becomes a rule, so that a schema may hold itself.
    static constexpr std::array<std::string_view, 9> silent{
        "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$ref"};
    const auto& object = schema.get_object();
    const auto* reference = object.if_contains("$ref");
    const bool alone =
        reference && reference->is_string() && std::all_of(object.begin(), object.end(), [](const auto& member) {
          return std::find(silent.begin(), silent.end(), std::string_view(member.key().data(), member.key().size())) !=
                 silent.end();
        });
    if (alone) {
      const std::string name(reference->get_string().data(), reference->get_string().size());
      if (const auto found = references_.find(name); found != references_.end()) return builder_.call(found->second);
      const auto& target = merge_.resolve(name, child_path(path, "$ref"));
      const auto rule = builder_.declare(name);
      references_.emplace(name, rule);
      builder_.define(rule, write(target, path, depth + 1));
      return builder_.call(rule);
    }
  }
  auto flat = merge_.flatten(schema, path);
  if (flat.is_bool()) return flat.get_bool() ? rules_.value() : builder_.never();
  return write_flat(std::move(flat.get_object()), path, depth);
}

Node SchemaWriter::write_flat(json::Object schema, const std::string& path, std::size_t depth) {
  for (const auto keyword : refused)
    if (schema.contains(keyword))
      fail_field(Code::unsupported, child_path(path, keyword),
                 "{} is not supported in a schema that constrains an answer", child_path(path, keyword));
  if (schema.contains("not")) apply_not(schema, path);
  if (schema.contains("anyOf")) return write_any_of(std::move(schema), path, depth);
  if (schema.contains("oneOf")) return write_one_of(std::move(schema), path, depth);
  for (const auto& [unevaluated, plain] :
       {std::pair{"unevaluatedProperties", "additionalProperties"}, {"unevaluatedItems", "items"}})
    if (const auto* value = schema.if_contains(unevaluated)) {
      const json::Value copy = *value;
      if (!schema.contains(plain)) schema[plain] = copy;
      schema.erase(unevaluated);
    }
  if (const auto values = enumeration(schema, path)) return write_values(schema, *values, path);
  const auto types = types_of(schema, path);
  std::vector<Node> parts;
  const bool plain =
      !schema.contains("format") && std::none_of(typed_keywords.begin(), typed_keywords.end(),
                                                 [&](const auto& keyword) { return schema.contains(keyword.first); });
  if (types == all_types && plain) return rules_.value();
  for (const auto& [name, type] : type_names)
    if (types & bit(type)) parts.push_back(write_type(type, schema, path, depth));
  return builder_.choice(std::move(parts));
}

std::vector<json::Value> SchemaWriter::branches(json::Object& schema, std::string_view key, const std::string& path) {
  const auto where = child_path(path, key);
  const json::Value list = schema.at(key);
  if (!list.is_array() || list.get_array().empty())
    fail_field(Code::invalid, where, "{} must be a list of schemas", where);
  if (list.get_array().size() > branches_max)
    fail_field(Code::exhausted, where, "{} has more than {} branches", where, branches_max);
  schema.erase(key);
  json::Object late;
  for (const std::string_view name : {"unevaluatedProperties", "unevaluatedItems"})
    if (const auto* value = schema.if_contains(name)) late[name] = *value, schema.erase(name);
  std::vector<json::Value> out;
  for (std::size_t i = 0; i < list.get_array().size(); ++i) {
    const auto branch = merge_.flatten(list.get_array()[i], child_path(where, i));
    auto merged = merge_.merge(schema, branch, child_path(where, i));
    if (merged.is_object())
      for (const auto& member : late) merged.get_object()[member.key()] = member.value();
    out.push_back(std::move(merged));
  }
  return out;
}

Node SchemaWriter::write_any_of(json::Object schema, const std::string& path, std::size_t depth) {
  // Where only annotations stand beside it, branches that are references stay rules.
  const bool bare = std::all_of(schema.begin(), schema.end(), [](const auto& member) {
    const std::string_view key(member.key().data(), member.key().size());
    return key == "anyOf" || key == "title" || key == "description" || key == "default" || key == "examples" ||
           key == "$defs" || key == "definitions" || key == "$schema" || key == "$id" || key == "nullable";
  });
  const auto where = child_path(path, "anyOf");
  std::vector<Node> parts;
  if (bare && schema.at("anyOf").is_array() && !schema.at("anyOf").get_array().empty()) {
    const auto& list = schema.at("anyOf").get_array();
    if (list.size() > branches_max)
      fail_field(Code::exhausted, where, "{} has more than {} branches", where, branches_max);
    for (std::size_t i = 0; i < list.size(); ++i) parts.push_back(write(list[i], child_path(where, i), depth + 1));
    return builder_.choice(std::move(parts));
  }
  const auto list = branches(schema, "anyOf", path);
  for (std::size_t i = 0; i < list.size(); ++i) parts.push_back(write(list[i], child_path(where, i), depth + 1));
  return builder_.choice(std::move(parts));
}

Node SchemaWriter::write_one_of(json::Object schema, const std::string& path, std::size_t depth) {
  const auto where = child_path(path, "oneOf");
  const auto list = branches(schema, "oneOf", path);
  std::vector<json::Value> closed = list;
  bool apart = true;
  for (std::size_t i = 0; i < list.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) apart = apart && disjoint(list[i], list[j], where, 0);
  if (!apart) {
    for (auto& branch : closed)
      if (branch.is_object()) narrow(branch.get_object(), where);
    for (std::size_t i = 0; i < list.size(); ++i)
      for (std::size_t j = 0; j < list.size(); ++j)
        if (i != j && !disjoint(closed[i], list[j], where, 0))
          fail_field(Code::unsupported, where,
                     "{}: branches {} and {} may hold at once, so that exactly one cannot be promised; use anyOf",
                     where, j, i);
  }
  std::vector<Node> parts;
  for (std::size_t i = 0; i < list.size(); ++i) parts.push_back(write(closed[i], child_path(where, i), depth + 1));
  return builder_.choice(std::move(parts));
}

/// `not` is held where it takes types or listed values away.
void SchemaWriter::apply_not(json::Object& schema, const std::string& path) const {
  const auto where = child_path(path, "not");
  const json::Value no = schema.at("not");
  const auto refuse = [&] {
    fail_field(Code::unsupported, where, "{} is supported with `type` only, or beside enum with enum or const", where);
  };
  if (!no.is_object()) refuse();
  const auto& forbidden = no.get_object();
  if (forbidden.size() != 1) refuse();
  if (forbidden.contains("type")) {
    Types types = types_of(schema, path);
    const Types gone = types_of(forbidden, where);
    if ((types & bit(Type::number)) && (gone & bit(Type::integer))) refuse();
    types &= static_cast<Types>(~gone);
    if (gone & bit(Type::number)) types &= static_cast<Types>(~bit(Type::integer));
    json::Array left;
    for (const auto& [name, type] : type_names)
      if (types & bit(type)) left.emplace_back(name);
    if (left.empty()) fail_field(Code::invalid, where, "{} leaves no type", where);
    schema["type"] = left;
  } else if ((forbidden.contains("enum") || forbidden.contains("const")) &&
             (schema.contains("enum") || schema.contains("const"))) {
    auto values = *enumeration(schema, path);
    const auto gone = *enumeration(forbidden, where);
    drop_if(values, [&](const json::Value& v) {
      return std::any_of(gone.begin(), gone.end(), [&](const json::Value& g) { return same_value(v, g); });
    });
    if (values.empty()) fail_field(Code::invalid, where, "{} leaves no value", where);
    schema.erase("const");
    schema["enum"] = values;
  } else {
    refuse();
  }
  schema.erase("not");
}

Node SchemaWriter::write_values(const json::Object& schema, const json::Array& values, const std::string& path) {
  std::vector<Node> parts;
  const auto keep = filter_of(schema, path);
  for (const auto& value : values)
    if (satisfies(value, schema, keep, path)) parts.push_back(rules_.literal(value));
  return builder_.choice(std::move(parts));
}

Node SchemaWriter::write_type(Type type, const json::Object& schema, const std::string& path, std::size_t depth) {
  switch (type) {
    case Type::null: return builder_.literal("null");
    case Type::boolean: return builder_.choice({builder_.literal("true"), builder_.literal("false")});
    case Type::integer: return write_number(schema, true, path);
    case Type::number: return write_number(schema, false, path);
    case Type::string: return write_string(schema, path);
    case Type::array: return write_array(schema, path, depth);
    case Type::object: return write_object(schema, path, depth);
  }
  return builder_.never();
}

Node add_schema(Builder& builder, const json::Value& schema, std::string_view field) {
  SchemaWriter writer(builder, schema, field);
  return writer.write(schema, std::string(field), 0);
}

}  // namespace cofre::grammar
