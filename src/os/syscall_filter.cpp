#include "os/syscall_filter.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.h"

namespace cofre::os {
namespace {

constexpr const char* allowed[] = {
    // memory
    "brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "mincore", "membarrier",
    // open files and what opening needs (Landlock says which)
    "open", "openat", "close", "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "lseek", "fstat",
    "stat", "lstat", "newfstatat", "statx", "fstatfs", "statfs", "access", "faccessat", "faccessat2", "readlink",
    "readlinkat", "getdents64", "getcwd", "fcntl", "dup", "dup2", "dup3", "fadvise64",
    // the sockets it was given, waiting
    "sendmsg", "sendto", "recvmsg", "recvfrom", "shutdown", "poll", "ppoll", "select", "pselect6", "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait", "eventfd2", "timerfd_create", "timerfd_settime", "pipe2",
    // threads, time, signals of its own
    "futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "sched_yield", "sched_getaffinity", "gettid",
    "getpid", "getppid", "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time",
    "times", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall", "exit", "exit_group",
    "arch_prctl", "set_tid_address",
    // what it is and how much it used
    "getuid", "geteuid", "getgid", "getegid", "uname", "sysinfo", "getrusage", "getrandom", "getcpu"};

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};

void check(int result, const char* what) {
  if (result < 0) fail(Code::unsupported, "the system call filter refuses {}: {}", what, std::strerror(-result));
}

}  // namespace

void filter_system_calls() {
  const std::unique_ptr<void, Release> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) fail(Code::unsupported, "libseccomp cannot start");
  for (const char* name : allowed) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number < 0) continue;  // this processor's kernel has no such call
    check(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, number, 0), name);
  }
  // Threads, not processes. The flags of clone3 lie in memory, where a filter cannot see them: libc then takes clone.
  check(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                         SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)),
        "clone");
  check(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0), "clone3");
  for (const unsigned option : {PR_SET_NAME, PR_GET_NAME})
    check(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, option)), "prctl");
  // Its own threads to processors, not those of others (the first argument is whose).
  check(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(sched_setaffinity), 1, SCMP_A0(SCMP_CMP_EQ, 0)),
        "sched_setaffinity");
  // Its limits may be read, not changed (the third argument is the new limit).
  check(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0)), "prlimit64");
  check(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A2(SCMP_CMP_EQ, 6)),
        "tgkill");  // abort()
  check(seccomp_load(filter.get()), "to begin");
}

}  // namespace cofre::os
