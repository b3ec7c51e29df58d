#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace cofre::config {

/// Tells what is wrong with a text; nothing where it is right.
using TextCheck = std::optional<std::string> (*)(std::string_view text);

/// A setting: its key, the field that holds it, what it may be, and what it is for. Its default is the field's.
template <class T>
struct Row {
  using Field = std::variant<std::string T::*, std::int64_t T::*, bool T::*, std::vector<std::string> T::*,
                             std::optional<std::int64_t> T::*>;
  std::string_view key;  ///< "section.name"; in tables of their own only "name"
  Field field;
  std::string_view comment;
  std::int64_t least = 0, most = 0;  ///< of numbers
  std::string_view choices = {};     ///< of texts: "f16|q8"; empty: any
  TextCheck check = nullptr;         ///< of texts, and of each text of a list
};

std::span<const Row<Config>> rows();
std::span<const Row<Engine>> engine_rows();
std::span<const Row<Model>> model_rows();
std::span<const Row<Group>> ldap_group_rows();
std::span<const Row<Group>> oidc_group_rows();

/// Of the tables that stand within a section.
inline constexpr std::string_view ldap_group_key = "ldap.group";
inline constexpr std::string_view oidc_group_key = "oidc.group";

/// The one free table: names on the left, models on the right.
inline constexpr std::string_view aliases_key = "models.aliases";

/// COFRE_ + the key in capitals, dots as underscores.
std::string environment_name(std::string_view key);

/// "a whole number from 1 to 100", "true or false", "one of f16, q8": what the row takes.
template <class T>
std::string expectation(const Row<T>& row);

/// Checks a value against its row and stores it. Throws Error(invalid, key); `where` begins the message.
template <class T>
void assign(const Row<T>& row, T& into, std::string value, const std::string& where);
template <class T>
void assign(const Row<T>& row, T& into, std::int64_t value, const std::string& where);
template <class T>
void assign(const Row<T>& row, T& into, bool value, const std::string& where);
template <class T>
void assign(const Row<T>& row, T& into, std::vector<std::string> value, const std::string& where);

/// The value of a row as TOML writes it; "" for an absent one.
template <class T>
std::string toml_text(const Row<T>& row, const T& from);
/// A text as a TOML basic string.
std::string toml_quote(std::string_view text);

}  // namespace cofre::config
