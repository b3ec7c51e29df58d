#include "os/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/error.h"

extern char** environ;

namespace cofre::os {
namespace {

constexpr int first_inherited = 3;

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

/// posix_spawn's two objects.
struct Plan {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  Plan() {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
  }
  ~Plan() {
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&files);
  }
};

int wait_status(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

}  // namespace

void Descriptor::reset() noexcept {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

std::pair<Descriptor, Descriptor> socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    fail(Code::exhausted, "cannot open a socket pair: {}", std::strerror(errno));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

pid_t spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
            const SpawnFiles& files) {
  CHECK(!arguments.empty());
  const auto argv = pointers(arguments);
  const auto variables = environment_with(environment);
  const auto envp = pointers(variables);

  Plan plan;
  ::posix_spawn_file_actions_addopen(&plan.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (files.out >= 0) {
    ::posix_spawn_file_actions_adddup2(&plan.files, files.out, STDOUT_FILENO);
  } else {
    ::posix_spawn_file_actions_addopen(&plan.files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  }
  if (files.error >= 0) ::posix_spawn_file_actions_adddup2(&plan.files, files.error, STDERR_FILENO);
  // First far away, so that no descriptor is overwritten that is still to be moved.
  const int count = static_cast<int>(files.inherited.size());
  int away = first_inherited + count;
  for (const int number : files.inherited) away = std::max(away, number + 1);
  for (int i = 0; i < count; ++i)
    ::posix_spawn_file_actions_adddup2(&plan.files, files.inherited[static_cast<std::size_t>(i)], away + i);
  for (int i = 0; i < count; ++i) ::posix_spawn_file_actions_adddup2(&plan.files, away + i, first_inherited + i);
  ::posix_spawn_file_actions_addclosefrom_np(&plan.files, first_inherited + count);

  sigset_t none, defaults;
  ::sigemptyset(&none);
  ::sigfillset(&defaults);
  ::posix_spawnattr_setsigmask(&plan.attributes, &none);
  ::posix_spawnattr_setsigdefault(&plan.attributes, &defaults);
  ::posix_spawnattr_setpgroup(&plan.attributes, 0);
  ::posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  pid_t child = -1;
  const int failure = ::posix_spawnp(&child, argv[0], &plan.files, &plan.attributes, argv.data(), envp.data());
  if (failure != 0)
    fail(failure == ENOENT ? Code::not_found : Code::unavailable, "cannot start {}: {}", arguments[0],
         std::strerror(failure));
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return wait_status(status);
}

Child::Child(pid_t pid) : pid_(pid), watch_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {
  if (watch_) return;
  const int reason = errno;
  kill();
  wait_for(pid_);
  fail(Code::unsupported, "cannot watch a process (pidfd_open): {}", std::strerror(reason));
}

Child::~Child() {
  if (pid_ < 0 || exit_code_) return;
  kill();
  wait_for(pid_);
}

std::optional<int> Child::exit_code() {
  if (exit_code_) return exit_code_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) exit_code_ = wait_status(status);
  return exit_code_;
}

void Child::signal(int number) {
  if (!exit_code_) ::kill(pid_, number);
}

void Child::kill() { signal(SIGKILL); }

std::string own_program() {
  char path[4096];
  const auto length = ::readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0) fail(Code::unavailable, "cannot tell where this program lies: {}", std::strerror(errno));
  return std::string(path, static_cast<std::size_t>(length));
}

}  // namespace cofre::os
