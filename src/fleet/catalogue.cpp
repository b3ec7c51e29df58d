#include "fleet/catalogue.h"

#include <algorithm>

#include "base/error.h"
#include "os/disk.h"

namespace cofre::fleet {

/// models/catalogue.toml; the build writes the file that defines it.
extern const std::string_view builtin_catalogue;

namespace {

constexpr std::uint64_t catalogue_bytes_max = 4 << 20;

bool answers_to(const Model& model, std::string_view name) {
  return model.name == name || std::find(model.aliases.begin(), model.aliases.end(), name) != model.aliases.end();
}

}  // namespace

std::string_view name_of(Purpose purpose) noexcept {
  switch (purpose) {
    case Purpose::chat: return "chat";
    case Purpose::base: return "base";
    case Purpose::embedding: return "embedding";
    case Purpose::tests: return "tests";
  }
  return "";
}

std::string model_name_from(std::string_view text) {
  std::string name = lower_case(text);
  for (char& c : name) {
    if (!is_model_name(std::string("a") + c)) c = '-';
  }
  while (!name.empty() && !is_model_name(name.substr(0, 1))) name.erase(0, 1);
  if (!is_model_name(name)) fail(Code::invalid, "{} makes no model name: give one with --name", text);
  return name;
}

std::string lower_case(std::string_view text) {
  std::string small(text);
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return small;
}

bool is_model_name(std::string_view text) noexcept {
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 128 && is_word(text[0]) && text.find(".gguf") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [&](char c) { return is_word(c) || c == '.' || c == '_' || c == '-'; });
}

Catalogue Catalogue::builtin() { return parse(builtin_catalogue, "the built-in catalogue"); }

Catalogue Catalogue::load(const std::filesystem::path& data_directory) {
  Catalogue all = builtin();
  const auto own = data_directory / "catalogue.toml";
  if (std::filesystem::exists(own)) all.add(parse(os::read_whole(own, catalogue_bytes_max), own.string()));
  return all;
}

void Catalogue::add(const Catalogue& other) {
  for (const auto& model : other.models_) {
    std::erase_if(models_, [&](const Model& old) { return old.name == model.name; });
    models_.push_back(model);
  }
}

const Model* Catalogue::find(std::string_view name) const {
  const std::string wanted = lower_case(name);
  // Later rows are the administrator's own: their aliases come before those built in, exact names before all.
  const auto named = std::find_if(models_.begin(), models_.end(), [&](const Model& m) { return m.name == wanted; });
  if (named != models_.end()) return &*named;
  const auto other =
      std::find_if(models_.rbegin(), models_.rend(), [&](const Model& m) { return answers_to(m, wanted); });
  return other == models_.rend() ? nullptr : &*other;
}

const Model* Catalogue::find_sha256(std::string_view sha256) const {
  const auto found = std::find_if(models_.begin(), models_.end(), [&](const Model& m) { return m.sha256 == sha256; });
  return found == models_.end() ? nullptr : &*found;
}

const Model* Catalogue::default_for(std::uint64_t memory_bytes) const {
  const Model* best = nullptr;
  for (const auto& model : models_) {
    if (!model.is_default || model.memory_bytes > memory_bytes) continue;
    if (best == nullptr || model.memory_bytes > best->memory_bytes) best = &model;
  }
  return best;
}

}  // namespace cofre::fleet
