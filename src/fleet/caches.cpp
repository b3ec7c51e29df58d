#include "fleet/caches.h"

#include <optional>
#include <string>

#include "crypto/sha256.h"
#include "os/disk.h"
#include "os/paths.h"

namespace cofre::fleet {
namespace {

constexpr std::uint64_t reference_bytes_max = 1024;

/// The snapshot that refs/main of a cached repository names, else any.
std::optional<std::filesystem::path> newest_snapshot(const std::filesystem::path& repository) {
  const auto snapshots = repository / "snapshots";
  std::error_code unreadable;
  if (std::filesystem::is_regular_file(repository / "refs/main", unreadable)) {
    std::string commit = os::read_whole(repository / "refs/main", reference_bytes_max);
    while (!commit.empty() && commit.back() == '\n') commit.pop_back();
    const bool plain = !commit.empty() && commit.find_first_of("/.") == commit.npos;
    if (plain && std::filesystem::is_directory(snapshots / commit, unreadable)) return snapshots / commit;
  }
  for (const auto& entry : std::filesystem::directory_iterator(snapshots, unreadable)) return entry.path();
  return std::nullopt;
}

}  // namespace

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

std::vector<CachedFile> Caches::files_of(std::string_view repository) const {
  std::string name = "models--" + std::string(repository);
  if (const auto slash = name.find('/'); slash != name.npos) name.replace(slash, 1, "--");
  std::vector<CachedFile> files;
  for (const auto& folder : huggingface) {
    const auto snapshot = newest_snapshot(folder / name);
    if (!snapshot) continue;
    std::error_code unreadable;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*snapshot, unreadable)) {
      // A file that is kept by its sum is a link to blobs/SHA256; small ones have other sums and are none of ours.
      std::error_code failed;
      const auto sha256 = std::filesystem::read_symlink(entry.path(), failed).filename().string();
      const auto bytes = failed ? 0 : std::filesystem::file_size(entry.path(), failed);
      if (failed || !crypto::is_sha256(sha256)) continue;
      files.push_back({entry.path().lexically_relative(*snapshot).string(), sha256, bytes});
    }
  }
  return files;
}

}  // namespace cofre::fleet
