#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

namespace cofre::os {

/// What tells whether a file is still the one that was checked.
struct FileIdentity {
  std::uint64_t bytes = 0;
  std::int64_t modified_ns = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

/// Throws Error(not_found or unavailable) naming the path.
FileIdentity identify(const std::filesystem::path& path);

/// A regular file mapped read-only.
class MappedFile {
 public:
  /// Throws Error(not_found, unavailable or invalid) naming the path and the reason.
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const noexcept { return {data_, bytes_}; }

 private:
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Asks the kernel to read mapped bytes ahead, or to let go of their whole pages.
void read_ahead(std::span<const std::byte> bytes) noexcept;
void release(std::span<const std::byte> bytes) noexcept;

}  // namespace cofre::os
