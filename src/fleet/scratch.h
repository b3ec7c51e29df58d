#pragma once

#include <filesystem>

namespace cofre::fleet {

/// An empty folder that goes with everything in it; also what a killed process left there.
struct Scratch {
  explicit Scratch(const std::filesystem::path& folder) : path(folder) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::filesystem::path path;
};

}  // namespace cofre::fleet
