#include <algorithm>

#include "grammar/limits.h"
#include "grammar/schema_writer.h"

namespace cofre::grammar {
namespace {

constexpr std::size_t looked_into = 6;  ///< levels of properties

bool requires_key(const json::Object& schema, std::string_view key) {
  const auto* list = schema.if_contains("required");
  return list && list->is_array() &&
         std::any_of(list->get_array().begin(), list->get_array().end(),
                     [&](const json::Value& name) { return name.is_string() && name.get_string() == key; });
}

const json::Value* property(const json::Object& schema, std::string_view key) {
  const auto* properties = schema.if_contains("properties");
  return properties && properties->is_object() ? properties->get_object().if_contains(key) : nullptr;
}

bool forbids_key(const json::Object& schema, std::string_view key) {
  if (schema.contains("patternProperties")) return false;
  if (const auto* own = property(schema, key)) return own->is_bool() && !own->get_bool();
  const auto* rest = schema.if_contains("additionalProperties");
  return rest && rest->is_bool() && !rest->get_bool();
}

}  // namespace

/// Whether it is certain that no value satisfies both. False where it is not seen.
bool SchemaWriter::disjoint(const json::Value& a, const json::Value& b, const std::string& path, std::size_t depth) {
  const auto x = merge_.flatten(a, path), y = merge_.flatten(b, path);
  if ((x.is_bool() && !x.get_bool()) || (y.is_bool() && !y.get_bool())) return true;
  if (x.is_bool() || y.is_bool() || depth > looked_into) return false;
  const auto &p = x.get_object(), &q = y.get_object();
  for (const auto& [list, other] : {std::pair{&p, &y}, {&q, &x}})
    if (const auto* any = list->if_contains("anyOf"); any && any->is_array())
      return std::all_of(any->get_array().begin(), any->get_array().end(),
                         [&](const json::Value& branch) { return disjoint(branch, *other, path, depth + 1); });
  // Without `type` a schema says nothing of other types, whatever its keywords are about.
  const auto types = [&](const json::Object& schema) -> Types {
    const bool said = schema.contains("type") || schema.contains("enum") || schema.contains("const");
    const auto known = said ? types_of(schema, path) : all_types;
    return known & bit(Type::number) ? known | bit(Type::integer) : known;
  };
  const Types common = types(p) & types(q);
  if (common == 0) return true;
  const auto values = enumeration(p, path), others = enumeration(q, path);
  if (values && others && values->size() * others->size() > comparisons_max) return false;
  if (values && others)
    return std::none_of(values->begin(), values->end(), [&](const json::Value& v) {
      return std::any_of(others->begin(), others->end(), [&](const json::Value& o) { return same_value(v, o); });
    });
  return common == bit(Type::object) && disjoint_objects(p, q, path, depth);
}

bool SchemaWriter::disjoint_objects(const json::Object& a, const json::Object& b, const std::string& path,
                                    std::size_t depth) {
  for (const auto& [one, other] : {std::pair{&a, &b}, {&b, &a}}) {
    const auto* list = one->if_contains("required");
    if (!list || !list->is_array()) continue;
    for (const auto& name : list->get_array()) {
      if (!name.is_string()) continue;
      const std::string_view key(name.get_string().data(), name.get_string().size());
      if (forbids_key(*other, key)) return true;
      const auto *own = property(*one, key), *theirs = property(*other, key);
      if (own && theirs && (requires_key(*one, key) || requires_key(*other, key)) &&
          disjoint(*own, *theirs, path, depth + 1))
        return true;
    }
  }
  return false;
}

}  // namespace cofre::grammar
