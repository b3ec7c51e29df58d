#include "accounts/actions/fields.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr std::size_t list_most = 1000;

[[noreturn]] void refuse(std::string_view name, std::string_view what) {
  fail_field(Code::invalid, std::string(name), "{}: must be {}", name, what);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

/// Null stands for what is absent.
const json::Value* Fields::find(std::string_view name) {
  known_.emplace(name);
  const auto* value = object_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool Fields::has(std::string_view name) { return find(name) != nullptr; }

std::optional<std::string> Fields::text_if_any(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) refuse(name, "a text");
  return std::string(value->get_string());
}

std::string Fields::text(std::string_view name) {
  auto value = text_if_any(name);
  if (!value) refuse(name, "given");
  return std::move(*value);
}

std::optional<std::int64_t> Fields::number_if_any(std::string_view name, std::int64_t least, std::int64_t most) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::optional<std::int64_t> number;
  if (value->is_int64()) number = value->get_int64();
  if (value->is_string()) number = whole_number(value->get_string());
  if (!number || *number < least || *number > most) {
    refuse(name, fmt::format("a whole number from {} to {}", least, most));
  }
  return number;
}

std::int64_t Fields::number(std::string_view name, std::int64_t least, std::int64_t most) {
  const auto value = number_if_any(name, least, most);
  if (!value) refuse(name, "given");
  return *value;
}

/// Any double, as its reader checks the range; a text of one too.
std::optional<double> Fields::real_if_any(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->to_number<double>();
  double number = 0;
  const auto text = value->is_string() ? std::string_view(value->get_string()) : std::string_view();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) refuse(name, "a number");
  return number;
}

double Fields::real(std::string_view name) {
  const auto value = real_if_any(name);
  if (!value) refuse(name, "given");
  return *value;
}

bool Fields::flag(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return false;
  if (value->is_bool()) return value->get_bool();
  if (!value->is_string() || (*value != "true" && *value != "false")) refuse(name, "true or false");
  return *value == "true";
}

std::optional<std::vector<std::string>> Fields::texts_if_any(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::vector<std::string> list;
  if (value->is_array()) {
    for (const auto& item : value->get_array()) {
      if (!item.is_string()) refuse(name, "a list of texts");
      list.emplace_back(item.get_string());
    }
  } else if (value->is_string()) {
    std::string_view left = value->get_string();
    while (!left.empty()) {
      const auto comma = std::min(left.find(','), left.size());
      list.emplace_back(left.substr(0, comma));
      left.remove_prefix(std::min(comma + 1, left.size()));
    }
  } else {
    refuse(name, "a list of texts");
  }
  if (list.size() > list_most) refuse(name, fmt::format("at most {} items", list_most));
  return list;
}

std::optional<Fields::Reference> Fields::reference_if_any(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_int64() && value->get_int64() > 0) return Reference{value->get_int64(), {}};
  if (!value->is_string() || value->get_string().empty()) refuse(name, "a name or an id");
  return Reference{0, std::string(value->get_string())};
}

void Fields::done() const {
  for (const auto& item : object_) {
    const std::string_view name = item.key();
    if (!known_.contains(name)) {
      fail_field(Code::invalid, std::string(name), "{}: there is no such field here", name.substr(0, 64));
    }
  }
}

}  // namespace cofre::accounts
