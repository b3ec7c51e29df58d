#include "protocol/fields.h"

#include <limits>

namespace cofre::protocol {

void Fields::refuse(std::string_view key, std::string_view what) const {
  fail_field(Code::invalid, name(key), "{} {}", name(key), what);
}

const json::Object& Fields::object(std::string_view key) const {
  const auto& found = value(key);
  if (!found.is_object()) refuse(key, "must be an object");
  return found.get_object();
}

Fields Fields::inside(std::string_view key) const { return Fields(object(key), name(key) + "."); }

bool Fields::flag(std::string_view key) const {
  const auto& found = value(key);
  if (!found.is_bool()) refuse(key, "must be true or false");
  return found.get_bool();
}

double Fields::real(std::string_view key) const { return real_of(value(key), name(key)); }

std::int64_t Fields::whole(std::string_view key, std::int64_t least, std::int64_t most) const {
  const auto& found = value(key);
  if (!found.is_int64()) refuse(key, "must be a whole number");
  const auto number = found.get_int64();
  if (number < least || number > most) refuse(key, fmt::format("must lie between {} and {}", least, most));
  return number;
}

std::vector<std::string> Fields::texts(std::string_view key) const {
  std::vector<std::string> out;
  for (const auto& item : array(key)) {
    if (!item.is_string()) refuse(key, "must hold texts");
    out.emplace_back(item.get_string());
  }
  return out;
}

std::vector<std::int32_t> Fields::ids(std::string_view key) const { return ids_of(array(key), name(key)); }

json::Array array_of(const std::vector<std::string>& texts) {
  json::Array out;
  out.reserve(texts.size());
  for (const auto& text : texts) out.emplace_back(text);
  return out;
}

json::Array array_of(const std::vector<std::int32_t>& ids) {
  json::Array out;
  out.reserve(ids.size());
  for (const auto id : ids) out.emplace_back(std::int64_t{id});
  return out;
}

std::vector<std::int32_t> ids_of(const json::Array& array, const std::string& name) {
  std::vector<std::int32_t> out;
  out.reserve(array.size());
  for (const auto& item : array) {
    const bool whole =
        item.is_int64() && item.get_int64() >= 0 && item.get_int64() <= std::numeric_limits<std::int32_t>::max();
    if (!whole) fail_field(Code::invalid, name, "{} must hold token ids", name);
    out.push_back(static_cast<std::int32_t>(item.get_int64()));
  }
  return out;
}

double real_of(const json::Value& value, const std::string& name) {
  if (value.is_double()) return value.get_double();
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  fail_field(Code::invalid, name, "{} must be a number", name);
}

}  // namespace cofre::protocol
