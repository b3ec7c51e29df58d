#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace cofre::os {

/// An environment variable; nothing where it is unset or empty.
std::optional<std::string> environment(const char* name);

/// $HOME, else the password file's; nothing where neither names a folder.
std::optional<std::filesystem::path> home_directory();

/// The user that this process runs as.
std::uint32_t own_user();
/// The name of a user of this machine; its number where it has none.
std::string user_name(std::uint32_t user);

/// Where Cofre keeps its models and state: $COFRE_DATA, else /var/lib/cofre for root, ~/.local/share/cofre for others.
/// Throws Error(invalid) where a user has no home. Creates nothing.
std::filesystem::path data_directory();

/// Removes a temporary folder with everything in it when it goes out of scope.
class TemporaryDirectory {
 public:
  /// A new folder, readable by its owner alone, inside `parent`, which is created where it is missing.
  /// Throws Error(unavailable) naming the reason.
  explicit TemporaryDirectory(const std::filesystem::path& parent);
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace cofre::os
