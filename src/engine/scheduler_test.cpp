#include "engine/scheduler.h"

#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "base/error.h"

namespace cofre::engine {
namespace {

Request request(std::size_t prompt, std::size_t max_tokens = 8, std::uint64_t salt = 1, int first = 0) {
  Request r;
  r.prompt.resize(prompt);
  std::iota(r.prompt.begin(), r.prompt.end(), first);
  r.max_tokens = max_tokens;
  r.salt = salt;
  return r;
}

/// A scheduler with its pool, and a model that always says token 7.
struct Box {
  PagePool pool;
  PrefixTree tree;
  Scheduler scheduler;
  std::uint64_t next_id = 1;
  std::size_t layers;
  explicit Box(std::uint32_t pages, Scheduler::Options options = {})
      : pool(pages), scheduler(pool, tree, options), layers(options.layers) {}

  std::uint64_t submit(Request r) {
    scheduler.submit(next_id, std::move(r));
    return next_id++;
  }
  /// One step; returns the runs it made as (id, count, generated).
  std::vector<std::tuple<std::uint64_t, std::size_t, bool>> step() {
    std::vector<std::tuple<std::uint64_t, std::size_t, bool>> out;
    const auto runs = scheduler.plan();
    const bool whole = scheduler.prompt_layers().last == layers;
    scheduler.computed_layers();
    for (const auto& run : runs) {
      EXPECT_GE(run.sequence->pages.size() * page_tokens, run.first + run.count);
      out.emplace_back(run.sequence->id, run.count, run.generated);
    }
    for (const auto& run : runs) {
      if (run.sequence->left || (!run.generated && !whole)) continue;
      scheduler.computed(run);
      if (run.logits > 0 && scheduler.append(*run.sequence, 7) != Scheduler::More::yes) scheduler.finish(*run.sequence);
    }
    scheduler.end_step();
    return out;
  }
};

TEST(Scheduler, RunningGenerationsGoOnBesidePrompts) {
  Box box(32);
  const auto a = box.submit(request(10));
  box.step();
  const auto b = box.submit(request(10, 8, 1, 500));
  const auto runs = box.step();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(std::get<0>(runs[0]), b);
  EXPECT_EQ(std::get<0>(runs[1]), a);
  EXPECT_TRUE(std::get<2>(runs[1]));
}

TEST(Scheduler, ALongPromptIsCutToTheBudgetWhileOthersGenerate) {
  Box box(64, {.step_budget_ms = 100});
  box.submit(request(10, 50));
  box.step();
  box.submit(request(2000, 8, 2));
  const auto runs = box.step();  // 4 ms a row at first: 25 rows fit into 100 ms
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_LE(std::get<1>(runs[0]), 25u);
}

/// A scheduler of a model of 8 layers whose chunks cost 70 ms and 4.5 ms a row, and a generation that runs.
struct DearChunks : Box {
  DearChunks() : Box(64, {.step_budget_ms = 130, .layers = 8}) {
    auto& costs = scheduler.costs();
    for (int i = 0; i < 40; ++i) costs.learn(0, 1, 30);
    for (const std::size_t rows : {16, 64, 256, 16, 64, 256, 16, 64}) costs.learn(rows, 0, 70 + 4.5 * rows);
    submit(request(10, 50));
    step();
  }
};

TEST(Scheduler, ADearChunkGoesThroughTheLayersInSeveralSteps) {
  DearChunks box;
  const auto prompt = box.submit(request(500, 8, 2));
  std::vector<Scheduler::Layers> seen;
  while (seen.size() < 8) {
    const auto runs = box.scheduler.plan();
    ASSERT_EQ(runs.size(), 2u);
    EXPECT_EQ(runs[0].sequence->id, prompt);
    EXPECT_EQ(runs[0].first, 0u);
    EXPECT_GE(runs[0].count, 80u);  // so that the fixed part is a seventh
    EXPECT_TRUE(runs[1].generated);
    seen.push_back(box.scheduler.prompt_layers());
    box.scheduler.computed_layers();
  }
  // 100 ms of 470: 1 of 8 layers in each step.
  EXPECT_EQ(seen.size(), 8u);
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i].first, i);
}

TEST(Scheduler, WhoLeavesInTheMiddleOfAChunkHoldsItsPagesUntilItIsDone) {
  DearChunks box;
  const auto free = box.pool.free_pages();
  const auto a = box.submit(request(20, 8, 2)), b = box.submit(request(20, 8, 3, 100));
  EXPECT_EQ(box.step().size(), 3u);
  box.scheduler.cancel(a);
  EXPECT_EQ(box.pool.free_pages(), free - 2);
  while (box.step().size() == 3) continue;
  box.scheduler.cancel(b);
  EXPECT_EQ(box.pool.free_pages(), free);
}

TEST(Scheduler, AChunkWhoseCallersAllLeftIsDroppedAtOnce) {
  DearChunks box;
  const auto free = box.pool.free_pages();
  const auto a = box.submit(request(500, 8, 2));
  box.step();
  box.scheduler.cancel(a);
  EXPECT_EQ(box.pool.free_pages(), free);
  EXPECT_EQ(box.step().size(), 1u);
}

TEST(Scheduler, APromptAloneTakesWholeStepsOfAtMostItsTime) {
  Box fast(64, {.rows = 512, .alone_budget_ms = 1e6});
  fast.submit(request(2000));
  EXPECT_EQ(std::get<1>(fast.step().at(0)), 512u);
  Box slow(64, {.rows = 512, .alone_budget_ms = 1000});  // 4 ms a row
  slow.submit(request(2000));
  EXPECT_EQ(std::get<1>(slow.step().at(0)), 250u);
}

TEST(Scheduler, AStepTakesLongerWhereManyPromptsWaitButNotForThoseOfLowPriority) {
  const auto rows = [](int priority) {
    Box box(64, {.step_budget_ms = 100});
    box.submit(request(10, 50));
    box.step();
    for (int i = 0; i < 8; ++i) {
      auto one = request(60, 8, 2, 100 * i);
      one.priority = priority;
      box.submit(std::move(one));
    }
    std::size_t sum = 0;
    for (const auto& [id, count, generated] : box.step()) sum += generated ? 0 : count;
    return sum;
  };
  EXPECT_EQ(rows(0), 100u);
  EXPECT_EQ(rows(-1), 25u);
}

TEST(CostTable, LearnsWhatStepsCostWhateverTheirSize) {
  CostTable costs;
  const auto truth = [](std::size_t rows) { return 70 + 4.5 * static_cast<double>(rows); };
  for (int i = 0; i < 5; ++i) costs.learn(0, 4, 35);
  for (int i = 0; i < 3; ++i) costs.learn(512, 0, truth(512));
  for (int i = 0; i < 10; ++i) {
    const auto rows = costs.prompt_rows(4, 150);
    costs.learn(std::max<std::size_t>(rows, 1), 4, 35 + truth(std::max<std::size_t>(rows, 1)));
  }
  EXPECT_NEAR(static_cast<double>(costs.prompt_rows(4, 150)), 10, 1);
  EXPECT_NEAR(costs.ms(200, 0), truth(200), 30);
}

TEST(CostTable, PartsOfTheLayersTellToo) {
  CostTable costs;
  for (int i = 0; i < 5; ++i) costs.learn(0, 4, 35);
  costs.learn(256, 0, 70 + 4.5 * 256);
  for (int i = 0; i < 200; ++i) costs.learn(64, 4, 35 + (70 + 4.5 * 64) / 4, 0.25);
  EXPECT_NEAR(costs.ms(64, 0), 70 + 4.5 * 64, 5);
}

TEST(CostTable, AStepThatWasDisturbedIsForgotten) {
  CostTable costs;
  for (int i = 0; i < 20; ++i) costs.learn(16, 0, 100);
  costs.learn(16, 0, 5000);
  EXPECT_LT(costs.ms(16, 0), 130);
  for (int i = 0; i < 20; ++i) costs.learn(16, 0, 100);
  EXPECT_NEAR(costs.ms(16, 0), 100, 5);
}

TEST(Scheduler, ARepeatedPromptIsNotComputedAgain) {
  Box box(32);
  box.submit(request(200, 1));
  box.step();
  box.submit(request(200, 1));
  EXPECT_EQ(std::get<1>(box.step().at(0)), 200u - 192u);
}

TEST(Scheduler, TheTenantWithFewerTokensGoesFirst) {
  Box box(64, {.sequences = 1});
  box.submit(request(200, 1, 1));
  box.step();
  box.submit(request(10, 1, 1, 900));
  const auto b = box.submit(request(10, 1, 2, 900));
  EXPECT_EQ(std::get<0>(box.step().at(0)), b);
}

TEST(Scheduler, HigherPriorityGoesFirst) {
  Box box(64, {.sequences = 1});
  auto low = request(10, 1);
  low.priority = -1;
  box.submit(std::move(low));
  const auto high = box.submit(request(10, 1, 5, 50));
  EXPECT_EQ(std::get<0>(box.step().at(0)), high);
}

TEST(Scheduler, AFullQueueRefuses) {
  Box box(8, {.queue = 2});
  box.submit(request(5));
  box.submit(request(5));
  try {
    box.submit(request(5));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::exhausted);
  }
}

TEST(Scheduler, AnEmptyPromptAndOneBeyondTheContextAreRefused) {
  Box box(64, {.context = 100});
  EXPECT_THROW(box.submit(request(0)), Error);
  EXPECT_THROW(box.submit(request(100)), Error);
}

TEST(Scheduler, WhenPagesRunOutTheYoungestWaits) {
  Box box(4, {.context = 256});
  box.submit(request(60, 100, 1));
  box.submit(request(100, 100, 2, 300));
  for (int i = 0; i < 120; ++i) box.step();
  EXPECT_GT(box.scheduler.preemptions(), 0u);
  for (int i = 0; i < 400 && !box.scheduler.idle(); ++i) box.step();
  EXPECT_TRUE(box.scheduler.idle());
  EXPECT_TRUE(box.scheduler.take_failed().empty());
}

TEST(Scheduler, CancellingFreesAllPages) {
  Box box(16);
  const auto a = box.submit(request(100, 50));
  box.step();
  box.scheduler.cancel(a);
  box.tree.evict(100);
  EXPECT_EQ(box.pool.free_pages(), 16u);
}

// 10,000 random steps: nothing leaks, nothing starves, everything ends.
TEST(Scheduler, ASeededCrowdIsServedWithoutLeaks) {
  std::mt19937 random(3);
  Box box(40, {.sequences = 6, .queue = 32, .rows = 128, .context = 600, .step_budget_ms = 50, .layers = 4});
  box.scheduler.costs().learn(16, 0, 200);
  std::vector<std::uint64_t> ids;
  std::size_t served = 0;
  for (int step = 0; step < 10'000; ++step) {
    if (random() % 8 == 0) {
      try {
        ids.push_back(box.submit(
            request(1 + random() % 400, 1 + random() % 60, 1 + random() % 3, static_cast<int>(random() % 3) * 64)));
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::exhausted);
      }
    }
    if (!ids.empty() && random() % 50 == 0) box.scheduler.cancel(ids[random() % ids.size()]);
    const auto runs = box.step();
    std::size_t rows = 0;
    for (const auto& [id, count, generated] : runs) rows += count;
    EXPECT_LE(rows, 128u + 16u);
    served += runs.size();
    EXPECT_TRUE(box.scheduler.take_failed().empty());
    EXPECT_TRUE(box.scheduler.idle() || !runs.empty());
  }
  EXPECT_GT(served, 1000u);
  for (int step = 0; step < 20'000 && !box.scheduler.idle(); ++step) box.step();
  EXPECT_TRUE(box.scheduler.idle());
  box.tree.evict(1000);
  EXPECT_EQ(box.pool.free_pages(), 40u);
}

TEST(Lookup, WhatFollowedTheLastWordsBeforeIsProposed) {
  Lookup lookup;
  const std::vector<std::int32_t> ids{1, 2, 3, 4, 5, 6, 1, 2, 3};
  EXPECT_EQ(lookup.propose(ids, 3), (std::vector<std::int32_t>{4, 5, 6}));
}

TEST(Lookup, NothingIsProposedWhereNothingRepeats) {
  Lookup lookup;
  const std::vector<std::int32_t> ids{1, 2, 3, 4, 5};
  EXPECT_TRUE(lookup.propose(ids, 3).empty());
}

TEST(Lookup, WrongGuessesBecomeRarer) {
  Lookup lookup;
  const std::vector<std::int32_t> ids{1, 2, 3, 4, 1, 2, 3};
  for (int i = 0; i < 5; ++i) lookup.learn(3, 0);
  EXPECT_TRUE(lookup.propose(ids, 3).empty());
}

}  // namespace
}  // namespace cofre::engine
