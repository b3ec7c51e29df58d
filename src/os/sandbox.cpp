#include "os/sandbox.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/error.h"
#include "os/core_dumps.h"
#include "os/landlock.h"
#include "os/spawn.h"
#include "os/syscall_filter.h"

namespace cofre::os {
namespace {

/// Lines of the report, by what each measure is about.
class Log {
 public:
  explicit Log(ConfinementReport& report) : report_(report) {}
  void applied(std::string_view what, std::string_view how) {
    report_.applied.push_back(fmt::format("{}: {}", what, how));
  }
  void refused(std::string_view what, std::string_view why) {
    report_.refused.push_back(fmt::format("{}: {}", what, why));
  }
  /// Of a call that returned 0 or set errno.
  void note(int result, std::string_view what, std::string_view how) {
    if (result == 0) {
      applied(what, how);
    } else {
      refused(what, std::strerror(errno));
    }
  }

 private:
  ConfinementReport& report_;
};

bool write_text(const char* path, std::string_view text) {
  const Descriptor file(::open(path, O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// Own name spaces: the user one first, which lets an unprivileged process have the others.
void leave_namespaces(Log& log) {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  constexpr int others = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
  if (::unshare(CLONE_NEWUSER | others) == 0) {
    // The same numbers inside as outside, and no others. A process that must not be dumped may not write these files.
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    const bool mapped = write_text("/proc/self/setgroups", "deny") &&
                        write_text("/proc/self/uid_map", fmt::format("{0} {0} 1", user)) &&
                        write_text("/proc/self/gid_map", fmt::format("{0} {0} 1", group));
    if (mapped) {
      log.applied("user", "own namespace");
    } else {
      log.refused("user", fmt::format("own namespace, but its numbers cannot be set: {}", std::strerror(errno)));
    }
    log.applied("network", "own namespace without any interface");
    return log.applied("IPC and host name", "own namespaces");
  }
  log.refused("user", fmt::format("no own namespace: {}", std::strerror(errno)));
  log.note(::unshare(others), "network", "own namespace without any interface");
}

int drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  return static_cast<int>(::syscall(SYS_capset, &header, none));
}

void limit(Log& log, __rlimit_resource resource, std::uint64_t most, std::string_view what, std::string_view how) {
  rlimit now{};
  ::getrlimit(resource, &now);
  const rlim_t value = now.rlim_max == RLIM_INFINITY ? most : std::min<rlim_t>(most, now.rlim_max);
  const rlimit wanted{value, value};
  log.note(::setrlimit(resource, &wanted), what, how);
}

void die_with_parent(Log& log) {
  // Set after all changes of credentials, which clear it. A parent that died before shows as another one.
  const pid_t parent = ::getppid();
  log.note(::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "life", "ends with the process that started it");
  if (::getppid() != parent) ::_exit(1);
}

}  // namespace

ConfinementReport confine(const Confinement& confinement) {
  ConfinementReport report;
  Log log(report);
  errno = 0;
  const int nice = ::nice(confinement.nice);
  log.note(nice == -1 && errno != 0 ? -1 : 0, "priority", fmt::format("lower by {}", confinement.nice));
  leave_namespaces(log);
  log.note(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "privileges", "no new ones");
  log.note(drop_capabilities(), "capabilities", "none");
  if (confinement.die_with_parent) die_with_parent(log);
  try {
    log.applied("files", restrict_files(confinement.readable));
  } catch (const Error& error) {
    log.refused("files", error.what());
  }
  if (confinement.memory_bytes > 0)
    limit(log, RLIMIT_DATA, confinement.memory_bytes, "memory",
          fmt::format("at most {} MiB", confinement.memory_bytes >> 20));
  limit(log, RLIMIT_CORE, 0, "core dumps", "none");
  forbid_core_dumps();
  limit(log, RLIMIT_NOFILE, confinement.files, "open files", fmt::format("at most {}", confinement.files));
  try {
    filter_system_calls();
    log.applied("system calls", "a list of those that computing needs");
  } catch (const Error& error) {
    log.refused("system calls", error.what());
  }
  return report;
}

}  // namespace cofre::os
