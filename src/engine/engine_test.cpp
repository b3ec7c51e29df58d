#include "engine/engine.h"

#include <future>

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/tiny_model.h"

namespace cofre::engine {
namespace {

/// An engine over a tiny random model.
struct Box {
  std::vector<std::byte> bytes = model::tiny_model({});
  gguf::File file = gguf::File::parse(bytes);
  model::ModelSpec spec = model::read_spec(file);
  os::Team team{2};
  model::Weights weights{file, spec, team};
  Engine engine;
  explicit Box(Engine::Options options = {.scheduler = {.rows = 64, .context = 512}, .kv_pages = 16})
      : engine(spec, weights, kernels::best_kernels(), team, options) {}
};

Request request(std::vector<TokenId> prompt, std::size_t max_tokens, std::uint64_t seed = 1) {
  Request r;
  r.prompt = std::move(prompt);
  r.max_tokens = max_tokens;
  r.sampling = {.temperature = 1.0f, .seed = seed};
  return r;
}

std::vector<TokenId> all(Generation generation, Finish expected = Finish::length) {
  std::vector<TokenId> ids;
  while (true) {
    const auto event = generation.next();
    for (const auto& choice : event.tokens) ids.push_back(choice.id);
    if (!event.finish) continue;
    EXPECT_EQ(*event.finish, expected) << event.error;
    return ids;
  }
}

TEST(Engine, AGenerationEndsAtItsLimit) {
  Box box;
  EXPECT_EQ(all(box.engine.submit(request({1, 2, 3}, 12))).size(), 12u);
}

TEST(Engine, TheSameSeedGivesTheSameTextWhateverElseIsInTheBatch) {
  std::vector<TokenId> alone;
  {
    Box box;
    alone = all(box.engine.submit(request({5, 6, 7, 8}, 40, 42)));
  }
  Box box;
  std::vector<Generation> others;
  for (int i = 0; i < 5; ++i)
    others.push_back(box.engine.submit(request({i + 10, i + 20}, 60, static_cast<std::uint64_t>(i))));
  EXPECT_EQ(all(box.engine.submit(request({5, 6, 7, 8}, 40, 42))), alone);
}

TEST(Engine, APromptReadLayerByLayerBesideOthersGivesTheSameText) {
  std::vector<TokenId> prompt(150);
  for (std::size_t i = 0; i < prompt.size(); ++i) prompt[i] = static_cast<TokenId>(i * 7 % 70);
  std::vector<TokenId> alone;
  {
    Box box;
    alone = all(box.engine.submit(request(prompt, 20, 42)));
  }
  // No budget at all: a layer in each step, while the other one generates.
  Box box({.scheduler = {.rows = 64, .context = 512, .step_budget_ms = 0}, .kv_pages = 16});
  auto other = box.engine.submit(request({1, 2, 3}, 400, 7));
  ASSERT_FALSE(other.next().finish);
  EXPECT_EQ(all(box.engine.submit(request(prompt, 20, 42))), alone);
  const auto left = box.engine.submit(request(prompt, 20, 1));  // dropped in the middle of it
}

TEST(Engine, SpeculationChangesNoToken) {
  Box box;
  auto plain = request({1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2}, 60);
  plain.sampling.temperature = 0;
  auto guessed = plain;
  plain.speculate = false;
  EXPECT_EQ(all(box.engine.submit(plain)), all(box.engine.submit(guessed)));
}

TEST(Engine, StepsAndTheirRowsAreCounted) {
  Box box;
  all(box.engine.submit(request({1, 2, 3}, 1)));
  Engine::Load load;
  do load = box.engine.load();
  while (load.running > 0 || load.steps == 0);  // counted after its token was told
  EXPECT_EQ(load.steps, 1u);
  EXPECT_EQ(load.rows, 3u);
  EXPECT_EQ(load.step_rows[2], 1u);  // of 3 or 4 rows
  EXPECT_EQ(load.prompt_tokens, 3u);
}

TEST(Engine, AnEndTokenEndsAndIsReported) {
  Box box;
  auto first = request({1, 2, 3}, 3);
  first.sampling.temperature = 0;
  const auto ids = all(box.engine.submit(first));
  first.ends = {ids[1]};
  EXPECT_EQ(all(box.engine.submit(first), Finish::end), (std::vector<TokenId>{ids[0], ids[1]}));
}

TEST(Engine, AGenerationThatIsDroppedLeavesRoomForOthers) {
  Box box;
  for (int i = 0; i < 50; ++i) {
    auto dropped = box.engine.submit(request({1, 2, 3, static_cast<TokenId>(i)}, 400));
    dropped.next();
  }
  EXPECT_EQ(all(box.engine.submit(request({9, 9}, 5))).size(), 5u);
}

TEST(Engine, APromptBeyondTheContextIsRefusedWithNumbers) {
  Box box;
  try {
    box.engine.submit(request(std::vector<TokenId>(600, 1), 5));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "prompt");
  }
}

TEST(Engine, ATokenOutsideTheVocabularyIsRefused) {
  Box box;
  EXPECT_THROW(box.engine.submit(request({1, 80}, 5)), Error);
  EXPECT_THROW(box.engine.submit(request({-1}, 5)), Error);
}

TEST(Engine, AConversationThatOutgrowsThePoolEndsWithAMessage) {
  Box box({.scheduler = {.rows = 64, .context = 512}, .kv_pages = 2});
  auto generation = box.engine.submit(request(std::vector<TokenId>(100, 3), 200));
  while (true) {
    const auto event = generation.next();
    if (!event.finish) continue;
    EXPECT_EQ(*event.finish, Finish::failed);
    EXPECT_NE(event.error.find("no longer fits"), std::string::npos);
    return;
  }
}

TEST(Engine, ASinkIsToldInsteadOfTheHandle) {
  Box box;
  std::promise<std::size_t> done;
  std::size_t tokens = 0;
  const auto generation = box.engine.submit(request({1, 2, 3}, 12), [&](Event event) {
    tokens += event.tokens.size();
    if (event.finish) done.set_value(tokens);
  });
  EXPECT_EQ(done.get_future().get(), 12u);
}

/// Lets only one token follow, then ends after `length`.
struct OnlyOne : Guide {
  TokenId token;
  std::size_t length, accepted = 0, last_remaining = 0;
  OnlyOne(TokenId t, std::size_t n) : token(t), length(n) {}
  void mask(std::span<std::uint64_t> allowed, std::size_t remaining) override {
    last_remaining = remaining;
    std::fill(allowed.begin(), allowed.end(), 0);
    allowed[static_cast<std::size_t>(token) / 64] |= std::uint64_t{1} << (token % 64);
  }
  bool free(std::size_t) const override { return false; }
  void accept(TokenId id) override {
    EXPECT_EQ(id, token);
    ++accepted;
  }
  bool finished() const override { return accepted == length; }
};

// Its guesses repeat the prompt; the guide holds for them too.
TEST(Engine, AGuideDecidesWhatMayFollowAlsoWhereTokensAreGuessed) {
  Box box;
  auto guided = request({1, 2, 3, 1, 2, 3, 1, 2, 3, 70, 70, 70, 70}, 30);
  const auto guide = std::make_shared<OnlyOne>(70, 20);
  guided.guide = guide;
  EXPECT_EQ(all(box.engine.submit(guided), Finish::end), std::vector<TokenId>(20, 70));
  EXPECT_EQ(guide->last_remaining, 30u - 19u);
}

TEST(Engine, ThePromptsTokensAreScoredWhereAskedForAlsoWhenItsPrefixIsKnown) {
  Box box;
  std::vector<TokenId> prompt;
  for (int i = 0; i < 150; ++i) prompt.push_back(i * 7 % 80);
  all(box.engine.submit(request(prompt, 2)));
  auto scored = request(prompt, 2);
  scored.score_prompt = 2;
  auto generation = box.engine.submit(scored);
  std::vector<Choice> scores;
  for (;;) {
    auto event = generation.next();
    scores.insert(scores.end(), event.prompt.begin(), event.prompt.end());
    if (event.finish) break;
  }
  ASSERT_EQ(scores.size(), prompt.size() - 1);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_EQ(scores[i].id, prompt[i + 1]);
    EXPECT_LT(scores[i].logprob, 0);
    EXPECT_EQ(scores[i].top.size(), 2u);
  }
}

TEST(Engine, AnEmbeddingIsTheSameHoweverItsPromptIsCutIntoSteps) {
  const auto embed = [](std::size_t rows) {
    Box box({.scheduler = {.rows = rows, .context = 512}, .kv_pages = 16});
    Request one;
    for (int i = 0; i < 100; ++i) one.prompt.push_back(i * 7 % 80);
    one.embed = true;
    auto generation = box.engine.submit(one);
    auto event = generation.next();
    EXPECT_EQ(event.finish, Finish::end);
    EXPECT_TRUE(event.tokens.empty());
    return event.embedding;
  };
  const auto whole = embed(128);
  EXPECT_EQ(whole.size(), 64u);
  EXPECT_EQ(whole, embed(32));
}

TEST(Engine, OfAGroupTheFirstReadsThePromptForAll) {
  Box box({.scheduler = {.rows = 64, .context = 512}, .kv_pages = 32});
  const std::vector<TokenId> prompt(200, 5);
  std::vector<Generation> group;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    auto one = request(prompt, 4, seed);
    one.group = 9;
    group.push_back(box.engine.submit(std::move(one)));
  }
  std::vector<std::size_t> cached;
  for (auto& generation : group) {
    cached.push_back(generation.next().cached);
    all(std::move(generation));
  }
  EXPECT_EQ(cached, (std::vector<std::size_t>{0, 192, 192}));
}

TEST(Engine, AFullQueueRefusesAtOnce) {
  Box box({.scheduler = {.sequences = 1, .queue = 2, .rows = 64, .context = 512}, .kv_pages = 16});
  std::vector<Generation> held;
  try {
    for (int i = 0; i < 10; ++i) held.push_back(box.engine.submit(request({1, 2, 3}, 400)));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::exhausted);
  }
}

}  // namespace
}  // namespace cofre::engine
