#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

/// JSON by Boost.JSON, with a depth limit and a number printer of our own (Boost 1.81 writes 21.5 as 2.15E1).
/// Objects keep the order of their keys.
namespace cofre::json {

using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;

inline constexpr std::size_t depth_max = 64;

/// Parses one JSON document (RFC 8259). Throws Error(invalid) with the position: syntax, depth, numbers beyond double,
/// invalid UTF-8, anything after the document.
Value parse(std::string_view text, std::size_t depth = depth_max);

/// How Python's json.dumps would space it: ", " and ": ", or compact, or over lines with an indent.
struct Style {
  std::string_view item = ",";
  std::string_view key = ":";
  int indent = -1;     ///< spaces a level; −1: one line
  bool ascii = false;  ///< escape everything beyond ASCII
  bool sort_keys = false;
};

/// UTF-8 text of a value. Numbers: integers as they are, doubles in the fewest digits that read back the same
/// (21.5, 1.0).
std::string dump(const Value& value, const Style& style = {});
/// The shortest text that reads back as this double, as Python prints it: 21.5, 1.0, 1e+16, nan.
std::string number_text(double value);
/// A JSON string literal with its quotes.
std::string quote(std::string_view text, bool ascii = false);

// Members of an object, or Error(invalid, field) naming `path` + key where absent or of another type.
const Value& at(const Object& object, std::string_view key, std::string_view path = "");
std::string_view string_at(const Object& object, std::string_view key, std::string_view path = "");
const Array& array_at(const Object& object, std::string_view key, std::string_view path = "");
std::uint64_t unsigned_at(const Object& object, std::string_view key, std::uint64_t most, std::string_view path = "");

}  // namespace cofre::json
