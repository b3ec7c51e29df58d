#include "engine/sampler.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/thrown.h"

namespace cofre::engine {
namespace {

std::vector<float> logits_of(std::initializer_list<float> probabilities) {
  std::vector<float> logits;
  for (float p : probabilities) logits.push_back(std::log(p));
  return logits;
}

/// How often each token comes in many draws at different positions.
std::map<TokenId, int> draws(const SamplingParams& params, const std::vector<float>& logits, int count = 4000) {
  Sampler sampler;
  std::map<TokenId, int> seen;
  for (int i = 0; i < count; ++i) {
    auto copy = logits;
    ++seen[sampler.choose(params, copy, {}, static_cast<std::uint64_t>(i)).id];
  }
  return seen;
}

TEST(Sampler, TemperatureZeroTakesTheBestAndOfEqualsTheFirst) {
  Sampler sampler;
  std::vector<float> logits{1, 5, 5, 2};
  EXPECT_EQ(sampler.choose({.temperature = 0}, logits, {}, 0).id, 1);
}

TEST(Sampler, TheLogprobIsTheModelsOwn) {
  Sampler sampler;
  auto logits = logits_of({0.5f, 0.25f, 0.25f});
  EXPECT_NEAR(sampler.choose({.temperature = 0}, logits, {}, 0).logprob, std::log(0.5f), 1e-5f);
}

TEST(Sampler, TheLogprobIsTheModelsOwnUnderPenaltiesToo) {
  Sampler sampler;
  auto logits = logits_of({0.6f, 0.4f});
  const std::vector<TokenId> history{0, 0};
  const auto choice = sampler.choose({.temperature = 0, .presence_penalty = 5}, logits, history, 2);
  EXPECT_EQ(choice.id, 1);
  EXPECT_NEAR(choice.logprob, std::log(0.4f), 1e-5f);
}

TEST(Sampler, DrawsFollowTheProbabilities) {
  const auto seen = draws({.temperature = 1}, logits_of({0.7f, 0.2f, 0.1f}));
  EXPECT_NEAR(seen.at(0), 2800, 150);
  EXPECT_NEAR(seen.at(1), 800, 120);
}

TEST(Sampler, TheSameSeedAndPositionGiveTheSameToken) {
  const auto logits = logits_of({0.3f, 0.3f, 0.4f});
  Sampler a, b;
  for (std::uint64_t position = 0; position < 50; ++position) {
    auto x = logits, y = logits;
    EXPECT_EQ(a.choose({.temperature = 1, .seed = 9}, x, {}, position).id,
              b.choose({.temperature = 1, .seed = 9}, y, {}, position).id);
  }
}

TEST(Sampler, TopKKeepsTheBest) {
  const auto seen = draws({.temperature = 1, .top_k = 2}, logits_of({0.1f, 0.5f, 0.4f}));
  EXPECT_EQ(seen.count(0), 0u);
  EXPECT_EQ(seen.size(), 2u);
}

TEST(Sampler, TopPKeepsTheNucleus) {
  const auto seen = draws({.temperature = 1, .top_p = 0.6f}, logits_of({0.5f, 0.3f, 0.2f}));
  EXPECT_EQ(seen.count(2), 0u);
  EXPECT_EQ(seen.size(), 2u);
}

TEST(Sampler, MinPDropsWhatIsFarBelowTheBest) {
  const auto seen = draws({.temperature = 1, .min_p = 0.5f}, logits_of({0.5f, 0.3f, 0.2f}));
  EXPECT_EQ(seen.count(2), 0u);
}

TEST(Sampler, TypicalPKeepsWhatIsAsSurprisingAsExpected) {
  const auto seen = draws({.temperature = 1, .typical_p = 0.4f}, logits_of({0.90f, 0.05f, 0.05f}));
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen.begin()->first, 0);
}

TEST(Sampler, BiasAndPenaltiesMoveTheChoice) {
  Sampler sampler;
  std::vector<float> logits{3, 2, 1};
  EXPECT_EQ(sampler.choose({.temperature = 0, .logit_bias = {{2, 5.0f}}}, logits, {}, 0).id, 2);
  logits = {3, 2.5f, 1};
  const std::vector<TokenId> history{0};
  EXPECT_EQ(sampler.choose({.temperature = 0, .repetition_penalty = 2}, logits, history, 1).id, 1);
  logits = {3, 2.5f, 1};
  EXPECT_EQ(sampler.choose({.temperature = 0, .frequency_penalty = 1}, logits, history, 1).id, 1);
}

TEST(Sampler, AMaskForbidsTokens) {
  Sampler sampler;
  std::vector<float> logits{3, 2, 1};
  const std::vector<std::uint64_t> allowed{0b100};
  EXPECT_EQ(sampler.choose({.temperature = 0}, logits, {}, 0, allowed).id, 2);
}

TEST(Sampler, AlternativesComeBestFirst) {
  Sampler sampler;
  auto logits = logits_of({0.2f, 0.5f, 0.3f});
  const auto choice = sampler.choose({.temperature = 0, .top_logprobs = 2}, logits, {}, 0);
  ASSERT_EQ(choice.top.size(), 2u);
  EXPECT_EQ(choice.top[0].id, 1);
  EXPECT_EQ(choice.top[1].id, 2);
}

TEST(Sampler, NumbersThatAreNoneAreAnError) {
  Sampler sampler;
  std::vector<float> logits(40, 1.0f);
  logits[33] = NAN;
  EXPECT_THROW(sampler.choose({.temperature = 0}, logits, {}, 0), Error);
  std::vector<float> nothing(40, -INFINITY);
  EXPECT_THROW(sampler.choose({.temperature = 0}, nothing, {}, 0), Error);
}

TEST(SamplingParams, EveryParameterHasARange) {
  const auto refused = [](const SamplingParams& params) { return field_of([&] { params.validate(100); }); };
  EXPECT_EQ(refused({}), "no error");
  EXPECT_EQ(refused({.temperature = -1}), "temperature");
  EXPECT_EQ(refused({.temperature = NAN}), "temperature");
  EXPECT_EQ(refused({.top_p = 1.5f}), "top_p");
  EXPECT_EQ(refused({.top_k = -2}), "top_k");
  EXPECT_EQ(refused({.repetition_penalty = 0}), "repetition_penalty");
  EXPECT_EQ(refused({.logit_bias = {{100, 1.0f}}}), "logit_bias");
}

}  // namespace
}  // namespace cofre::engine
