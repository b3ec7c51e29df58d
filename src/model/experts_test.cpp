#include "model/experts.h"

#include <cmath>

#include <gtest/gtest.h>

namespace cofre::model {
namespace {

using Chosen = std::vector<std::uint32_t>;

TEST(Experts, TheOnesWithTheLargestLogitsAreTakenAndWeighedByTheSoftmaxOfAll) {
  float logits[] = {0.0f, 2.0f, -1.0f, 1.0f};
  Chosen chosen(2);
  float weights[2];
  choose_experts({.count = 4, .used = 2}, logits, {}, chosen.data(), weights);
  EXPECT_EQ(chosen, (Chosen{1, 3}));
  const float all = std::exp(0.0f) + std::exp(2.0f) + std::exp(-1.0f) + std::exp(1.0f);
  EXPECT_FLOAT_EQ(weights[0], std::exp(2.0f) / all);
  EXPECT_FLOAT_EQ(weights[1], std::exp(1.0f) / all);
}

TEST(Experts, NormalisedWeightsSumToOne) {
  float logits[] = {0.5f, 0.25f, 3.0f};
  Chosen chosen(2);
  float weights[2];
  choose_experts({.count = 3, .used = 2, .normalised = true}, logits, {}, chosen.data(), weights);
  EXPECT_EQ(chosen, (Chosen{2, 0}));
  EXPECT_FLOAT_EQ(weights[0] + weights[1], 1.0f);
  EXPECT_FLOAT_EQ(weights[0] / weights[1], std::exp(2.5f));
}

TEST(Experts, OfEqualLogitsTheFirstIsTakenAndNoneTwice) {
  float logits[] = {1.0f, 1.0f, 1.0f, 1.0f};
  Chosen chosen(4);
  float weights[4];
  choose_experts({.count = 4, .used = 4}, logits, {}, chosen.data(), weights);
  EXPECT_EQ(chosen, (Chosen{0, 1, 2, 3}));
}

TEST(Experts, APreferenceDecidesWhoIsChosenButNotHowMuchItWeighs) {
  float logits[] = {0.0f, 2.0f, 1.0f};
  const float preference[] = {1.0f, 0.0f, 0.0f};
  Chosen chosen(1);
  float weights[1];
  choose_experts({.count = 3, .used = 1, .gating = Gating::sigmoid, .scale = 2.5f}, logits, preference, chosen.data(),
                 weights);
  EXPECT_EQ(chosen, (Chosen{0}));
  EXPECT_FLOAT_EQ(weights[0], 2.5f * 0.5f);
}

TEST(Experts, OnlyThoseOfTheBestGroupsAreTaken) {
  // Sums of the two best: group 0 has the single best one, group 1 the better pair.
  float logits[] = {3.0f, -9.0f, 1.0f, 1.5f, -2.0f, 0.0f};
  Chosen chosen(2);
  float weights[2];
  const ExpertSpec spec{.count = 6, .used = 2, .groups = 3, .groups_used = 1, .gating = Gating::sigmoid};
  choose_experts(spec, logits, {}, chosen.data(), weights);
  EXPECT_EQ(chosen, (Chosen{3, 2}));
}

TEST(Experts, LogitsThatAreNoNumbersStillChooseExpertsThatThereAre) {
  for (const auto gating : {Gating::softmax, Gating::sigmoid}) {
    float logits[] = {NAN, 1.0f, NAN, INFINITY};
    Chosen chosen(3);
    float weights[3];
    choose_experts({.count = 4, .used = 3, .gating = gating}, logits, {}, chosen.data(), weights);
    for (const auto expert : chosen) EXPECT_LT(expert, 4u);
  }
}

TEST(Experts, PairsAreOrderedByExpertAndFindTheirWayBack) {
  const Chosen chosen{2, 0, 2, 3, 0, 2};  // rows of two
  ExpertOrder order;
  order.sort(chosen, 5);
  ASSERT_EQ(order.non_empty.size(), 3u);
  EXPECT_EQ(order.non_empty[0].expert, 2u);  // the one with most rows first
  EXPECT_EQ(order.non_empty[0].count, 3u);
  for (const auto& range : order.non_empty)
    for (std::size_t place = range.first; place < range.first + range.count; ++place) {
      EXPECT_EQ(chosen[order.pair[place]], range.expert);
      EXPECT_EQ(order.place[order.pair[place]], place);
    }
}

}  // namespace
}  // namespace cofre::model
