#pragma once

#include <string>
#include <string_view>

#include "json/json.h"

/// Schemas are rewritten before they become grammars: $ref with company and allOf are merged into one object, so that
/// what is left has types, keywords and at most anyOf, oneOf.
namespace cofre::grammar {

/// Patterns that a text must all match: `pattern`s and formats that were merged.
inline constexpr std::string_view patterns_key = "\x01patterns";

class SchemaMerge {
 public:
  SchemaMerge(const json::Value& root, std::string_view field) : root_(root), field_(field) {}

  /// The sub-schema that a local reference (#, #/pointer, #anchor) names. Throws Error(invalid, path) where it is
  /// absent, Error(unsupported, path) for references to other documents.
  const json::Value& resolve(std::string_view reference, const std::string& path) const;

  /// A schema without allOf and $ref, or a boolean. Throws as add_schema().
  json::Value flatten(const json::Value& schema, const std::string& path, std::size_t depth = 0);

  /// What satisfies both. Of flattened schemas.
  json::Value merge(const json::Value& a, const json::Value& b, const std::string& path);

  /// Counts the values of what is copied. Throws Error(exhausted, path) beyond schema_values_max in all.
  void count(const json::Value& copied, const std::string& path);

 private:
  bool merge_keyword(json::Object& into, std::string_view key, const json::Value& value, const std::string& path);
  void merge_bound(json::Value& into, const json::Value& value, bool larger, const std::string& path);
  void merge_objects(json::Object& into, const json::Object& from, const std::string& path);
  void merge_arrays(json::Object& into, const json::Object& from);
  void merge_branches(json::Value& into, const json::Value& value, const std::string& path);

  const json::Value& root_;
  const std::string field_;
  std::size_t counted_ = 0;
};

/// Both schemas, merged when they are flattened.
json::Value both(const json::Value& a, const json::Value& b);

/// Names of a part of the schema, for errors.
std::string child_path(const std::string& path, std::string_view key);
std::string child_path(const std::string& path, std::size_t index);

}  // namespace cofre::grammar
