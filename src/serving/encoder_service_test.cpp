#include "serving/encoder_service.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "model/tiny_encoder.h"
#include "serving/service_fixture.h"

namespace cofre::serving {
namespace {

/// A tiny encoder with a vocabulary of letters, words begun by U+2581.
std::unique_ptr<Loaded> load_encoder(model::TinyEncoder shape, bool prefixes = true) {
  std::vector<std::string> tokens{"<s>", "<pad>", "</s>", "<unk>", "▁"};
  std::vector<std::int32_t> types{3, 3, 3, 2, 1};
  for (char c = 'a'; c <= 'z'; ++c) tokens.emplace_back(1, c);
  tokens.emplace_back(":");
  types.resize(tokens.size(), 1);
  std::vector<float> scores(tokens.size());
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = -static_cast<float>(i);
  shape.vocabulary = static_cast<std::uint32_t>(tokens.size());
  return load_bytes(model::tiny_encoder(shape, nullptr, [&](gguf::Writer& writer) {
    writer.add("tokenizer.ggml.model", "t5");
    writer.add("tokenizer.ggml.tokens", tokens);
    writer.add("tokenizer.ggml.scores", scores);
    writer.add("tokenizer.ggml.token_type", types);
    writer.add("tokenizer.ggml.bos_token_id", std::uint32_t{0});
    writer.add("tokenizer.ggml.eos_token_id", std::uint32_t{2});
    writer.add("tokenizer.ggml.unknown_token_id", std::uint32_t{3});
    writer.add("tokenizer.ggml.add_bos_token", true);
    writer.add("tokenizer.ggml.add_eos_token", true);
    if (!prefixes) return;
    writer.add("cofre.prefix.query", "q: ");
    writer.add("cofre.prefix.passage", "p: ");
  }));
}

struct Bench {
  std::unique_ptr<Loaded> loaded;
  EncoderService service;
  explicit Bench(const model::TinyEncoder& shape = {}, bool prefixes = true)
      : loaded(load_encoder(shape, prefixes)), service(*loaded, {.rows = 256}) {}

  struct Got {
    std::vector<std::vector<float>> vectors;
    std::optional<Tokens> tokens;
    std::optional<Done> done;
    Failed failed;
  };
  Got run(decltype(Request::task) task) {
    Request request;
    request.task = std::move(task);
    auto collected = std::make_shared<Collected>();
    const auto answer =
        service.start(std::move(request), [collected](Event event) { collected->add(std::move(event)); });
    collected->wait([](const auto& events) { return !events.empty() && is_last(events.back()); });
    Got got;
    for (auto& event : collected->events) {
      if (auto* vectors = std::get_if<Vectors>(&event)) got.vectors = vectors->vectors;
      if (auto* tokens = std::get_if<Tokens>(&event)) got.tokens = *tokens;
      if (auto* done = std::get_if<Done>(&event)) got.done = *done;
      if (auto* failed = std::get_if<Failed>(&event)) got.failed = *failed;
    }
    return got;
  }
  Got embed(std::vector<std::string> texts, Embedding::Role role = Embedding::Role::plain,
            std::optional<std::uint32_t> dimensions = {}) {
    Embedding task;
    for (auto& text : texts) task.inputs.emplace_back(std::move(text));
    task.role = role;
    task.dimensions = dimensions;
    return run(std::move(task));
  }
};

float length_of(const std::vector<float>& x) {
  return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0f));
}

TEST(EncoderService, ManyTextsOfARequestAreEachAsAlone) {
  Bench b;
  std::vector<std::string> texts;
  for (int i = 0; i < 70; ++i)
    texts.push_back(std::string(static_cast<std::size_t>(1 + i % 50), static_cast<char>('a' + i % 26)));
  const auto all = b.embed(texts);
  ASSERT_EQ(all.vectors.size(), 70u);
  for (const std::size_t i : {0, 33, 69}) EXPECT_EQ(b.embed({texts[i]}).vectors[0], all.vectors[i]) << i;
  EXPECT_NEAR(length_of(all.vectors[5]), 1, 1e-5);
  std::uint64_t tokens = 0;
  for (const auto& text : texts) tokens += text.size() + 3;  // <s> ▁ … </s>
  EXPECT_EQ(all.done->usage.prompt_tokens, tokens);
}

TEST(EncoderService, CallersAtOnceGetTheirOwn) {
  Bench b;
  const auto expected = b.embed({"abc", "hello", "world"}).vectors;
  std::vector<std::thread> callers;
  std::atomic<int> right{0};
  for (std::size_t i = 0; i < 3; ++i)
    callers.emplace_back([&, i] {
      const std::string text = std::vector<std::string>{"abc", "hello", "world"}[i];
      for (int n = 0; n < 5; ++n) right += b.embed({text}).vectors.at(0) == expected[i];
    });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(right, 15);
}

TEST(EncoderService, TheModelsOwnPrefixesStandBeforeTheTexts) {
  Bench b;
  EXPECT_EQ(b.embed({"cat"}, Embedding::Role::query).vectors, b.embed({"q: cat"}).vectors);
  EXPECT_EQ(b.embed({"cat"}, Embedding::Role::passage).vectors, b.embed({"p: cat"}).vectors);
  EXPECT_EQ(Bench({}, false).embed({"cat"}, Embedding::Role::query).failed.field, "input_type");
}

TEST(EncoderService, FewerDimensionsHaveLengthOneAgain) {
  Bench b;
  const auto whole = b.embed({"cat"}).vectors[0], part = b.embed({"cat"}, Embedding::Role::plain, 8).vectors[0];
  ASSERT_EQ(part.size(), 8u);
  EXPECT_NEAR(length_of(part), 1, 1e-5);
  EXPECT_NEAR(part[0] / part[1], whole[0] / whole[1], 1e-4);
  EXPECT_EQ(b.embed({"cat"}, Embedding::Role::plain, 65).failed.field, "dimensions");
}

TEST(EncoderService, ATextThatIsTooLongIsNamed) {
  Bench b;
  const auto failed = b.embed({"a", std::string(190, 'a')}).failed;
  EXPECT_EQ(failed.field, "input[1]");
  EXPECT_EQ(failed.reason, "context_length_exceeded");
  EXPECT_NE(failed.message.find("193 tokens"), std::string::npos) << failed.message;
  EXPECT_EQ(b.embed({"\xff"}).failed.field, "input[0]");
  EXPECT_EQ(b.run(Embedding{{std::vector<std::int32_t>{99}}, {}}).failed.field, "input[0]");
  Bench ranks({.pooling = 4, .labels = 1});
  EXPECT_EQ(ranks.run(Rerank{"q", {"a", std::string(190, 'a')}}).failed.field, "query and documents[1]");
}

TEST(EncoderService, DocumentsAreScoredOneByOne) {
  Bench b({.pooling = 4, .labels = 1, .head = true});
  const auto scored = b.run(Rerank{"which", {"this", "that", "this"}});
  ASSERT_EQ(scored.vectors.size(), 3u);
  for (const auto& score : scored.vectors) {
    ASSERT_EQ(score.size(), 1u);
    EXPECT_GT(score[0], 0);
    EXPECT_LT(score[0], 1);
  }
  EXPECT_EQ(scored.vectors[0], scored.vectors[2]);
  EXPECT_NE(scored.vectors[0], scored.vectors[1]);
  EXPECT_EQ(scored.done->usage.prompt_tokens, 3u * (8 + 1 + 5 + 1));  // <s>▁which</s> </s> ▁this </s>
}

TEST(EncoderService, WhatItCannotDoIsRefusedByName) {
  Bench vectors, ranks({.pooling = 4, .labels = 1});
  EXPECT_EQ(vectors.run(Rerank{"q", {"a"}}).failed.field, "model");
  EXPECT_EQ(ranks.embed({"a"}).failed.field, "model");
  EXPECT_EQ(vectors.run(Completion{"a", std::nullopt, false}).failed.field, "model");
  EXPECT_EQ(vectors.run(Tokenize{std::string("ab"), true}).tokens->ids, (std::vector<std::int32_t>{0, 4, 5, 6, 2}));
  EXPECT_EQ(vectors.run(Detokenize{{4, 5, 6}}).tokens->text, "ab");
}

TEST(EncoderService, ADroppedAnswerIsToldNothingMore) {
  Bench b;
  std::atomic<int> told{0};
  {
    Request request;
    Embedding task;
    task.inputs.assign(500, std::string(100, 'a'));
    request.task = std::move(task);
    const auto answer = b.service.start(std::move(request), [&](const Event&) { ++told; });
  }
  b.embed({"a"});  // goes behind it
  EXPECT_EQ(told, 0);
}

TEST(EncoderService, ItsProbeSucceeds) {
  Bench vectors, ranks({.pooling = 4, .labels = 2});
  EXPECT_TRUE(vectors.run(vectors.service.probe().task).done);
  EXPECT_TRUE(ranks.run(ranks.service.probe().task).done);
  EXPECT_GT(vectors.service.load().steps, 0u);
}

TEST(TextModel, AnEncoderIsNone) { EXPECT_THROW(TextModel(*load_encoder({}), {}), Error); }

}  // namespace
}  // namespace cofre::serving
