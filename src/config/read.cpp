#include <algorithm>
#include <array>
#include <charconv>

#include <toml++/toml.h>

#include "base/error.h"
#include "config/config.h"
#include "config/nearest.h"
#include "config/table.h"

namespace cofre::config {
namespace {

std::string place(const std::string& name, const toml::source_region& source) {
  return fmt::format("{}, line {}", name, source.begin.line);
}

std::string join(std::string_view section, std::string_view key) {
  return section.empty() ? std::string(key) : fmt::format("{}.{}", section, key);
}

[[noreturn]] void refuse_unknown(const std::string& key, const std::string& where, std::span<const std::string> known) {
  // A key in the wrong section is found by its last part too.
  std::optional<std::string> meant = nearest(key, known);
  const auto last = key.substr(key.rfind('.') + 1);
  for (const auto& candidate : known) {
    if (!meant && candidate.substr(candidate.rfind('.') + 1) == last) meant = candidate;
  }
  fail_field(Code::invalid, key, "{}: there is no setting \"{}\"{}", where, key,
             meant ? fmt::format("; did you mean \"{}\"?", *meant) : "");
}

template <class T>
std::vector<std::string> keys_of(std::span<const Row<T>> table) {
  std::vector<std::string> keys;
  for (const auto& row : table) keys.emplace_back(row.key);
  return keys;
}

template <class T>
const Row<T>* find_row(std::span<const Row<T>> table, std::string_view key) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Row<T>& row) { return row.key == key; });
  return found == table.end() ? nullptr : &*found;
}

template <class T>
void assign_node(const Row<T>& row, T& into, const toml::node& node, const std::string& where) {
  if (const auto* text = node.as_string()) return assign(row, into, text->get(), where);
  if (const auto* number = node.as_integer()) return assign(row, into, number->get(), where);
  if (const auto* flag = node.as_boolean()) return assign(row, into, flag->get(), where);
  std::vector<std::string> list;
  const auto* array = node.as_array();
  bool fits = array != nullptr;
  for (std::size_t i = 0; fits && i < array->size(); ++i) {
    const auto* text = array->get(i)->as_string();
    fits = text != nullptr;
    if (fits) list.push_back(text->get());
  }
  if (!fits) {
    fail_field(Code::invalid, std::string(row.key), "{}: {}: must be {}", where, row.key, expectation(row));
  }
  assign(row, into, std::move(list), where);
}

/// The tables of [[key]]: each a T whose rows are `table`.
template <class T>
std::vector<T> read_tables(std::span<const Row<T>> table, const std::string& key, const toml::node& node,
                           const std::string& name) {
  const auto* array = node.as_array();
  if (array == nullptr || !array->is_array_of_tables()) {
    fail_field(Code::invalid, key, "{}: {}: must be written [[{}]]", place(name, node.source()), key, key);
  }
  std::vector<T> all;
  for (const auto& item : *array) {
    T one;
    for (const auto& [field, value] : *item.as_table()) {
      const auto where = fmt::format("{}: {}", place(name, field.source()), key);
      const auto* row = find_row(table, field.str());
      if (row == nullptr) refuse_unknown(std::string(field.str()), where, keys_of(table));
      assign_node(*row, one, value, where);
    }
    if (one.name.empty()) fail_field(Code::invalid, key, "{}: {}: name is missing", place(name, item.source()), key);
    if (std::any_of(all.begin(), all.end(), [&](const T& other) { return other.name == one.name; })) {
      fail_field(Code::invalid, key, "{}: two of [[{}]] are named {}", place(name, item.source()), key, one.name);
    }
    if constexpr (std::is_same_v<T, Engine>) {
      if (one.urls.empty()) fail_field(Code::invalid, key, "{}: {}: urls are missing", place(name, item.source()), key);
    }
    all.push_back(std::move(one));
  }
  return all;
}

void read_aliases(Config& into, const toml::node& node, const std::string& name) {
  const std::string key(aliases_key);
  const auto refuse = [&](const toml::source_region& source) {
    fail_field(Code::invalid, key, "{}: {}: must be a table of NAME = \"MODEL\"", place(name, source), key);
  };
  if (node.as_table() == nullptr) refuse(node.source());
  for (const auto& [alias, model] : *node.as_table()) {
    const auto* text = model.as_string();
    if (text == nullptr || text->get().empty() || alias.str().empty() || alias.str().size() > 256)
      refuse(alias.source());
    into.aliases.insert_or_assign(std::string(alias.str()), text->get());
  }
}

/// Sections of the table: "server" of "server.listen".
bool is_section(std::string_view key) {
  return std::any_of(rows().begin(), rows().end(), [&](const Row<Config>& row) {
    return row.key.starts_with(key) && row.key.substr(key.size()).starts_with('.');
  });
}

std::vector<std::string> all_keys() {
  auto keys = keys_of(rows());
  keys.emplace_back(aliases_key);
  keys.emplace_back("engine");
  keys.emplace_back("model");
  keys.emplace_back(ldap_group_key);
  keys.emplace_back(oidc_group_key);
  return keys;
}

void read_table(Loaded& into, const toml::table& table, const std::string& section, const std::string& name,
                Origin::Kind kind) {
  for (const auto& [field, value] : table) {
    const std::string key = join(section, field.str());
    const auto where = place(name, field.source());
    const Origin origin{kind, fmt::format("{}:{}", name, field.source().begin.line)};
    if (key == aliases_key) {
      read_aliases(into.config, value, name);
    } else if (key == "engine") {
      into.config.engines = read_tables(engine_rows(), key, value, name);
    } else if (key == "model") {
      into.config.models = read_tables(model_rows(), key, value, name);
    } else if (key == ldap_group_key) {
      into.config.ldap_groups = read_tables(ldap_group_rows(), key, value, name);
    } else if (key == oidc_group_key) {
      into.config.oidc_groups = read_tables(oidc_group_rows(), key, value, name);
    } else if (const auto* row = find_row(rows(), key)) {
      assign_node(*row, into.config, value, where);
    } else if (is_section(key)) {
      if (value.as_table() == nullptr) fail_field(Code::invalid, key, "{}: {}: is a section: [{}]", where, key, key);
      read_table(into, *value.as_table(), key, name, kind);
      continue;
    } else {
      refuse_unknown(key, where, all_keys());
    }
    into.origins.insert_or_assign(key, origin);
  }
}

/// A value written as text: environment and command line. Lists are separated by commas.
void assign_text(const Row<Config>& row, Config& into, const std::string& text, const std::string& where) {
  if (std::holds_alternative<std::string Config::*>(row.field)) return assign(row, into, text, where);
  if (std::holds_alternative<std::vector<std::string> Config::*>(row.field)) {
    std::vector<std::string> list;
    for (std::size_t at = 0; !text.empty() && at <= text.size();) {
      const auto comma = std::min(text.find(',', at), text.size());
      list.push_back(text.substr(at, comma - at));
      at = comma + 1;
    }
    return assign(row, into, std::move(list), where);
  }
  if (std::holds_alternative<bool Config::*>(row.field) && (text == "true" || text == "false")) {
    return assign(row, into, text == "true", where);
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || std::holds_alternative<bool Config::*>(row.field)) {
    fail_field(Code::invalid, std::string(row.key), "{}: {}: must be {}", where, row.key, expectation(row));
  }
  assign(row, into, number, where);
}

}  // namespace

void read_toml(Loaded& into, std::string_view text, const std::string& name, Origin::Kind kind) {
  toml::table root;
  try {
    root = toml::parse(text);
  } catch (const toml::parse_error& error) {
    fail(Code::invalid, "{}, line {}: {}", name, error.source().begin.line, error.description());
  }
  read_table(into, root, "", name, kind);
}

void read_environment(Loaded& into, const std::vector<std::string>& environment) {
  // Variables of this name that are no settings, as docs/cli.md lists them.
  constexpr std::array<std::string_view, 4> others{"COFRE_DATA", "COFRE_ISA", "COFRE_PEER", "COFRE_CACHE"};
  for (const auto& entry : environment) {
    const auto equals = entry.find('=');
    const std::string name = entry.substr(0, equals);
    if (!name.starts_with("COFRE_") || equals == entry.npos) continue;
    const auto row = std::find_if(rows().begin(), rows().end(),
                                  [&](const Row<Config>& one) { return environment_name(one.key) == name; });
    if (row != rows().end()) {
      assign_text(*row, into.config, entry.substr(equals + 1), "environment variable " + name);
      into.origins.insert_or_assign(std::string(row->key), Origin{Origin::Kind::environment, name});
    } else if (std::find(others.begin(), others.end(), name) == others.end()) {
      into.notes.push_back(fmt::format("the environment variable {} names no setting", name));
    }
  }
}

void read_given(Loaded& into, const Given& given) {
  const auto* row = find_row(rows(), given.key);
  if (row == nullptr) refuse_unknown(given.key, given.option, keys_of(rows()));
  const auto* list = std::get_if<std::vector<std::string> Config::*>(&row->field);
  if (given.is_item && list != nullptr) {
    // The first replaces what the file said, the next ones add.
    const auto origin = into.origins.find(given.key);
    const bool is_first = origin == into.origins.end() || origin->second.kind != Origin::Kind::command_line;
    auto items = is_first ? std::vector<std::string>{} : into.config.**list;
    items.push_back(given.text);
    assign(*row, into.config, std::move(items), given.option);
  } else {
    assign_text(*row, into.config, given.text, given.option);
  }
  into.origins.insert_or_assign(given.key, Origin{Origin::Kind::command_line, given.option});
}

}  // namespace cofre::config
