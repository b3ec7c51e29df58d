#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/builder.h"
#include "grammar/json_rules.h"
#include "grammar/schema_merge.h"

namespace cofre::grammar {

enum class Type : std::uint8_t { null, boolean, integer, number, string, array, object };
/// A bit for each type; an integer is a number too, but stands for itself.
using Types = std::uint8_t;
constexpr Types bit(Type type) { return static_cast<Types>(1u << static_cast<unsigned>(type)); }
inline constexpr Types all_types = 0x7f & ~bit(Type::integer);

/// Types of a flattened schema: `type`, narrowed by enum and const; all where it says nothing.
Types types_of(const json::Object& schema, const std::string& path);
/// Values that enum and const leave; nothing where the schema has neither.
std::optional<json::Array> enumeration(const json::Object& schema, const std::string& path);
/// The type that a keyword is about; 0 where it is about all.
Types types_about(std::string_view keyword);
Type type_of(const json::Value& value);
/// Equal as JSON Schema has it: numbers by what they are worth.
bool same_value(const json::Value& a, const json::Value& b);

/// Writes one schema into a builder.
class SchemaWriter {
 public:
  SchemaWriter(Builder& builder, const json::Value& root, std::string_view field)
      : builder_(builder), rules_(builder), merge_(root, field), field_(field) {}

  Node write(const json::Value& schema, const std::string& path, std::size_t depth);

 private:
  // schema_writer.cpp
  Node write_flat(json::Object schema, const std::string& path, std::size_t depth);
  Node write_any_of(json::Object schema, const std::string& path, std::size_t depth);
  Node write_one_of(json::Object schema, const std::string& path, std::size_t depth);
  Node write_values(const json::Object& schema, const json::Array& values, const std::string& path);
  Node write_type(Type type, const json::Object& schema, const std::string& path, std::size_t depth);
  Node write_number(const json::Object& schema, bool whole, const std::string& path);
  std::vector<json::Value> branches(json::Object& schema, std::string_view key, const std::string& path);
  void apply_not(json::Object& schema, const std::string& path) const;

  // schema_string.cpp
  Node write_string(const json::Object& schema, const std::string& path);
  /// What `pattern`, `format` and lengths leave of a string's inside; nothing where there is no pattern.
  std::optional<Dfa> inside_dfa(const json::Object& schema, const std::string& path);
  /// What is compiled once to look at many values.
  struct Filter {
    std::optional<Dfa> inside, multiples;
  };
  Filter filter_of(const json::Object& schema, const std::string& path);
  bool satisfies(const json::Value& value, const json::Object& schema, const Filter& filter, const std::string& path);
  /// Counts the states against pattern_states_max.
  void spend(const Dfa& dfa, const std::string& path);

  // schema_object.cpp
  struct Member {
    std::string name;
    json::Value schema;
    bool required = false;
    std::string path;
  };
  struct Others {
    Node key;  ///< with its quotes
    json::Value schema;
    std::string path;
  };
  Node write_object(const json::Object& schema, const std::string& path, std::size_t depth);
  std::vector<Member> members_of(const json::Object& schema, const std::string& path);
  std::vector<Others> others_of(const json::Object& schema, const std::vector<Member>& members,
                                const std::string& path);
  Node key_except(const std::vector<Member>& members);
  Dfa names_dfa(const std::vector<Member>& members);
  Dfa any_inside();

  // schema_array.cpp
  Node write_array(const json::Object& schema, const std::string& path, std::size_t depth);
  Node write_distinct(const json::Array& values, std::uint32_t least, std::uint32_t most);

  // schema_disjoint.cpp
  bool disjoint(const json::Value& a, const json::Value& b, const std::string& path, std::size_t depth);
  bool disjoint_objects(const json::Object& a, const json::Object& b, const std::string& path, std::size_t depth);

  std::uint32_t length(const json::Object& schema, std::string_view key, std::uint32_t otherwise,
                       const std::string& path) const;

  Builder& builder_;
  JsonRules rules_;
  SchemaMerge merge_;
  const std::string field_;
  std::map<std::string, RuleId, std::less<>> references_;
  std::size_t pattern_states_ = 0;
};

}  // namespace cofre::grammar
