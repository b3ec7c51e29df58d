#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace cofre::os {

/// The field of an Error(exhausted) that says that a disk is full. Its message ends with the cure.
inline constexpr const char* full_disk = "disk";
inline constexpr const char* full_disk_cure = "make space there, and the box goes on by itself";

/// Bytes that this user may still write where `path`, or its nearest folder that exists, lies.
std::uint64_t free_disk_bytes(const std::filesystem::path& path);

/// A file that grows at its end: the unfinished part of a transfer.
class AppendFile {
 public:
  /// Opens or creates it, readable by its owner and group. Throws Error(unavailable) naming the path and the reason.
  explicit AppendFile(const std::filesystem::path& path);
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  ~AppendFile();

  /// Throws Error(exhausted, full_disk) where the disk is full, Error(unavailable) for every other reason.
  void append(std::span<const std::byte> bytes);
  /// Cuts the file to `bytes`, which is at most bytes().
  void truncate(std::uint64_t bytes);
  /// Returns when everything is on the disk.
  void sync();
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  std::filesystem::path path_;
  int file_ = -1;
  std::uint64_t bytes_ = 0;
};

/// Gives a finished file its name: content on the disk first, then the rename, then the folder.
/// Whoever looks sees the old file or the whole new one, also after a power cut.
void publish(const std::filesystem::path& from, const std::filesystem::path& to);

/// publish() of a small text.
void write_whole(const std::filesystem::path& path, std::string_view text);

/// The text of a file of at most `bytes_max`. Throws Error(not_found, unavailable or invalid) naming the path.
std::string read_whole(const std::filesystem::path& path, std::uint64_t bytes_max);

/// Makes a file that its owner alone may read and write, with this content, complete on the disk before it gets its
/// name. False where a file of this name is there already, which is left as it is.
bool create_private(const std::filesystem::path& path, std::string_view content = {});

/// Throws Error(invalid) where anybody but its owner may read or write the file, or where the owner is neither this
/// user nor root.
void check_private(const std::filesystem::path& path);

/// Makes `to` another name of `from` where that is safe (same file system, the file is this user's own) and tells
/// whether it did. Never replaces a file.
bool try_hard_link(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace cofre::os
