#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace cofre::os {

/// A lock between processes: a file that its holder keeps locked (flock) and removes when done. A holder that dies
/// leaves no lock behind, whatever happens to the file.
class FileLock {
 public:
  /// Takes it, or returns nothing where another holds it. Throws Error(unavailable) where the file cannot be made.
  static std::optional<FileLock> try_take(const std::filesystem::path& path);
  /// The process that holds it; 0 where none is written (yet).
  static int holder(const std::filesystem::path& path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  FileLock(std::filesystem::path path, int file) : path_(std::move(path)), file_(file) {}
  std::filesystem::path path_;
  int file_;
};

}  // namespace cofre::os
