#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::fleet {

/// A file of a repository in Hugging Face's cache.
struct CachedFile {
  std::string path;    ///< inside the repository
  std::string sha256;  ///< what the cache says; whether it is true the caller checks
  std::uint64_t bytes = 0;
};

/// Folders where other programs keep models of this user.
struct Caches {
  std::vector<std::filesystem::path> huggingface;  ///< hold models--OWNER--NAME/blobs/SHA256
  std::vector<std::filesystem::path> ollama;       ///< hold blobs/sha256-SHA256

  /// HF_HUB_CACHE, HF_HOME and OLLAMA_MODELS; where those programs keep them by default otherwise.
  static Caches from_environment();

  /// Files that claim by their name to have this SHA-256, and have this size. Whether it is true the caller checks.
  std::vector<std::filesystem::path> find(std::string_view sha256, std::uint64_t bytes) const;

  /// What Hugging Face's caches hold of "owner/name" in the revision that was fetched last from its main branch.
  std::vector<CachedFile> files_of(std::string_view repository) const;
};

}  // namespace cofre::fleet
