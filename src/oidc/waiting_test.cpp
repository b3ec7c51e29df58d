#include "oidc/waiting.h"

#include <gtest/gtest.h>

namespace cofre::oidc {
namespace {

struct Waits : testing::Test {
  std::optional<int> take(const std::string& key) {
    return waiting.take(key, [](const int&) { return true; });
  }
  std::int64_t now = 1000;
  Waiting<int> waiting{{.most = 4, .most_of_peer = 2, .seconds = 10}, [this] { return now; }};
};

TEST_F(Waits, WhatWaitsIsTakenOnce) {
  const auto key = waiting.add(7, "a");
  EXPECT_EQ(waiting.find(key), 7);
  EXPECT_EQ(take(key), 7);
  EXPECT_EQ(take(key), std::nullopt);
  EXPECT_EQ(waiting.find(key), std::nullopt);
}

TEST_F(Waits, AnotherKeyFindsNothing) {
  const auto key = waiting.add(7, "a");
  EXPECT_EQ(take(""), std::nullopt);
  EXPECT_EQ(take(key + "A"), std::nullopt);
  EXPECT_EQ(key.size(), 43u);  // 256 bits
}

TEST_F(Waits, WhatWasNotMeantIsLeft) {
  const auto key = waiting.add(7, "a");
  EXPECT_EQ(waiting.take(key, [](const int& value) { return value == 8; }), std::nullopt);
  EXPECT_EQ(take(key), 7);
}

TEST_F(Waits, ItIsGoneWhenItsTimeIsOver) {
  const auto key = waiting.add(7, "a");
  now += 9;
  EXPECT_EQ(waiting.find(key), 7);
  now += 1;
  EXPECT_EQ(take(key), std::nullopt);
  EXPECT_EQ(waiting.size(), 0u);
}

TEST_F(Waits, OfOneAddressTheOldestGivesWay) {
  const auto first = waiting.add(1, "a"), second = waiting.add(2, "a"), other = waiting.add(3, "b");
  const auto third = waiting.add(4, "a");
  EXPECT_EQ(waiting.find(first), std::nullopt);
  EXPECT_EQ(waiting.find(second), 2);
  EXPECT_EQ(waiting.find(third), 4);
  EXPECT_EQ(waiting.find(other), 3);
}

TEST_F(Waits, OfAllTheOldestGivesWay) {
  std::vector<std::string> keys;
  for (int i = 0; i < 6; ++i) keys.push_back(waiting.add(i, std::to_string(i)));
  EXPECT_EQ(waiting.size(), 4u);
  EXPECT_EQ(waiting.find(keys[1]), std::nullopt);
  EXPECT_EQ(waiting.find(keys[2]), 2);
  EXPECT_EQ(take(keys[5]), 5);
}

}  // namespace
}  // namespace cofre::oidc
