#pragma once

#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>

namespace cofre::fleet {

/// Whether a file is a model in another program's container, of which unpack_container() makes a model file.
bool is_container(const std::filesystem::path& path);

/// Writes the model file that a container makes to `to`, which must not be there; the same container makes the same
/// bytes. `ready` is called once `to` is open, before the container is read. Throws Error(invalid or unsupported)
/// naming what is wrong with the container.
void unpack_container(const std::filesystem::path& from, const std::filesystem::path& to,
                      const std::function<void()>& ready = {});

/// Removes a file when the work on it does not come to its end.
struct Scrap {
  std::filesystem::path path;
  explicit Scrap(std::filesystem::path file) : path(std::move(file)) {}
  Scrap(const Scrap&) = delete;
  Scrap& operator=(const Scrap&) = delete;
  ~Scrap() {
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove(path, ignored);
  }
};

}  // namespace cofre::fleet
