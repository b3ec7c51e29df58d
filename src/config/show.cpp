#include "base/error.h"
#include "config/config.h"
#include "config/table.h"

namespace cofre::config {
namespace {

/// "# " before every line of a text that is broken at 100 columns.
std::string as_comment(std::string_view text) {
  std::string lines;
  std::size_t column = 0;
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, space);
    if (column == 0 || column + 1 + word.size() > 100) {
      lines += lines.empty() ? "# " : "\n# ";
      column = 1;
    } else {
      lines += ' ';
    }
    lines += word;
    column += 1 + word.size();
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return lines + "\n";
}

/// A default, as a commented-out line; absent ones as `key =`.
template <class T>
std::string commented(const Row<T>& row, std::string_view name) {
  const auto value = toml_text(row, T{});
  return fmt::format("{}# Takes {}.\n#{} ={}{}\n\n", as_comment(row.comment), expectation(row), name,
                     value.empty() ? "" : " ", value);
}

template <class T>
void add_tables(std::string& text, std::string_view header, std::string_view comment, std::span<const Row<T>> table) {
  text += as_comment(comment) + fmt::format("#[[{}]]\n\n", header);
  for (const auto& row : table) text += commented(row, row.key);
}

template <class T>
std::string cell(const Row<T>& row) {
  const auto value = toml_text(row, T{});
  return value.empty() ? "" : "`" + value + "`";
}

template <class T>
void add_markdown(std::string& text, std::span<const Row<T>> table) {
  text += "| setting | default | takes | |\n|---|---|---|---|\n";
  for (const auto& row : table) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", row.key, cell(row), expectation(row), row.comment);
  }
}

constexpr std::string_view engines_comment =
    "A server that speaks OpenAI's API (vLLM, vLLM-Ascend, MindIE, llama-server) and answers under a model name of "
    "this "
    "box. May be repeated.";
constexpr std::string_view models_comment = "What differs for one local model. May be repeated.";
constexpr std::string_view ldap_groups_comment =
    "A group of the company's directory: its members sign in here. Nobody else of the directory does. May be repeated.";
constexpr std::string_view oidc_groups_comment =
    "A group of people at the company's provider: its members sign in here. Nobody else does. May be repeated.";
constexpr std::string_view aliases_comment = "Other names of models: \"gpt-4o-mini\" = \"qwen2.5-1.5b\".";

}  // namespace

std::string default_file() {
  std::string text =
      "# Cofre's settings. Every one stands here with its default; take away the # to change it. `cofre config` "
      "prints\n"
      "# the effective ones and where each comes from. The environment (COFRE_SECTION_NAME) and the command line "
      "win.\n";
  std::string section;
  for (const auto& row : rows()) {
    const auto dot = row.key.rfind('.');
    if (row.key.substr(0, dot) != section) {
      section = row.key.substr(0, dot);
      text += fmt::format("\n[{}]\n", section);
    }
    text += commented(row, row.key.substr(dot + 1));
  }
  text += "\n" + as_comment(aliases_comment) + fmt::format("#[{}]\n\n", aliases_key);
  add_tables(text, "model", models_comment, model_rows());
  add_tables(text, "engine", engines_comment, engine_rows());
  add_tables(text, ldap_group_key, ldap_groups_comment, ldap_group_rows());
  add_tables(text, oidc_group_key, oidc_groups_comment, oidc_group_rows());
  return text;
}

std::string documentation() {
  std::string text =
      "# Settings\n\n"
      "`cofre.toml` in the data directory (`--data`, `COFRE_DATA`, else `/var/lib/cofre` for root and\n"
      "`~/.local/share/cofre` for others). `cofre config --write` makes one in which every setting stands as a "
      "comment;\n"
      "`cofre config` prints the effective values and where each comes from. Later ones win: default, file, "
      "`settings.toml`\n"
      "beside it (which the box writes: [administration.md](administration.md)), environment, command line. The "
      "environment's name of `server.listen` is `COFRE_SERVER_LISTEN`; lists are separated by "
      "commas\n"
      "there. Unknown keys, wrong types and values out of range are errors that name the key and its line.\n\n"
      "This page is made from the table in `src/config/table.cpp`: `cofre config --markdown > "
      "docs/configuration.md`.\n\n";
  add_markdown(text, rows());
  text += fmt::format("\n## [{}]\n\n{}\n", aliases_key, aliases_comment);
  text += fmt::format("\n## [[model]]\n\n{}\n\n", models_comment);
  add_markdown(text, model_rows());
  text += fmt::format("\n## [[engine]]\n\n{}\n\n", engines_comment);
  add_markdown(text, engine_rows());
  text += fmt::format("\n## [[{}]]\n\n{}\n\n", ldap_group_key, ldap_groups_comment);
  add_markdown(text, ldap_group_rows());
  text += fmt::format("\n## [[{}]]\n\n{}\n\n", oidc_group_key, oidc_groups_comment);
  add_markdown(text, oidc_group_rows());
  return text;
}

std::vector<Shown> show(const Loaded& loaded) {
  const auto origin_of = [&](std::string_view key) {
    const auto found = loaded.origins.find(key);
    return found == loaded.origins.end() ? Origin{} : found->second;
  };
  std::vector<Shown> shown;
  for (const auto& row : rows()) {
    shown.push_back({std::string(row.key), toml_text(row, loaded.config), origin_of(row.key)});
  }
  for (const auto& [alias, model] : loaded.config.aliases) {
    shown.push_back({fmt::format("{}.{}", aliases_key, toml_quote(alias)), toml_quote(model), origin_of(aliases_key)});
  }
  const auto add = [&](std::string_view header, const auto& items, const auto& table) {
    for (const auto& item : items) {
      for (const auto& row : table) {
        const auto value = toml_text(row, item);
        if (!value.empty()) {
          shown.push_back({fmt::format("{}.{}.{}", header, toml_quote(item.name), row.key), value, origin_of(header)});
        }
      }
    }
  };
  add("model", loaded.config.models, model_rows());
  add("engine", loaded.config.engines, engine_rows());
  add(ldap_group_key, loaded.config.ldap_groups, ldap_group_rows());
  add(oidc_group_key, loaded.config.oidc_groups, oidc_group_rows());
  return shown;
}

}  // namespace cofre::config
