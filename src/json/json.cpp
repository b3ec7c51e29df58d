#include "json/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include <boost/json/src.hpp>

#include "base/error.h"

namespace cofre::json {
namespace {

void append_escaped(std::string_view text, bool ascii, std::string& out) {
  constexpr char hex[] = "0123456789abcdef";
  const auto unit = [&](unsigned code) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += hex[code >> shift & 15];
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    switch (c) {
      case '"': out += "\\\""; continue;
      case '\\': out += "\\\\"; continue;
      case '\n': out += "\\n"; continue;
      case '\r': out += "\\r"; continue;
      case '\t': out += "\\t"; continue;
      case '\b': out += "\\b"; continue;
      case '\f': out += "\\f"; continue;
      default: break;
    }
    if (c < 0x20) {
      unit(c);
    } else if (c < 0x80 || !ascii) {
      out += static_cast<char>(c);
    } else {
      const int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
      unsigned code = c & (0x3fu >> more);
      for (int k = 0; k < more && i + 1 < text.size(); ++k)
        code = code << 6 | (static_cast<unsigned char>(text[++i]) & 0x3f);
      if (code < 0x10000) {
        unit(code);
      } else {
        unit(0xd800 + ((code - 0x10000) >> 10));
        unit(0xdc00 + ((code - 0x10000) & 0x3ff));
      }
    }
  }
}

class Printer {
 public:
  explicit Printer(const Style& style) : style_(style) {}
  std::string out;

  void print(const Value& value, int level) {
    switch (value.kind()) {
      case boost::json::kind::null: out += "null"; return;
      case boost::json::kind::bool_: out += value.get_bool() ? "true" : "false"; return;
      case boost::json::kind::int64: out += std::to_string(value.get_int64()); return;
      case boost::json::kind::uint64: out += std::to_string(value.get_uint64()); return;
      case boost::json::kind::double_: out += number_text(value.get_double()); return;
      case boost::json::kind::string: print_string(value.get_string()); return;
      case boost::json::kind::array: print_array(value.get_array(), level); return;
      case boost::json::kind::object: print_object(value.get_object(), level); return;
    }
  }

 private:
  void print_string(std::string_view text) {
    out += '"';
    append_escaped(text, style_.ascii, out);
    out += '"';
  }
  void line(int level) {
    if (style_.indent < 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(level * style_.indent), ' ');
  }
  /// With an indent the line break stands for the space behind an item's comma.
  void between(int level) {
    out += style_.indent < 0 ? style_.item : style_.item.substr(0, 1);
    line(level);
  }
  void print_array(const Array& array, int level) {
    if (array.empty()) {
      out += "[]";
      return;
    }
    out += '[';
    line(level + 1);
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i > 0) between(level + 1);
      print(array[i], level + 1);
    }
    line(level);
    out += ']';
  }
  void print_object(const Object& object, int level) {
    if (object.empty()) {
      out += "{}";
      return;
    }
    std::vector<const Object::value_type*> members;
    for (const auto& member : object) members.push_back(&member);
    if (style_.sort_keys)
      std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->key() < b->key(); });
    out += '{';
    line(level + 1);
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) between(level + 1);
      print_string(members[i]->key());
      out += style_.key;
      print(members[i]->value(), level + 1);
    }
    line(level);
    out += '}';
  }

  const Style& style_;
};

[[noreturn]] void fail_member(std::string_view path, std::string_view key, std::string_view must) {
  const auto field = std::string(path) + std::string(key);
  fail_field(Code::invalid, field, "{} {}", field, must);
}

}  // namespace

Value parse(std::string_view text, std::size_t depth) {
  boost::json::parse_options options;
  options.max_depth = depth;
  boost::json::stream_parser parser({}, options);
  boost::system::error_code error;
  const auto used = parser.write_some(text.data(), text.size(), error);
  if (error) fail(Code::invalid, "the JSON is wrong at byte {}: {}", used, error.message());
  if (!parser.done()) parser.finish(error);  // a bare number ends only here
  if (error || !parser.done()) fail(Code::invalid, "the JSON ends too early, at byte {}", text.size());
  const auto rest = text.substr(used).find_first_not_of(" \t\r\n");
  if (rest != std::string_view::npos) fail(Code::invalid, "something follows the JSON at byte {}", used + rest);
  return parser.release();
}

std::string dump(const Value& value, const Style& style) {
  Printer printer(style);
  printer.print(value, 0);
  return std::move(printer.out);
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char buffer[40];
  const double magnitude = std::fabs(value);
  const bool plain = magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value,
                                          plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string out(buffer, end);
  if (plain && out.find('.') == std::string::npos) out += ".0";
  return out;
}

std::string quote(std::string_view text, bool ascii) {
  std::string out = "\"";
  append_escaped(text, ascii, out);
  return out + "\"";
}

const Value& at(const Object& object, std::string_view key, std::string_view path) {
  const auto* found = object.if_contains(key);
  if (found == nullptr) fail_member(path, key, "is missing");
  return *found;
}

std::string_view string_at(const Object& object, std::string_view key, std::string_view path) {
  const auto& value = at(object, key, path);
  if (!value.is_string()) fail_member(path, key, "must be a string");
  return value.get_string();
}

const Array& array_at(const Object& object, std::string_view key, std::string_view path) {
  const auto& value = at(object, key, path);
  if (!value.is_array()) fail_member(path, key, "must be a list");
  return value.get_array();
}

std::uint64_t unsigned_at(const Object& object, std::string_view key, std::uint64_t most, std::string_view path) {
  const auto& value = at(object, key, path);
  std::uint64_t number = 0;
  if (value.is_uint64()) {
    number = value.get_uint64();
  } else if (value.is_int64() && value.get_int64() >= 0) {
    number = static_cast<std::uint64_t>(value.get_int64());
  } else {
    fail_member(path, key, "must be a whole number of 0 or more");
  }
  if (number > most) fail_member(path, key, fmt::format("is {}; the most is {}", number, most));
  return number;
}

}  // namespace cofre::json
