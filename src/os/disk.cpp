#include "os/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/checked.h"
#include "base/error.h"

namespace cofre::os {
namespace {

[[noreturn]] void fail_errno(const char* what, const std::filesystem::path& path) {
  const int error = errno;
  if (error == ENOSPC || error == EDQUOT) {
    fail_field(Code::exhausted, full_disk, "cannot {} {}: {}: {}", what, path.string(), std::strerror(error),
               full_disk_cure);
  }
  fail(error == ENOENT ? Code::not_found : Code::unavailable, "cannot {} {}: {}", what, path.string(),
       std::strerror(error));
}

/// A descriptor that closes itself.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

void sync_path(const std::filesystem::path& path, int flags) {
  const Descriptor file{::open(path.c_str(), flags | O_CLOEXEC)};
  if (file.number < 0 || ::fsync(file.number) != 0) fail_errno("write to the disk", path);
}

}  // namespace

std::uint64_t free_disk_bytes(const std::filesystem::path& path) {
  std::filesystem::path at = std::filesystem::absolute(path);
  std::error_code ignored;
  while (!std::filesystem::exists(at, ignored) && at.has_relative_path()) at = at.parent_path();
  struct statvfs info {};
  if (::statvfs(at.c_str(), &info) != 0) fail_errno("tell the free space of", at);
  return checked_mul<std::uint64_t>(info.f_bavail, info.f_frsize).value_or(UINT64_MAX);
}

AppendFile::AppendFile(const std::filesystem::path& path) : path_(path) {
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  struct stat info {};
  if (file_ < 0 || ::fstat(file_, &info) != 0) fail_errno("write", path);
  bytes_ = static_cast<std::uint64_t>(info.st_size);
}

AppendFile::~AppendFile() {
  if (file_ >= 0) ::close(file_);
}

void AppendFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(file_, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) fail_errno("write", path_);
    bytes_ += static_cast<std::uint64_t>(wrote);
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
}

void AppendFile::truncate(std::uint64_t bytes) {
  CHECK(bytes <= bytes_);
  if (::ftruncate(file_, static_cast<off_t>(bytes)) != 0) fail_errno("cut", path_);
  bytes_ = bytes;
}

void AppendFile::sync() {
  if (::fdatasync(file_) != 0) fail_errno("write to the disk", path_);
}

void publish(const std::filesystem::path& from, const std::filesystem::path& to) {
  sync_path(from, O_RDONLY);
  if (std::rename(from.c_str(), to.c_str()) != 0) fail_errno("rename to", to);
  sync_path(to.parent_path(), O_RDONLY | O_DIRECTORY);
}

void write_whole(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::path next = path;
  next += ".new";
  {
    AppendFile file(next);
    file.truncate(0);
    file.append(std::as_bytes(std::span(text)));
  }
  publish(next, path);
}

std::string read_whole(const std::filesystem::path& path, std::uint64_t bytes_max) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) fail_errno("open", path);
  std::string text;
  std::array<char, 65536> piece;
  while (true) {
    const ssize_t got = ::read(file.number, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno("read", path);
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > bytes_max) fail(Code::invalid, "{} is larger than {} bytes", path.string(), bytes_max);
  }
}

bool create_private(const std::filesystem::path& path, std::string_view content) {
  if (std::filesystem::exists(path)) return false;
  std::string part = path.string() + ".XXXXXX";
  const Descriptor file{::mkostemp(part.data(), O_CLOEXEC)};  // mode 0600
  if (file.number < 0) fail_errno("write", path);
  struct Removed {
    const std::string& path;
    ~Removed() { ::unlink(path.c_str()); }
  } removed{part};
  while (!content.empty()) {
    const ssize_t wrote = ::write(file.number, content.data(), content.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) fail_errno("write", path);
    content.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::fsync(file.number) != 0) fail_errno("write to the disk", path);
  // A link, not a rename: of two that make it at once, the second finds the first one's.
  if (::link(part.c_str(), path.c_str()) != 0) {
    if (errno == EEXIST) return false;
    fail_errno("write", path);
  }
  sync_path(path.parent_path().empty() ? "." : path.parent_path(), O_RDONLY | O_DIRECTORY);
  return true;
}

void check_private(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) fail_errno("open", path);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    fail(Code::invalid, "{} may be read by others: chmod 600 {}", path.string(), path.string());
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    fail(Code::invalid, "{} belongs to another user", path.string());
  }
}

bool try_hard_link(const std::filesystem::path& from, const std::filesystem::path& to) {
  struct stat info {};
  // A file of another user's could be changed by that user after it was checked.
  if (::stat(from.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != ::geteuid()) return false;
  return ::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

}  // namespace cofre::os
