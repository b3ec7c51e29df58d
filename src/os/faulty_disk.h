#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

/// For tests, in one file of a test program: its fsync, fdatasync and write are these, for all that is linked into it,
/// SQLite too. They do what the system does, or what a disk does that is full or broken.
namespace cofre::os::faulty_disk {

inline std::atomic<int> syncs_left{-1};       ///< so many succeed, then one fails; negative: none fails
inline std::atomic<bool> sync_failed{false};  ///< since this was set to false
inline std::atomic<bool> is_full{false};      ///< nothing can be written

inline bool fails_to_sync() {
  if (syncs_left < 0 || syncs_left-- > 0) return false;
  sync_failed = true;
  errno = EIO;
  return true;
}

inline bool refuses_to_write() {
  if (is_full) errno = ENOSPC;
  return is_full;
}

// TSan's own write() tells it what threads share.
#ifdef __SANITIZE_THREAD__
inline constexpr bool is_there = false;
#else
inline constexpr bool is_there = true;
#endif

}  // namespace cofre::os::faulty_disk

#ifndef __SANITIZE_THREAD__
extern "C" {
int fsync(int file) {
  return cofre::os::faulty_disk::fails_to_sync() ? -1 : static_cast<int>(::syscall(SYS_fsync, file));
}
int fdatasync(int file) {
  return cofre::os::faulty_disk::fails_to_sync() ? -1 : static_cast<int>(::syscall(SYS_fdatasync, file));
}
ssize_t write(int file, const void* bytes, size_t count) {
  return cofre::os::faulty_disk::refuses_to_write() ? -1 : ::syscall(SYS_write, file, bytes, count);
}
ssize_t pwrite(int file, const void* bytes, size_t count, off_t at) {
  return cofre::os::faulty_disk::refuses_to_write() ? -1 : ::syscall(SYS_pwrite64, file, bytes, count, at);
}
ssize_t pwrite64(int file, const void* bytes, size_t count, off64_t at) {
  return cofre::os::faulty_disk::refuses_to_write() ? -1 : ::syscall(SYS_pwrite64, file, bytes, count, at);
}
}
#endif
