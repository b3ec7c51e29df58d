#include "os/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "os/disk.h"

namespace cofre::os {

std::optional<FileLock> FileLock::try_take(const std::filesystem::path& path) {
  while (true) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (file < 0) fail(Code::unavailable, "cannot lock {}: {}", path.string(), std::strerror(errno));
    FileLock lock(path, file);
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      ::close(std::exchange(lock.file_, -1));
      return std::nullopt;
    }
    // The holder before may have removed the file between our open and our lock: then the lock is on a dead name.
    struct stat ours {
    }, named{};
    if (::fstat(file, &ours) == 0 && ::stat(path.c_str(), &named) == 0 && ours.st_ino == named.st_ino) {
      const std::string text = std::to_string(::getpid()) + "\n";
      if (::ftruncate(file, 0) != 0 || ::write(file, text.data(), text.size()) < 0) {
        fail(Code::unavailable, "cannot write {}: {}", path.string(), std::strerror(errno));
      }
      return lock;
    }
    ::close(std::exchange(lock.file_, -1));
  }
}

int FileLock::holder(const std::filesystem::path& path) {
  std::string text;
  try {
    text = read_whole(path, 64);
  } catch (const Error&) {
    return 0;
  }
  int process = 0;
  std::from_chars(text.data(), text.data() + text.size(), process);
  return process;
}

FileLock::FileLock(FileLock&& other) noexcept : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}

FileLock::~FileLock() {
  if (file_ < 0) return;
  ::unlink(path_.c_str());  // before the lock goes: whoever opened it meanwhile sees that the name is gone
  ::close(file_);
}

}  // namespace cofre::os
