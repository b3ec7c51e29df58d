#include "os/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <thread>

#include "os/disk.h"
#include "os/paths.h"
#include "os/placement.h"
#include "os/spawn.h"

namespace cofre::os {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;  // the sanitizer's own threads and calls are outside the list
#else
constexpr bool sanitized = false;
#endif

class Sandbox : public testing::Test {
 protected:
  void SetUp() override {
    if (sanitized) GTEST_SKIP() << "sanitizers need system calls that the sandbox refuses";
    write_whole(inside, "within");
    write_whole(outside, "without");
  }
  /// Runs in a confined child; its number is the exit code.
  int confined(const std::function<int()>& work, Confinement confinement = {}) {
    confinement.readable.push_back(inside);
    const pid_t child = ::fork();
    if (child == 0) {
      confine(confinement);
      ::_exit(work());
    }
    return wait_for(child);
  }
  TemporaryDirectory folder{std::filesystem::temp_directory_path()};
  std::filesystem::path inside = folder.path() / "inside", outside = folder.path() / "outside";
};

int errno_of(long result) { return result >= 0 ? 0 : errno; }

TEST_F(Sandbox, WhatTheKernelDidIsTold) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto report = confine({.readable = {inside}, .memory_bytes = 1 << 30});
    ::_exit(static_cast<int>(report.applied.size() + report.refused.size()));
  }
  EXPECT_GE(wait_for(child), 10);
}

TEST_F(Sandbox, OnlyTheGivenFilesCanBeOpenedAndNoneWritten) {
  const auto inside_text = inside.string(), outside_text = outside.string();
  EXPECT_EQ(confined([&] { return errno_of(::open(inside_text.c_str(), O_RDONLY)); }), 0);
  EXPECT_EQ(confined([&] { return errno_of(::open(outside_text.c_str(), O_RDONLY)); }), EACCES);
  EXPECT_EQ(confined([&] { return errno_of(::open("/etc/passwd", O_RDONLY)); }), EACCES);
  EXPECT_EQ(confined([&] { return errno_of(::open(inside_text.c_str(), O_RDWR)); }), EACCES);
  EXPECT_EQ(confined([&] { return errno_of(::open((outside_text + "2").c_str(), O_WRONLY | O_CREAT, 0600)); }), EACCES);
}

TEST_F(Sandbox, ThereIsNoWayToTheNetwork) {
  EXPECT_EQ(confined([] { return errno_of(::socket(AF_INET, SOCK_STREAM, 0)); }), EPERM);
  EXPECT_EQ(confined([] { return errno_of(::socket(AF_UNIX, SOCK_STREAM, 0)); }), EPERM);
  // Nor with a socket that was open before, into its own loopback interface.
  const Descriptor open_before(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(9);
  EXPECT_EQ(
      confined([&] {
        return errno_of(::connect(open_before.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
      }),
      EPERM);
}

TEST_F(Sandbox, ASocketThatWasHandedOverStillWorks) {
  auto [ours, theirs] = socket_pair();
  EXPECT_EQ(confined([&] { return errno_of(::send(theirs.get(), "x", 1, 0)); }), 0);
  char byte = 0;
  EXPECT_EQ(::recv(ours.get(), &byte, 1, 0), 1);
}

TEST_F(Sandbox, NoProgramAndNoProcessIsStarted) {
  EXPECT_EQ(confined([] {
              char* const none[] = {nullptr};
              return errno_of(::execve("/bin/true", none, none));
            }),
            EPERM);
  EXPECT_EQ(confined([] { return errno_of(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }), EPERM);
}

TEST_F(Sandbox, OtherForbiddenCallsFail) {
  EXPECT_EQ(confined([] { return errno_of(::kill(::getppid(), SIGTERM)); }), EPERM);
  EXPECT_EQ(confined([] { return errno_of(::syscall(SYS_ptrace, 0, 0, 0, 0)); }), EPERM);
  EXPECT_EQ(confined([] { return errno_of(::unlink("/tmp/nothing")); }), EPERM);
  EXPECT_EQ(confined([] { return errno_of(::syscall(SYS_bpf, 0, 0, 0)); }), EPERM);
}

TEST_F(Sandbox, AThreadBindsItselfButNoOther) {
  EXPECT_EQ(confined([] { return bind_thread(allowed_processors()) ? 0 : 1; }), 0);
  EXPECT_EQ(confined([] {
              cpu_set_t mask{};
              CPU_SET(0, &mask);
              return errno_of(::sched_setaffinity(::getppid(), sizeof mask, &mask));
            }),
            EPERM);
}

TEST_F(Sandbox, ThreadsStillStart) {
  EXPECT_EQ(confined([] {
              int done = 0;
              std::thread([&] { done = 7; }).join();
              return done;
            }),
            7);
}

TEST_F(Sandbox, MemoryBeyondTheLimitIsRefused) {
  const auto take = [](std::size_t bytes) {
    return [bytes] {
      return ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno
                                                                                                              : 0;
    };
  };
  EXPECT_EQ(confined(take(16 << 20), {.readable = {}, .memory_bytes = 256 << 20}), 0);
  EXPECT_EQ(confined(take(512 << 20), {.readable = {}, .memory_bytes = 256 << 20}), ENOMEM);
}

TEST_F(Sandbox, AConfinedChildDiesWithItsParent) {
  auto [ours, theirs] = socket_pair();
  const pid_t parent = ::fork();
  if (parent == 0) {
    auto [ready, tell] = socket_pair();
    if (::fork() == 0) {
      ready.reset();
      confine({});
      ::send(tell.get(), "x", 1, 0);
      for (;;) ::pause();
    }
    char byte = 0;
    ::recv(ready.get(), &byte, 1, 0);  // it is shut in
    ::_exit(0);
  }
  theirs.reset();
  EXPECT_EQ(wait_for(parent), 0);
  char byte = 0;
  EXPECT_EQ(::recv(ours.get(), &byte, 1, 0), 0);  // the last holder of the other end is gone
}

}  // namespace
}  // namespace cofre::os
