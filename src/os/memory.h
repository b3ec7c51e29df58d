#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>

namespace cofre::os {

/// Bytes of a huge page of x86, and of Arm with pages of 4 KiB.
inline constexpr std::size_t huge_page = std::size_t{2} << 20;

/// What the kernel does where a program wishes for huge pages: "always", "madvise" or "never"; empty: it tells nothing
/// (Linux, Documentation/admin-guide/mm/transhuge.rst). `root` stands for `/` in tests.
std::string huge_page_policy(const std::filesystem::path& root = "/");

/// Zeroed anonymous memory, 2 MiB aligned and in huge pages where the kernel allows them. Movable, freed on
/// destruction.
class Buffer {
 public:
  Buffer() = default;
  /// Throws Error(exhausted) naming the size where the system refuses.
  explicit Buffer(std::size_t bytes);
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Buffer();

  std::byte* data() const noexcept { return data_; }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace cofre::os
