#include <algorithm>
#include <set>

#include "base/error.h"
#include "config/config.h"
#include "config/table.h"

namespace cofre::config {
namespace {

constexpr std::string_view head =
    "# Settings that were changed while the box ran (PATCH /admin/v1/settings). They go before those of cofre.toml.\n"
    "# The box writes this file; edit cofre.toml instead, or remove this one while the box is stopped.\n";

const Row<Config>& row_of(std::string_view key) {
  const auto all = rows();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Row<Config>& row) { return row.key == key; });
  if (found == all.end()) fail_field(Code::invalid, std::string(key), "there is no setting \"{}\"", key.substr(0, 128));
  return *found;
}

}  // namespace

bool is_local(std::string_view key) {
  // Who may sign in, what is recorded and which files are read is said on the machine alone.
  constexpr std::string_view sections[] = {"limits.", "models.", "queue.", "api.", "costs.", "log."};
  constexpr std::string_view keys[] = {"server.names",          "server.allowed_hosts", "server.cors_origins",
                                       "server.stop_timeout_s", "server.tls_least",     "workers.start_timeout_s",
                                       "workers.silence_s"};
  return std::any_of(std::begin(sections), std::end(sections), [&](auto one) { return key.starts_with(one); }) ||
         std::find(std::begin(keys), std::end(keys), key) != std::end(keys);
}

std::string changed_local(std::string_view text, const LocalChange& change) {
  Loaded local;
  read_toml(local, text, "settings.toml");
  std::set<std::string, std::less<>> kept;
  for (const auto& [key, origin] : local.origins) kept.insert(key);
  for (const auto& [key, value] : change.set) {
    const auto& row = row_of(key);
    if (!is_local(key)) fail_field(Code::invalid, key, "{}: is changed in cofre.toml, on the machine, alone", key);
    std::visit([&](const auto& given) { assign(row, local.config, given, "settings"); }, value);
    kept.insert(key);
  }
  for (const auto& key : change.reset) {
    if (key != aliases_key) row_of(key);
    kept.erase(key);
  }
  if (change.aliases) local.config.aliases = *change.aliases;
  std::string out(head), section;
  for (const auto& row : rows()) {
    if (!kept.contains(row.key)) continue;
    const auto dot = row.key.rfind('.');
    if (row.key.substr(0, dot) != section) out += fmt::format("\n[{}]\n", section = row.key.substr(0, dot));
    out += fmt::format("{} = {}\n", row.key.substr(dot + 1), toml_text(row, local.config));
  }
  const bool has_aliases = change.aliases ? !change.aliases->empty() : kept.contains(aliases_key);
  if (has_aliases) {
    out += fmt::format("\n[{}]\n", aliases_key);
    for (const auto& [alias, model] : local.config.aliases)
      out += fmt::format("{} = {}\n", toml_quote(alias), toml_quote(model));
  }
  return out;
}

}  // namespace cofre::config
