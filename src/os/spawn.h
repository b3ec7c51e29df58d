#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cofre::os {

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { reset(); }

  int get() const noexcept { return number_; }
  int release() noexcept { return std::exchange(number_, -1); }
  void reset() noexcept;
  explicit operator bool() const noexcept { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// Two Unix stream sockets connected to each other, closed on exec. Throws Error(exhausted).
std::pair<Descriptor, Descriptor> socket_pair();

/// Where a new process finds its streams; −1: /dev/null for `out`, our own for `error`.
struct SpawnFiles {
  int out = -1, error = -1;
  std::vector<int> inherited;  ///< become 3, 4, …; everything else is closed
};

/// Starts a program found in PATH, with no input, no blocked signals and a process group of its own; `environment` is
/// put before what it inherits. Throws Error(not_found) where there is no such program, Error(unavailable) otherwise.
pid_t spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
            const SpawnFiles& files);

/// Waits for the end of a child. Its exit code, or 128 + signal.
int wait_for(pid_t child);

/// A child that lives long. Destruction kills it (SIGKILL, which a stopped process dies of too) and waits.
class Child {
 public:
  explicit Child(pid_t pid);
  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), watch_(std::move(other.watch_)), exit_code_(other.exit_code_) {}
  Child& operator=(Child&&) = delete;
  ~Child();

  pid_t pid() const noexcept { return pid_; }
  /// Becomes readable when the child has ended (a pidfd).
  int watch() const noexcept { return watch_.get(); }
  /// The exit code, as wait_for() tells it, once the child has ended.
  std::optional<int> exit_code();
  void signal(int number);
  void kill();

 private:
  pid_t pid_;
  Descriptor watch_;
  std::optional<int> exit_code_;
};

/// The path of the program that runs now, for starting it again.
std::string own_program();

}  // namespace cofre::os
