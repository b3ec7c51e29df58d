#include "fleet/caches.h"

#include <string>

#include "os/paths.h"

namespace cofre::fleet {

Caches Caches::from_environment() {
  Caches caches;
  const auto home = os::home_directory();
  if (const auto hub = os::environment("HF_HUB_CACHE")) {
    caches.huggingface.emplace_back(*hub);
  } else if (const auto all = os::environment("HF_HOME")) {
    caches.huggingface.push_back(std::filesystem::path(*all) / "hub");
  } else if (const auto cache = os::environment("XDG_CACHE_HOME")) {
    caches.huggingface.push_back(std::filesystem::path(*cache) / "huggingface/hub");
  } else if (home) {
    caches.huggingface.push_back(*home / ".cache/huggingface/hub");
  }
  if (const auto models = os::environment("OLLAMA_MODELS")) {
    caches.ollama.emplace_back(*models);
  } else {
    if (home) caches.ollama.push_back(*home / ".ollama/models");
    caches.ollama.emplace_back("/usr/share/ollama/.ollama/models");  // where Ollama's own service keeps them
  }
  return caches;
}

std::vector<std::filesystem::path> Caches::find(std::string_view sha256, std::uint64_t bytes) const {
  std::vector<std::filesystem::path> found;
  const auto consider = [&](const std::filesystem::path& path) {
    std::error_code unreadable;
    if (std::filesystem::is_regular_file(path, unreadable) && std::filesystem::file_size(path, unreadable) == bytes &&
        !unreadable) {
      found.push_back(path);
    }
  };
  for (const auto& folder : huggingface) {
    std::error_code unreadable;
    for (const auto& repository : std::filesystem::directory_iterator(folder, unreadable)) {
      if (!repository.path().filename().string().starts_with("models--")) continue;
      consider(repository.path() / "blobs" / sha256);
    }
  }
  for (const auto& folder : ollama) consider(folder / "blobs" / ("sha256-" + std::string(sha256)));
  return found;
}

}  // namespace cofre::fleet
