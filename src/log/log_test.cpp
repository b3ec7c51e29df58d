#include "log/log.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "os/clock.h"
#include "os/paths.h"

namespace cofre::log {
namespace {

class Logs : public testing::Test {
 protected:
  os::TemporaryDirectory folder_{testing::TempDir()};
  Options options_{.folder = folder_.path() / "logs"};

  std::vector<json::Object> lines() const {
    std::vector<json::Object> all;
    read(options_.folder, [&](std::string_view line) { all.push_back(json::parse(line).as_object()); });
    return all;
  }
};

TEST_F(Logs, ALineIsAnObjectWithTimeLevelAndEvent) {
  Log log(options_);
  log.write(Level::info, "request", {{"id", "req_1"}, {"status", 200}});
  const auto all = lines();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].at("event"), "request");
  EXPECT_EQ(all[0].at("level"), "info");
  EXPECT_EQ(all[0].at("status"), 200);
  EXPECT_EQ(all[0].at("time").as_string().size(), 24u);
}

TEST_F(Logs, WhatIsBelowTheLevelIsLeftOut) {
  Log log(options_);
  log.write(Level::debug, "small");
  log.set_level(Level::error);
  log.write(Level::warning, "middle");
  log.write(Level::error, "great");
  ASSERT_EQ(lines().size(), 1u);
  EXPECT_EQ(level_named("warning"), Level::warning);
  EXPECT_THROW(level_named("loud"), Error);
}

TEST_F(Logs, ARequestIsFoundByItsId) {
  Log log(options_);
  for (int i = 0; i < 20; ++i) log.write(Level::info, "request", {{"id", "req_" + std::to_string(i)}});
  log.write(Level::info, "other", {{"worker", "req_1"}});
  ASSERT_EQ(find(options_.folder, "req_1").size(), 1u);
  EXPECT_TRUE(find(options_.folder, "req_100").empty());
  EXPECT_THROW(find(folder_.path() / "nowhere", "x"), Error);
}

TEST_F(Logs, OldFilesGoAndTheRestIsReadInOrder) {
  options_.file_bytes = 2000;
  options_.files = 3;
  Log log(options_);
  for (int i = 0; i < 200; ++i) log.write(Level::info, "n", {{"i", i}});
  const auto all = lines();
  ASSERT_GT(all.size(), 20u);
  EXPECT_LT(all.size(), 200u);
  EXPECT_EQ(all.back().at("i"), 199);
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_EQ(all[i].at("i").as_int64(), all[i - 1].at("i").as_int64() + 1);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(options_.folder), {}), 3);
}

TEST_F(Logs, LinesOlderThanTheirDaysAreForgotten) {
  constexpr std::int64_t day_ms = 86'400'000;
  const auto files = [&] { return std::distance(std::filesystem::directory_iterator(options_.folder), {}); };
  Log log(options_);
  log.write(Level::info, "old");
  const auto now = os::now_ms();
  EXPECT_EQ(log.forget(3, now + day_ms / 2), 0u);
  EXPECT_EQ(files(), 1);
  EXPECT_EQ(log.forget(3, now + 2 * day_ms), 0u);  // a file of a day ago is closed, so that it can go by itself
  EXPECT_EQ(files(), 2);
  log.write(Level::info, "younger");
  EXPECT_EQ(lines().size(), 2u);
  std::filesystem::last_write_time(options_.folder / "cofre.1.jsonl",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(73));
  EXPECT_EQ(log.forget(3, now + day_ms / 2), 1u);
  log.write(Level::info, "youngest");
  ASSERT_EQ(lines().size(), 2u);
  EXPECT_EQ(lines().front().at("event"), "younger");
}

TEST_F(Logs, ThreadsDoNotMixTheirLines) {
  Log log(options_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&log] {
      for (int i = 0; i < 100; ++i) log.write(Level::info, "n", {{"text", std::string(200, 'x')}});
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(lines().size(), 400u);
}

}  // namespace
}  // namespace cofre::log
