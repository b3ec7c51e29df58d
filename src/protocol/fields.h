#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "json/json.h"

namespace cofre::protocol {

/// Reads the members of one JSON object. What has the wrong type or lies outside its range throws
/// Error(invalid, field), the field with the path that leads to it.
class Fields {
 public:
  explicit Fields(const json::Object& object, std::string path = {}) : object_(object), path_(std::move(path)) {}
  /// Of a member that must be an object.
  Fields inside(std::string_view key) const;

  bool has(std::string_view key) const { return object_.contains(key); }
  const json::Value& value(std::string_view key) const { return json::at(object_, key, path_); }
  std::string text(std::string_view key) const { return std::string(json::string_at(object_, key, path_)); }
  const json::Object& object(std::string_view key) const;
  const json::Array& array(std::string_view key) const { return json::array_at(object_, key, path_); }
  bool flag(std::string_view key) const;
  double real(std::string_view key) const;
  std::int64_t whole(std::string_view key, std::int64_t least, std::int64_t most) const;
  std::uint64_t count(std::string_view key, std::uint64_t most) const {
    return json::unsigned_at(object_, key, most, path_);
  }
  std::vector<std::string> texts(std::string_view key) const;
  std::vector<std::int32_t> ids(std::string_view key) const;

  // As above, or what stands for an absent member.
  std::string text_or(std::string_view key, std::string absent) const { return has(key) ? text(key) : absent; }
  bool flag_or(std::string_view key, bool absent) const { return has(key) ? flag(key) : absent; }
  std::uint64_t count_or(std::string_view key, std::uint64_t most, std::uint64_t absent) const {
    return has(key) ? count(key, most) : absent;
  }
  std::optional<double> real_if(std::string_view key) const {
    return has(key) ? std::optional(real(key)) : std::nullopt;
  }

  /// Throws Error(invalid) about a member: "sampling.top_p must be …".
  [[noreturn]] void refuse(std::string_view key, std::string_view what) const;
  std::string name(std::string_view key) const { return path_ + std::string(key); }

 private:
  const json::Object& object_;
  std::string path_;  ///< "" or "sampling."
};

json::Array array_of(const std::vector<std::string>& texts);
json::Array array_of(const std::vector<std::int32_t>& ids);
/// Throws Error(invalid, field `name`) where an item is no 32-bit whole number of 0 or more.
std::vector<std::int32_t> ids_of(const json::Array& array, const std::string& name);
double real_of(const json::Value& value, const std::string& name);

/// The value that a name stands for in a list of names, in the order of the enum's values.
template <class Enum, std::size_t N>
Enum enum_of(const std::string_view (&names)[N], std::string_view name, const std::string& field) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) return static_cast<Enum>(i);
  fail_field(Code::invalid, field, "{} is \"{}\", which is none of its values", field, name);
}

}  // namespace cofre::protocol
