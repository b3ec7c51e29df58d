#include "model/decoder.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/placement_fixture.h"
#include "model/tiny_model.h"

namespace cofre::model {
namespace {

using Ids = std::vector<std::int32_t>;

Ids some_ids(std::size_t count, unsigned vocabulary = 80) {
  Ids ids(count);
  for (std::size_t i = 0; i < count; ++i) ids[i] = static_cast<std::int32_t>((i * 37 + 11) % vocabulary);
  return ids;
}

/// A tiny model with everything around it.
struct Bench {
  std::vector<std::byte> bytes;
  gguf::File file;
  ModelSpec spec;
  os::Team team;
  Weights weights;
  KvMemory kv;
  Decoder decoder;

  explicit Bench(const TinyShape& shape = {}, unsigned threads = 1, kernels::KvFormat format = kernels::KvFormat::f32,
                 const kernels::Kernels& table = kernels::best_kernels(), unsigned nodes = 1)
      : bytes(tiny_model(shape)),
        file(gguf::File::parse(bytes)),
        spec(read_spec(file)),
        team(placement_of(threads, nodes)),
        weights(file, spec, team),
        kv(spec, format, 24),
        decoder(spec, weights, kv, table, team, {.rows = 600, .logits = 600}) {}

  static std::vector<std::uint32_t> pages(std::uint32_t first, std::size_t count) {
    std::vector<std::uint32_t> all(count);
    for (std::size_t i = 0; i < count; ++i) all[i] = first + static_cast<std::uint32_t>(i);
    return all;
  }
  /// Logits of the last row of a prompt cut into chunks.
  std::vector<float> prompt(const Ids& ids, std::size_t chunk, std::uint32_t first_page = 0) {
    const auto list = pages(first_page, (ids.size() + 63) / 64);
    for (std::size_t at = 0; at < ids.size(); at += chunk) {
      const std::size_t count = std::min(chunk, ids.size() - at);
      const Run run{std::span(ids).subspan(at, count), at, list, false, at + count == ids.size() ? std::size_t{1} : 0};
      decoder.forward({&run, 1});
    }
    const auto logits = decoder.logits(0);
    return {logits.begin(), logits.end()};
  }
  std::vector<float> generate(std::int32_t id, std::size_t position, std::uint32_t first_page = 0) {
    const auto list = pages(first_page, position / 64 + 1);
    const Run run{{&id, 1}, position, list, true, 1};
    decoder.forward({&run, 1});
    const auto logits = decoder.logits(0);
    return {logits.begin(), logits.end()};
  }
};

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  float most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::fabs(a[i] - b[i]));
  return most;
}

const TinyShape mixture{.architecture = "qwen3moe", .experts = 6};
const TinyShape latent{.architecture = "deepseek2", .experts = 6, .latent = 40};

TEST(Decoder, APromptCutIntoChunksGivesTheSameBits) {
  for (const auto& shape : {TinyShape{}, mixture, latent}) {
    Bench whole(shape), cut(shape);
    const auto ids = some_ids(150);
    const auto expected = whole.prompt(ids, 600);
    for (std::size_t chunk : {64, 50, 7}) EXPECT_EQ(cut.prompt(ids, chunk), expected) << shape.architecture << chunk;
  }
}

TEST(Decoder, MatricesThatShareATensorGiveTheSameBitsAsApart) {
  Bench apart, together({.one_tensor = true});
  const auto ids = some_ids(100);
  EXPECT_EQ(apart.prompt(ids, 600), together.prompt(ids, 600));
  EXPECT_EQ(apart.generate(5, 100), together.generate(5, 100));
}

TEST(Decoder, WhatMakesKeysAndValuesOfALatentMayShareATensor) {
  auto shape = latent;
  shape.kv_together = true;
  Bench apart(latent), together(shape);
  const auto ids = some_ids(100);
  EXPECT_EQ(apart.prompt(ids, 600), together.prompt(ids, 600));
  EXPECT_EQ(apart.generate(5, 100), together.generate(5, 100));
}

TEST(Decoder, OfALatentOneVectorIsKeptForAllHeads) {
  const Bench b(latent);
  EXPECT_EQ(KvMemory::bytes_per_token(b.spec, kernels::KvFormat::f16), b.spec.layers * 48 * 2);
}

TEST(Decoder, TheNumberOfThreadsAndOfMemoryNodesChangesNoBit) {
  const auto& table = kernels::best_kernels();
  for (const auto& shape : {TinyShape{}, mixture, latent}) {
    Bench one(shape, 1), three(shape, 3), apart(shape, 3, kernels::KvFormat::f32, table, 2);
    const auto ids = some_ids(100);
    const auto prompt = one.prompt(ids, 600), next = one.generate(5, 100);
    for (auto* other : {&three, &apart}) {
      EXPECT_EQ(prompt, other->prompt(ids, 600)) << shape.architecture;
      EXPECT_EQ(next, other->generate(5, 100)) << shape.architecture;
    }
  }
}

class InAnyBatch : public testing::TestWithParam<TinyShape> {};
INSTANTIATE_TEST_SUITE_P(Decoder, InAnyBatch, testing::Values(TinyShape{}, mixture, latent),
                         [](const auto& one) { return one.param.architecture; });

TEST_P(InAnyBatch, AGeneratedRowIsTheSameBits) {
  Bench b(GetParam());
  const auto ids = some_ids(70);
  b.prompt(ids, 600, 0);
  b.prompt(ids, 600, 4);
  b.prompt(some_ids(20, 60), 600, 8);
  const auto alone = b.generate(7, 70, 0);
  const auto first = Bench::pages(4, 2), second = Bench::pages(8, 1);
  const Ids mine{7}, other{9}, prompt = some_ids(30);
  const auto third = Bench::pages(12, 1);
  const model::Run runs[] = {{other, 20, second, true, 1}, {mine, 70, first, true, 1}, {prompt, 0, third, false, 1}};
  b.decoder.forward(runs);
  const auto together = b.decoder.logits(1);
  EXPECT_EQ(std::vector<float>(together.begin(), together.end()), alone);
}

TEST(Decoder, APromptMayTakeItsLayersInSeveralPassesWhileOthersGenerate) {
  for (TinyShape shape : {TinyShape{}, TinyShape{.architecture = "gemma3"}, mixture, latent}) {
    shape.layers = 4;
    Bench whole(shape), parts(shape);
    const auto ids = some_ids(100), other = some_ids(20, 60);
    const auto expected = whole.prompt(ids, 600);
    whole.prompt(other, 600, 8);
    parts.prompt(other, 600, 8);
    const auto mine = Bench::pages(0, 2), theirs = Bench::pages(8, 1);
    for (std::size_t at = 0; at < ids.size(); at += 50)
      for (std::size_t layer = 0; layer < 4; ++layer) {
        const bool end = at == 50 && layer == 3;
        const Ids token{static_cast<std::int32_t>(layer + 5)};
        const std::size_t position = 20 + at / 50 * 4 + layer;
        const model::Run runs[] = {{std::span(ids).subspan(at, 50), at, mine, false, end ? std::size_t{1} : 0},
                                   {token, position, theirs, true, 1}};
        parts.decoder.forward(runs, {layer, layer + 1});
        const auto logits = parts.decoder.logits(end ? 1 : 0);
        EXPECT_EQ(std::vector<float>(logits.begin(), logits.end()), whole.generate(token[0], position, 8));
      }
    const auto logits = parts.decoder.logits(0);
    EXPECT_EQ(std::vector<float>(logits.begin(), logits.end()), expected) << shape.architecture;
  }
}

TEST(Decoder, PromptAndGenerationAgreeInFloatFiles) {
  Bench b;
  const auto ids = some_ids(90);
  const auto expected = b.prompt(ids, 600);
  b.prompt(Ids(ids.begin(), ids.end() - 1), 600, 4);
  const auto list = Bench::pages(4, 2);
  const model::Run run{std::span(ids).last(1), 89, list, true, 1};
  b.decoder.forward({&run, 1});
  const auto logits = b.decoder.logits(0);
  EXPECT_LT(largest_difference({logits.begin(), logits.end()}, expected), 1e-4f);
}

TEST(Decoder, EveryInstructionSetGivesTheScalarAnswer) {
  for (const auto& shape : {TinyShape{}, latent}) {
    Bench scalar(shape, 1, kernels::KvFormat::f32, *kernels::find_kernels(kernels::Isa::scalar));
    const auto ids = some_ids(130);
    const auto expected = scalar.prompt(ids, 600);
    for (const auto* table : kernels::all_kernels()) {
      Bench b(shape, 1, kernels::KvFormat::f32, *table);
      EXPECT_LT(largest_difference(b.prompt(ids, 600), expected), 1e-4f) << shape.architecture << " " << table->name;
    }
  }
}

TEST(Decoder, SmallerKvFormatsStayClose) {
  Bench exact;
  const auto ids = some_ids(130);
  const auto expected = exact.prompt(ids, 600);
  Bench half({}, 1, kernels::KvFormat::f16), byte({}, 1, kernels::KvFormat::q8);
  EXPECT_LT(largest_difference(half.prompt(ids, 600), expected), 5e-3f);
  EXPECT_LT(largest_difference(byte.prompt(ids, 600), expected), 0.1f);
}

TEST(Decoder, OddHeadsAndWidthsRun) {
  for (const auto& shape :
       {TinyShape{.width = 40, .heads = 5, .kv_heads = 1, .head_width = 8, .ffn = 56, .vocabulary = 33},
        TinyShape{.width = 48, .heads = 7, .kv_heads = 7, .head_width = 20, .ffn = 24, .vocabulary = 17},
        TinyShape{
            .architecture = "qwen3", .width = 36, .heads = 6, .kv_heads = 3, .head_width = 24, .vocabulary = 41}}) {
    Bench b(shape), cut(shape);
    const auto ids = some_ids(100, shape.vocabulary);
    const auto expected = b.prompt(ids, 600);
    EXPECT_EQ(cut.prompt(ids, 13), expected);
    for (float x : expected) EXPECT_TRUE(std::isfinite(x));
  }
}

TEST(Decoder, ASlidingLayerDoesNotSeePastItsWindow) {
  TinyShape shape{.architecture = "gemma3", .layers = 1};
  shape.window = 16;
  Bench b(shape);
  auto ids = some_ids(80);
  const auto expected = b.prompt(ids, 600);
  ids[10] = 3;  // more than 16 tokens before the end: one sliding layer cannot see it
  EXPECT_EQ(b.prompt(ids, 600), expected);
  ids[70] = 3;
  EXPECT_NE(b.prompt(ids, 600), expected);
}

TEST(Weights, AWeightThatIsNoNumberIsNamed) {
  const auto bytes = tiny_model({}, 1, NAN);
  const auto file = gguf::File::parse(bytes);
  const auto spec = read_spec(file);
  os::Team team(1);
  try {
    const Weights weights(file, spec, team);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string_view(error.what()).find("blk.0.ffn_up.weight"), std::string_view::npos) << error.what();
  }
}

TEST(Weights, ATensorOfAnotherShapeIsNamed) {
  TinyShape shape;
  auto bytes = tiny_model(shape);
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto at = all.find("llama.feed_forward_length") + 25 + 4;
  bytes[at] = std::byte{64};
  const auto file = gguf::File::parse(bytes);
  const auto spec = read_spec(file);
  os::Team team(1);
  EXPECT_THROW(Weights(file, spec, team), Error);
}

TEST(Spec, AnUnknownArchitectureIsNamed) {
  const auto bytes = tiny_model({.architecture = "mamba"});
  const auto file = gguf::File::parse(bytes);
  try {
    read_spec(file);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), "general.architecture");
  }
}

TEST(Spec, HeadsThatCannotShareAreRefused) {
  const auto bytes = tiny_model({.heads = 4, .kv_heads = 3});
  const auto file = gguf::File::parse(bytes);
  EXPECT_THROW(read_spec(file), Error);
}

TEST(Decoder, HiddenStatesAreTheSameHoweverThePromptIsCutAndWhateverStandsBeside) {
  Bench b;
  const Ids ids{1, 2, 3, 4, 5, 6, 7, 8}, other{9, 9, 9};
  const auto list = Bench::pages(0, 1), elsewhere = Bench::pages(1, 1);
  std::vector<float> whole(b.spec.width), cut(b.spec.width);
  const model::Run all{ids, 0, list, false, 0};
  b.decoder.forward({&all, 1});
  b.decoder.hidden(0, 6, whole);
  const model::Run first{std::span(ids).first(5), 0, list, false, 0};
  b.decoder.forward({&first, 1});
  const model::Run two[] = {{std::span(other).first(1), 0, elsewhere, true, 1},
                            {std::span(ids).subspan(5), 5, list, false, 0}};
  b.decoder.forward(two);
  b.decoder.hidden(1, 1, cut);
  EXPECT_EQ(whole, cut);
  EXPECT_NE(whole, std::vector<float>(b.spec.width));
}

TEST(Rope, YarnKeepsFastWavesAndStretchesSlowOnes) {
  RopeSpec rope{.width = 64, .scaling = RopeSpec::Scaling::yarn, .factor = 4, .trained_context = 4096};
  RopeSpec plain{.width = 64};
  EXPECT_DOUBLE_EQ(rope.frequencies(8192).front(), plain.frequencies(8192).front());
  EXPECT_NEAR(rope.frequencies(8192).back() * 4, plain.frequencies(8192).back(), 1e-12);
}

TEST(Rope, LongRopeTakesItsOtherFactorsWhereSequencesMayPassTheTrainedContext) {
  const RopeSpec rope{
      .width = 4, .trained_context = 4096, .pair_factors = {1.0f, 2.0f}, .long_pair_factors = {4.0f, 8.0f}};
  EXPECT_DOUBLE_EQ(rope.frequencies(4096)[0], 1.0);
  EXPECT_DOUBLE_EQ(rope.frequencies(4096)[1], 0.01 / 2);
  EXPECT_DOUBLE_EQ(rope.frequencies(4097)[0], 0.25);
  EXPECT_DOUBLE_EQ(rope.frequencies(4097)[1], 0.01 / 8);
}

}  // namespace
}  // namespace cofre::model
