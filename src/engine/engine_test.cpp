#include "engine/engine.h"

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
  for (int i = 0; i < 5; ++i) others.push_back(box.engine.submit(request({i + 10, i + 20}, 60, static_cast<std::uint64_t>(i))));
  EXPECT_EQ(all(box.engine.submit(request({5, 6, 7, 8}, 40, 42))), alone);
}

TEST(Engine, SpeculationChangesNoToken) {
  Box box;
  auto plain = request({1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2}, 60);
  plain.sampling.temperature = 0;
  auto guessed = plain;
  plain.speculate = false;
  EXPECT_EQ(all(box.engine.submit(plain)), all(box.engine.submit(guessed)));
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

}  // namespace
}  // namespace cofre::engine
