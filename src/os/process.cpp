#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/error.h"

extern char** environ;

namespace cofre::os {
namespace {

constexpr std::size_t kept_bytes = 64 * 1024;
constexpr int question_ms = 200;

/// The reading end of a pipe whose writing end a child holds.
class Pipe {
 public:
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail(Code::exhausted, "cannot open a pipe: {}", std::strerror(errno));
    read_ = ends[0];
    write_ = ends[1];
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_write();
    close_read();
  }
  void close_write() { close_end(write_); }
  void close_read() { close_end(read_); }
  int read_end() const { return read_; }
  int write_end() const { return write_; }
  bool open() const { return read_ >= 0; }

  /// Takes what is there; keeps the tail. Closes at the end of the stream.
  void drain(std::string& into) {
    std::array<char, 16384> piece;
    const ssize_t got = ::read(read_, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) return;
    if (got <= 0) return close_read();
    into.append(piece.data(), static_cast<std::size_t>(got));
    if (into.size() > 2 * kept_bytes) into.erase(0, into.size() - kept_bytes);
  }

 private:
  static void close_end(int& end) {
    if (end >= 0) ::close(std::exchange(end, -1));
  }
  int read_ = -1;
  int write_ = -1;
};

/// A null-terminated list of C strings, as exec wants it; it points into `texts`.
std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const auto& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

/// Our own environment with variables added or replaced.
std::vector<std::string> environment_with(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view inherited(*at);
    const auto name = inherited.substr(0, inherited.find('=') + 1);
    const bool replaced =
        std::any_of(added.begin(), added.end(), [&](const std::string& text) { return text.starts_with(name); });
    if (!replaced) all.emplace_back(inherited);
  }
  return all;
}

pid_t spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& added, const Pipe& out,
            const Pipe& error) {
  const auto argv = pointers(arguments);
  const auto variables = environment_with(added);
  const auto envp = pointers(variables);

  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, out.write_end(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, error.write_end(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  ::posix_spawnattr_setpgroup(&attributes, 0);

  pid_t child = -1;
  const int failure = ::posix_spawnp(&child, argv[0], &files, &attributes, argv.data(), envp.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  if (failure != 0) {
    fail(failure == ENOENT ? Code::not_found : Code::unavailable, "cannot start {}: {}", arguments[0],
         std::strerror(failure));
  }
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// Ends the child's group: asks first, insists after a second of silence.
void end(pid_t child, Pipe& out) {
  ::kill(-child, SIGTERM);
  std::string ignored;
  while (out.open()) {
    struct pollfd waiting {
      out.read_end(), POLLIN, 0
    };
    const int ready = ::poll(&waiting, 1, 1000);
    if (ready == 0) break;
    if (ready > 0) out.drain(ignored);
  }
  ::kill(-child, SIGKILL);
  wait_for(child);
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  CHECK(!arguments.empty());
  Pipe out, error;
  const pid_t child = spawn(arguments, options.environment, out, error);
  out.close_write();
  error.close_write();
  ProcessResult result;
  while (out.open() || error.open()) {
    if (options.stop && options.stop()) {
      end(child, out);
      fail(Code::cancelled, "stopped {}", arguments[0]);
    }
    // poll() passes over descriptors below zero: a stream that has ended.
    std::array<struct pollfd, 2> waiting{{{out.read_end(), POLLIN, 0}, {error.read_end(), POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), question_ms) <= 0) continue;
    if (waiting[0].revents != 0) out.drain(result.out);
    if (waiting[1].revents != 0) error.drain(result.error);
  }
  result.exit_code = wait_for(child);
  for (auto* text : {&result.out, &result.error}) {
    if (text->size() > kept_bytes) text->erase(0, text->size() - kept_bytes);
  }
  return result;
}

}  // namespace cofre::os
