#include "os/turn.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

namespace cofre::os {
namespace {

using std::chrono::milliseconds;

TEST(Turns, OneHasTheTurnAtATimeAndAllGetIt) {
  Turns turns;
  std::atomic<int> inside{0}, most{0};
  std::vector<std::thread> threads;
  for (unsigned seat = 0; seat < 4; ++seat)
    threads.emplace_back([&, seat] {
      for (int i = 0; i < 500; ++i) {
        turns.take(seat, milliseconds(60000));
        most = std::max(most.load(), ++inside);
        --inside;
        turns.leave(seat);
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(most.load(), 1);
  EXPECT_EQ(turns.owner(), -1);
}

TEST(Turns, ATurnIsHandedToWhoeverWaits) {
  Turns turns;
  turns.take(0);
  std::thread other([&] { turns.take(1, milliseconds(60000)); });
  turns.leave(0);
  other.join();
  EXPECT_EQ(turns.owner(), 1);
}

TEST(Turns, AnOwnerThatDoesNotMoveLosesItsTurn) {
  Turns turns;
  turns.take(5);
  turns.take(6, milliseconds(1));
  EXPECT_EQ(turns.owner(), 6);
  turns.leave(5);  // comes back too late: nothing happens
  EXPECT_EQ(turns.owner(), 6);
}

TEST(Turns, ASeatWhoseProcessEndedIsForgotten) {
  Turns turns;
  turns.take(2);
  turns.forget(2);
  EXPECT_EQ(turns.owner(), -1);
}

TEST(Turns, TwoMappingsAreOneTable) {
  Turns turns;
  Turns same(Descriptor(::dup(turns.descriptor())));
  turns.take(3);
  EXPECT_EQ(same.owner(), 3);
}

}  // namespace
}  // namespace cofre::os
