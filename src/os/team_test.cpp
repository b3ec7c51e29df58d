#include "os/team.h"

#include <atomic>
#include <vector>

#include <gtest/gtest.h>

namespace cofre::os {
namespace {

TEST(Team, EveryMemberRunsOnce) {
  Team team(3);
  std::vector<int> ran(3);
  team.run([&](unsigned member) { ++ran[member]; });
  EXPECT_EQ(ran, (std::vector<int>{1, 1, 1}));
}

TEST(Team, WorkBeforeABarrierIsSeenAfterIt) {
  Team team(2);
  std::vector<int> before(2);
  std::vector<int> seen(2);
  for (int round = 0; round < 1000; ++round) {
    team.run([&](unsigned member) {
      before[member] = round;
      team.barrier();
      seen[member] = before[0] + before[1];
      team.barrier();
    });
    ASSERT_EQ(seen, (std::vector<int>{2 * round, 2 * round}));
  }
}

TEST(Team, OnlyThoseInUseRunHoweverOftenTheirNumberChanges) {
  Team team(4);
  std::vector<int> ran(4), expected(4);
  for (unsigned round = 0; round < 3000; ++round) {
    const unsigned members = 1 + (round * round + round / 7) % 4;
    team.use(members);
    EXPECT_EQ(team.size(), members);
    for (unsigned member = 0; member < members; ++member) ++expected[member];
    team.run([&](unsigned member) {
      ++ran[member];
      team.barrier();
    });
    ASSERT_EQ(ran, expected);
  }
  EXPECT_EQ(team.all(), 4u);
}

TEST(Team, OneMemberNeedsNoOther) {
  Team team(1);
  int runs = 0;
  team.run([&](unsigned) {
    team.barrier();
    ++runs;
  });
  EXPECT_EQ(runs, 1);
}

TEST(Tickets, EveryNumberIsHandedOutOnce) {
  Team team(4);
  Tickets tickets;
  std::vector<std::atomic<int>> taken(103);
  team.run([&](unsigned) {
    for (auto i = tickets.take(5); i < taken.size(); i = tickets.take(5))
      for (auto k = i; k < std::min<std::size_t>(i + 5, taken.size()); ++k) ++taken[k];
  });
  for (const auto& count : taken) EXPECT_EQ(count.load(), 1);
}

}  // namespace
}  // namespace cofre::os
