#include "os/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace cofre::os {
namespace {

[[noreturn]] void fail_errno(const std::filesystem::path& path) {
  const int error = errno;
  fail(error == ENOENT ? Code::not_found : Code::unavailable, "cannot open {}: {}", path.string(),
       std::strerror(error));
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

/// The whole pages inside a range, as madvise wants them.
std::pair<void*, std::size_t> whole_pages(std::span<const std::byte> bytes) {
  constexpr std::uintptr_t page = 4096;
  const auto first = (reinterpret_cast<std::uintptr_t>(bytes.data()) + page - 1) / page * page;
  const auto last = (reinterpret_cast<std::uintptr_t>(bytes.data()) + bytes.size()) / page * page;
  return {reinterpret_cast<void*>(first), last > first ? last - first : 0};
}

}  // namespace

FileIdentity identify(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) fail_errno(path);
  return {static_cast<std::uint64_t>(info.st_size), info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec,
          info.st_ino};
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number < 0) fail_errno(path);
  struct stat info {};
  if (::fstat(file.number, &info) != 0) fail_errno(path);
  if (!S_ISREG(info.st_mode)) fail(Code::invalid, "{} is not a regular file", path.string());
  if (info.st_size == 0) fail(Code::invalid, "{} is empty", path.string());
  bytes_ = static_cast<std::size_t>(info.st_size);
  void* at = ::mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, file.number, 0);
  if (at == MAP_FAILED) fail_errno(path);
  data_ = static_cast<std::byte*>(at);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, bytes_);
}

void read_ahead(std::span<const std::byte> bytes) noexcept {
  const auto [at, size] = whole_pages(bytes);
  if (size > 0) ::madvise(at, size, MADV_WILLNEED);
}

void release(std::span<const std::byte> bytes) noexcept {
  const auto [at, size] = whole_pages(bytes);
  if (size > 0) ::madvise(at, size, MADV_DONTNEED);
}

}  // namespace cofre::os
