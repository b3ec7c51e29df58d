#include "gateway/admin/settings.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "config/table.h"
#include "gateway/admin/home.h"
#include "gateway/dialects/openai/form.h"

namespace cofre::gateway::admin {
namespace {

using config::Config;
using config::Origin;
using openai::Form;

constexpr std::size_t settings_max = 200;

const SettingsDoor& door_of(const Services& services) {
  if (!services.settings.door.loaded) fail(Code::unsupported, "this box reads its settings at its start alone");
  return services.settings.door;
}

json::Array list_of(const std::vector<std::string>& texts) {
  json::Array list;
  for (const auto& text : texts) list.emplace_back(text);
  return list;
}

json::Value value_of(const config::Row<Config>& row, const Config& from) {
  struct Reader {
    const Config& from;
    json::Value operator()(std::string Config::*field) const { return json::Value(from.*field); }
    json::Value operator()(std::int64_t Config::*field) const { return from.*field; }
    json::Value operator()(bool Config::*field) const { return from.*field; }
    json::Value operator()(std::optional<std::int64_t> Config::*field) const {
      return from.*field ? json::Value(*(from.*field)) : json::Value();
    }
    json::Value operator()(std::vector<std::string> Config::*field) const { return list_of(from.*field); }
  };
  return std::visit(Reader{from}, row.field);
}

const char* type_of(const config::Row<Config>& row) {
  constexpr const char* types[] = {"text", "number", "flag", "list", "number"};
  return types[row.field.index()];
}

const char* name_of(Origin::Kind kind) {
  switch (kind) {
    case Origin::Kind::standard: return "default";
    case Origin::Kind::file: return "file";
    case Origin::Kind::local: return "console";
    case Origin::Kind::environment: return "environment";
    case Origin::Kind::command_line: return "command_line";
  }
  return "default";
}

json::Array choices_of(std::string_view text) {
  json::Array choices;
  while (!text.empty()) {
    const auto bar = std::min(text.find('|'), text.size());
    choices.emplace_back(text.substr(0, bar));
    text.remove_prefix(std::min(bar + 1, text.size()));
  }
  return choices;
}

json::Object setting_object(const SettingsDoor& door, const config::Loaded& loaded, const config::Row<Config>& row) {
  const auto found = loaded.origins.find(row.key);
  const auto origin = found == loaded.origins.end() ? Origin{} : found->second;
  const bool is_number = row.field.index() == 1 || row.field.index() == 4;
  // The environment and the command line win over whatever is said here.
  const bool is_fixed = origin.kind == Origin::Kind::environment || origin.kind == Origin::Kind::command_line;
  return {{"key", row.key},
          {"type", type_of(row)},
          {"comment", row.comment},
          {"takes", config::expectation(row)},
          {"least", is_number ? json::Value(row.least) : json::Value()},
          {"most", is_number ? json::Value(row.most) : json::Value()},
          {"choices", choices_of(row.choices)},
          {"default", value_of(row, Config{})},
          {"value", value_of(row, loaded.config)},
          {"from", json::Object{{"kind", name_of(origin.kind)}, {"where", origin.where}}},
          {"at_once", door.changes_at_once(row.key)},
          {"editable", config::is_local(row.key) && !is_fixed}};
}

json::Object aliases_of(const Config& config) {
  json::Object aliases;
  for (const auto& [alias, model] : config.aliases) aliases[alias] = model;
  return aliases;
}

std::vector<std::string> read_texts(Form& form, std::string_view key, const json::Value& value) {
  std::vector<std::string> texts;
  for (const auto& item : value.as_array()) {
    if (!item.is_string()) form.refuse(key, "must hold texts");
    texts.emplace_back(item.get_string());
  }
  return texts;
}

config::LocalChange::Value read_value(Form& form, std::string_view key, const json::Value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_int64()) return value.get_int64();
  if (value.is_bool()) return value.get_bool();
  if (value.is_array()) return read_texts(form, key, value);
  form.refuse(key, "must be a text, a whole number, true or false, or a list of texts");
}

config::LocalChange read_change(const json::Value& body) {
  Form form(body);
  config::LocalChange change;
  if (auto set = form.object("set")) {
    if (set->json().size() > settings_max) form.refuse("set", "has too many settings");
    for (const auto& member : set->json())
      change.set.emplace(std::string(member.key()), read_value(*set, member.key(), member.value()));
  }
  if (const auto* reset = form.list("reset", settings_max))
    change.reset = read_texts(form, "reset", json::Value(*reset));
  if (auto aliases = form.object("aliases")) {
    auto& all = change.aliases.emplace();
    for (const auto& member : aliases->json())
      all[std::string(member.key())] = aliases->required_text(member.key(), 512);
  }
  form.finish();
  return change;
}

/// The names of what is changed, never the values: some are secrets of the network.
json::Object facts_of(const config::LocalChange& change) {
  json::Array keys;
  for (const auto& [key, value] : change.set) keys.emplace_back(key);
  for (const auto& key : change.reset) keys.emplace_back(key);
  if (change.aliases) keys.emplace_back(config::aliases_key);
  return {{"settings", std::move(keys)}};
}

}  // namespace

void show_settings(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call&) {
    const auto& door = door_of(with);
    const auto loaded = door.loaded();
    json::Array settings;
    for (const auto& row : config::rows()) settings.emplace_back(setting_object(door, loaded, row));
    return json::Object{{"settings", std::move(settings)},
                        {"aliases", aliases_of(loaded.config)},
                        {"notes", list_of(loaded.notes)},
                        {"after_restart", list_of(door.after_restart())}};
  });
}

void list_engines(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call&) {
    json::Array engines;
    for (const auto& engine : door_of(with).loaded().config.engines) {
      const auto state = with.models.find(engine.name);
      engines.emplace_back(json::Object{{"name", engine.name},
                                        {"urls", list_of(engine.urls)},
                                        {"model", engine.model.empty() ? engine.name : engine.model},
                                        {"parallel", engine.parallel},
                                        {"state", state ? fleet::name_of(state->kind) : "idle"},
                                        {"healthy", state && state->healthy},
                                        {"reason", state ? state->reason : ""},
                                        {"requests", state ? state->streams : 0}});
    }
    return json::Object{{"engines", std::move(engines)}};
  });
}

void change_settings(Services& services, Call&& call) {
  for_home(services, std::move(call), [](Services& with, Call& at) {
    const auto& door = door_of(with);
    const auto change = read_change(json::parse(at.request.body));
    return recorded(with, at, "settings.change", facts_of(change), [&] { return door.change(change); });
  });
}

}  // namespace cofre::gateway::admin
