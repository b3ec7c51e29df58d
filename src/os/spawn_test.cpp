#include "os/spawn.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <string>

#include "base/error.h"

namespace cofre::os {
namespace {

TEST(Spawn, AnInheritedSocketIsDescriptorThree) {
  auto [ours, theirs] = socket_pair();
  Child child(spawn({"sh", "-c", "read line <&3; echo \"got $line\" >&3"}, {}, {.inherited = {theirs.get()}}));
  theirs.reset();
  ASSERT_EQ(::send(ours.get(), "hello\n", 6, 0), 6);
  std::string text;
  std::array<char, 64> piece;
  for (ssize_t got; (got = ::recv(ours.get(), piece.data(), piece.size(), 0)) > 0;)
    text.append(piece.data(), static_cast<std::size_t>(got));
  EXPECT_EQ(text, "got hello\n");
}

TEST(Spawn, TheEndOfAChildIsWatched) {
  Child child(spawn({"sh", "-c", "exit 5"}, {}, {}));
  pollfd waiting{child.watch(), POLLIN, 0};
  ASSERT_EQ(::poll(&waiting, 1, 20000), 1);
  EXPECT_EQ(child.exit_code(), 5);
  EXPECT_EQ(child.exit_code(), 5);
}

TEST(Spawn, AStoppedChildIsKilledAllTheSame) {
  Child child(spawn({"sleep", "1000"}, {}, {}));
  child.signal(SIGSTOP);
  child.kill();
  pollfd waiting{child.watch(), POLLIN, 0};
  ASSERT_EQ(::poll(&waiting, 1, 20000), 1);
  EXPECT_EQ(child.exit_code(), 128 + SIGKILL);
}

TEST(Spawn, DroppingAChildEndsIt) {
  pid_t pid = 0;
  {
    const Child child(spawn({"sleep", "1000"}, {}, {}));
    pid = child.pid();
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(Spawn, AProgramThatIsNotThereIsSaidSo) { EXPECT_THROW(spawn({"no-such-program-of-cofre"}, {}, {}), Error); }

TEST(Spawn, OurOwnProgramIsFound) { EXPECT_TRUE(own_program().find("test_os") != std::string::npos); }

}  // namespace
}  // namespace cofre::os
