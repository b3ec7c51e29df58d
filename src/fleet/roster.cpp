#include "fleet/roster.h"

#include <algorithm>

#include "base/error.h"
#include "os/paths.h"

namespace cofre::fleet {
namespace {

constexpr std::uint64_t mebibyte = 1u << 20;

LocalSettings settings_of(const Models& models, const Resolved& resolved, const config::Config& config) {
  LocalSettings s;
  s.file = std::filesystem::absolute(resolved.file);
  s.name = resolved.name == resolved.file.string() ? resolved.file.stem().string() : resolved.name;
  s.identity = os::identify(s.file);
  if (is_model_name(s.name)) {
    const auto stored = models.store.find(s.name);
    if (stored && stored->file == resolved.file) {
      s.sha256 = stored->sha256;
      s.identity = stored->identity;
    }
  }
  if (resolved.row) {
    s.aliases = resolved.row->aliases;
    s.worker.advice = resolved.row->sampling;
  }
  const auto own =
      std::find_if(config.models.begin(), config.models.end(), [&](const auto& model) { return model.name == s.name; });
  static const config::Model nothing;
  const auto& differs = own == config.models.end() ? nothing : *own;
  s.keep_alive_s = differs.keep_alive_s.value_or(config.keep_alive_s);
  s.worker.name = s.name;
  s.worker.file = s.file;
  s.worker.context = static_cast<std::uint64_t>(differs.context.value_or(config.context));
  s.worker.kv_bytes = static_cast<std::uint64_t>(differs.kv_memory_mib.value_or(config.kv_memory_mib)) * mebibyte;
  s.worker.kv_q8 = (differs.kv_format.empty() ? config.kv_format : differs.kv_format) == "q8";
  s.worker.sequences = static_cast<std::uint32_t>(differs.sequences.value_or(config.sequences));
  s.worker.threads = static_cast<std::uint32_t>(differs.threads.value_or(config.model_threads));
  s.worker.queue = static_cast<std::uint32_t>(config.queue_length);
  s.worker.step_ms = static_cast<std::uint32_t>(config.step_ms);
  s.worker.sandbox_required = config.sandbox_required;
  return s;
}

/// A model of preload: out of this box's store, else out of the one where `cofre pull` puts models by default.
LocalSettings preloaded(const Models& models, const std::string& text, const config::Config& config) {
  try {
    return settings_of(models, resolve(models, text), config);
  } catch (const Error& error) {
    const auto usual = os::data_directory();
    if (error.code() != Code::not_found || models.data_directory == usual) throw;
    const auto shared = Models::open(usual);
    const auto* row = shared.catalogue.find(text);
    const std::string name = row != nullptr ? row->name : text;
    if (!is_model_name(name) || !shared.store.find(name)) throw;
    return settings_of(shared, resolve(shared, text), config);
  }
}

/// Whoever answers to this name.
LocalSettings* named(std::vector<LocalSettings>& list, std::string_view name) {
  const auto wanted = lower_case(name);
  for (auto& one : list) {
    if (lower_case(one.name) == wanted) return &one;
    for (const auto& alias : one.aliases)
      if (lower_case(alias) == wanted) return &one;
  }
  return nullptr;
}

void add_names(std::vector<LocalSettings>& list, const config::Config& config) {
  const auto is_engine = [&](const std::string& name) {
    return std::any_of(config.engines.begin(), config.engines.end(),
                       [&](const auto& engine) { return engine.name == name; });
  };
  for (const auto& [alias, model] : config.aliases) {
    if (is_engine(model)) continue;
    auto* target = named(list, model);
    if (target == nullptr)
      fail_field(Code::not_found, "models.aliases", "the alias {} stands for {}, which is not here", alias, model);
    target->aliases.push_back(alias);
  }
  auto* target = config.default_model.empty() ? nullptr : named(list, config.default_model);
  if (target == nullptr && !config.default_model.empty() && !is_engine(config.default_model))
    fail_field(Code::not_found, "models.default", "the default model {} is not here", config.default_model);
  if (config.default_model.empty() && !list.empty()) target = &list.front();
  if (target != nullptr && named(list, "default") == nullptr) target->aliases.emplace_back("default");
}

}  // namespace

std::vector<LocalSettings> roster(const Models& models, const config::Config& config) {
  std::vector<LocalSettings> list;
  for (const auto& text : config.preload) {
    auto settings = preloaded(models, text, config);
    if (named(list, settings.name) != nullptr) continue;
    settings.preloaded = true;
    list.push_back(std::move(settings));
  }
  for (const auto& stored : models.store.list()) {
    if (named(list, stored.name) != nullptr) continue;
    Resolved resolved{stored.name, stored.file, std::nullopt};
    if (const auto* row = models.catalogue.find_sha256(stored.sha256)) resolved.row = *row;
    list.push_back(settings_of(models, resolved, config));
  }
  add_names(list, config);
  return list;
}

}  // namespace cofre::fleet
