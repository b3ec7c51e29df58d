#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "os/spawn.h"

namespace cofre::os {

/// One end of a connection between two processes of this machine (a Unix stream socket).
class LocalSocket {
 public:
  /// Throws Error(not_found) where nobody listens at `path`, Error(unavailable) for every other reason.
  static LocalSocket connect(const std::filesystem::path& path);

  /// The user that the other end runs as, as the kernel tells it (SO_PEERCRED).
  uid_t peer_user() const;

  /// Sends everything. Throws Error(unavailable) where the other end left or takes nothing for `patience`.
  void send(std::string_view bytes, std::chrono::milliseconds patience);
  /// What has come, at most 64 KiB; empty where the other end closed. Throws Error(unavailable) where nothing comes for
  /// `patience`.
  std::string receive(std::chrono::milliseconds patience);

 private:
  friend class LocalListener;
  explicit LocalSocket(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  Descriptor descriptor_;
};

/// Listens at a path that only this user (and root) may connect to, and removes it when it goes.
class LocalListener {
 public:
  /// A socket left by a process that died is replaced. Throws Error(unavailable).
  explicit LocalListener(const std::filesystem::path& path);
  LocalListener(const LocalListener&) = delete;
  LocalListener& operator=(const LocalListener&) = delete;
  ~LocalListener();

  /// Waits for the next one; nothing once stop() was called.
  std::optional<LocalSocket> accept();
  /// From any thread.
  void stop();

 private:
  std::filesystem::path path_;
  Descriptor listening_, stopped_;
};

}  // namespace cofre::os
