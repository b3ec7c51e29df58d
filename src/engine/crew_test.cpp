#include "engine/crew.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>

namespace cofre::engine {
namespace {

/// A machine on which a step takes what it says, 20 % more or less by chance.
struct Machine {
  std::function<double(unsigned members)> ms;
  std::mt19937 chance{5};
  std::map<unsigned, int> steps{};  ///< with so many members
  double spent = 0;

  void run(Crew& crew, int count, std::size_t rows = 1) {
    std::uniform_real_distribution<double> noise(0.8, 1.2);
    for (int i = 0; i < count; ++i) {
      const unsigned members = crew.next(0, rows);
      const double time = ms(members) * noise(chance);
      ++steps[members];
      spent += time;
      crew.learn(time);
    }
  }
};

TEST(Crew, AllWorkWhereMoreAreQuicker) {
  for (const unsigned all : {2u, 16u, 100u}) {
    Crew crew(all);
    Machine machine{[](unsigned members) { return 1 + 50.0 / members; }};
    machine.run(crew, 5000);
    EXPECT_GT(machine.steps[all], 4900) << all;
  }
}

TEST(Crew, FewerWorkWhereMoreAreSlowerAndNoTimeIsLostOverIt) {
  const auto small_model = [](unsigned members) { return 4.0 / members + 0.05 * members; };  // best with 8: 0.9 ms
  Crew crew(64);
  Machine machine{small_model};
  machine.run(crew, 1000);
  machine.spent = 0;
  machine.run(crew, 5000);
  EXPECT_LT(machine.spent, 5000 * small_model(8) * 1.1);
}

TEST(Crew, WhenOtherProgramsComeAndGoItFollows) {
  bool crowd = true;
  Crew crew(2);
  Machine machine{[&](unsigned members) { return members == 1 ? 5.0 : crowd ? 9.0 : 3.0; }};
  machine.run(crew, 200);
  machine.steps.clear();
  machine.run(crew, 200);
  EXPECT_GT(machine.steps[1], 180);
  crowd = false;
  machine.run(crew, 1000);
  machine.steps.clear();
  machine.run(crew, 200);
  EXPECT_GT(machine.steps[2], 180);
}

TEST(Crew, ASmallLeadIsNotLostToChance) {
  Crew crew(2);
  Machine machine{[](unsigned members) { return members == 2 ? 4.0 : 4.4; }};
  machine.run(crew, 20000);
  EXPECT_LT(machine.spent, 20000 * 4.0 * 1.02);
}

TEST(Crew, StepsOfOtherNumbersOfRowsAreJudgedApartAndPromptsTakeAll) {
  Crew crew(2);
  Machine one{[](unsigned members) { return members == 1 ? 2.0 : 4.0; }};
  one.run(crew, 300, 1);
  EXPECT_EQ(crew.next(0, 16), 2u);
  crew.learn(4);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(crew.next(100, 1), 2u);
    crew.learn(1000);  // of a prompt: nobody's habit
  }
  one.steps.clear();
  one.run(crew, 100, 1);
  EXPECT_GT(one.steps[1], 90);
  EXPECT_EQ(Crew(1).next(0, 1), 1u);
}

}  // namespace
}  // namespace cofre::engine
