#include "fleet/resolve.h"

#include <algorithm>

#include "base/error.h"
#include "fleet/hubs.h"
#include "os/paths.h"
#include "os/system_memory.h"

namespace cofre::fleet {
namespace {

Resolved ready(const Models& models, const Stored& stored) {
  models.store.check_unchanged(stored);
  Resolved resolved{stored.name, stored.file, std::nullopt};
  const Model* row = models.catalogue.find_sha256(stored.sha256);
  if (row != nullptr) resolved.row = *row;
  return resolved;
}

}  // namespace

Models Models::open(const std::filesystem::path& data_directory) {
  return {data_directory, Catalogue::load(data_directory), Store(data_directory)};
}

Models Models::open() { return open(os::data_directory()); }

Resolved resolve(const Models& models, std::string_view model) {
  const Model* row = model.empty() ? &choose_default(models.catalogue) : models.catalogue.find(model);
  if (row != nullptr) {
    if (const auto stored = models.store.find(row->name)) return ready(models, *stored);
    fail(Code::not_found, "the model {} is not here yet: cofre pull {}", row->name, row->name);
  }
  if (is_model_name(model)) {
    if (const auto stored = models.store.find(model)) return ready(models, *stored);
  }
  const std::filesystem::path path(model);
  if (std::filesystem::is_regular_file(path)) return {path.string(), path, std::nullopt};
  if (const auto reference = HubReference::parse(model)) {
    const std::string name = reference->model_name();
    if (is_model_name(name)) {
      if (const auto stored = models.store.find(name)) return ready(models, *stored);
    }
    if (!path.is_absolute() && !model.ends_with(".gguf")) {
      fail(Code::not_found, "the model {} is not here yet: cofre pull {}", model, model);
    }
  }
  fail(Code::not_found, "there is no model and no file \"{}\" (cofre list --all shows what can be had)", model);
}

std::string stored_name(const Models& models, std::string_view model) {
  if (const Model* row = models.catalogue.find(model)) return row->name;
  if (is_model_name(model)) return std::string(model);
  const auto reference = HubReference::parse(model);
  if (reference && is_model_name(reference->model_name())) return reference->model_name();
  fail(Code::invalid, "\"{}\" is no model name", model);
}

const Model& choose_default(const Catalogue& catalogue) {
  const std::uint64_t memory = os::usable_memory_bytes();
  // A system that does not tell its memory gets the largest.
  return choose_default(catalogue, memory == 0 ? UINT64_MAX : memory);
}

const Model& choose_default(const Catalogue& catalogue, std::uint64_t memory_bytes) {
  if (const Model* model = catalogue.default_for(memory_bytes)) return *model;
  std::uint64_t least = UINT64_MAX;
  for (const auto& model : catalogue.models()) {
    if (model.is_default) least = std::min(least, model.memory_bytes);
  }
  if (least == UINT64_MAX) fail(Code::not_found, "the catalogue has no default model: name one");
  fail(Code::exhausted,
       "the smallest default model needs {:.1f} GB of memory and {:.1f} GB are free: name a smaller model",
       static_cast<double>(least) / 1e9, static_cast<double>(memory_bytes) / 1e9);
}

}  // namespace cofre::fleet
