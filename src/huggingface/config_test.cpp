// config.json and the tables of families.

#include "huggingface/config.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "gguf/gguf.h"
#include "gguf/writer.h"
#include "huggingface/families.h"
#include "huggingface/tensors.h"

namespace cofre::huggingface {
namespace {

Config config(const char* text) { return Config(json::parse(text)); }

TEST(ConfigJson, ATextPartGoesFirstButTheClassIsTheWholeModels) {
  const auto both = config(R"({"architectures": ["Outer"], "hidden_size": 1,
    "text_config": {"architectures": ["Inner"], "hidden_size": 2}, "vocab_size": 3})");
  EXPECT_EQ(both.model_class(), "Outer");
  EXPECT_EQ(both.number("hidden_size", 0, 9), 2u);
  EXPECT_EQ(both.number("vocab_size", 0, 9), 3u);
}

TEST(ConfigJson, NullIsAbsentAndNumbersHaveRanges) {
  const auto some = config(R"({"a": null, "b": -1, "c": 1.5, "d": "x", "e": 1e300, "f": 10})");
  EXPECT_EQ(some.number("a", 0, 9, 7), 7u);
  for (const char* key : {"b", "c", "d", "e", "f", "absent"}) EXPECT_THROW(some.number(key, 0, 9), Error) << key;
  for (const char* key : {"b", "d", "e", "absent"}) EXPECT_THROW(some.positive(key), Error) << key;
  EXPECT_THROW(some.boolean("b", true), Error);
  EXPECT_THROW(some.text("b", ""), Error);
}

TEST(ConfigJson, RopeIsFoundInEveryPlaceItWasPut) {
  EXPECT_EQ(config(R"({"rope_theta": 5})").rope().base, 5.0);
  EXPECT_EQ(config(R"({"rope_theta": 5, "rope_parameters": {"rope_theta": 6}})").rope().base, 6.0);
  const auto nested = config(R"({"rope_parameters": {"full_attention": {"rope_type": "linear", "rope_theta": 7},
    "sliding_attention": {"rope_theta": 8}}})");
  EXPECT_EQ(nested.rope().kind, "linear");
  EXPECT_EQ(nested.rope("sliding_attention").base, 8.0);
  EXPECT_EQ(config(R"({"rope_scaling": {"type": "su"}})").rope().kind, "longrope");
  EXPECT_EQ(config("{}").rope().kind, "default");
}

/// What rope keys a Qwen 2 gets.
std::vector<std::byte> keys_of(const std::string& rope, std::vector<std::string>& notes) {
  const auto all = config((R"({"architectures": ["Qwen2ForCausalLM"], "num_hidden_layers": 1, "hidden_size": 8,
    "intermediate_size": 8, "num_attention_heads": 1, "max_position_embeddings": 128, "rope_scaling": )" +
                           rope + "}")
                              .c_str());
  gguf::Writer writer;
  writer.add("general.architecture", "qwen2");
  family_of(all).write_keys(all, writer, notes);
  return writer.finish();
}

TEST(Rope, YarnsFactorIsToldAsOneToThePapers) {
  std::vector<std::string> notes;
  const auto factor = [&](const char* more) {
    const auto bytes = keys_of(std::string(R"({"rope_type": "yarn", "factor": 4,
      "original_max_position_embeddings": 32)") +
                                   more + "}",
                               notes);
    return gguf::File::parse(bytes).real("qwen2.rope.scaling.attn_factor");
  };
  const double stretch = 1 + 0.1 * std::log(4.0);
  EXPECT_FALSE(factor(""));
  EXPECT_FALSE(factor(R"(, "mscale": 2)"));  // the makers' code wants both
  EXPECT_NEAR(*factor(R"(, "attention_factor": 1.5)"), 1.5 / stretch, 1e-6);
  EXPECT_NEAR(*factor(R"(, "mscale": 2, "mscale_all_dim": 0.5)"),
              (1 + 0.2 * std::log(4.0)) / (1 + 0.05 * std::log(4.0)) / stretch, 1e-6);
  EXPECT_THROW(factor(R"(, "truncate": false)"), Error);
  EXPECT_THROW(factor(R"(, "truncate": 0)"), Error);
  EXPECT_THROW(factor(R"(, "attention_factor": -1)"), Error);
  EXPECT_TRUE(notes.empty());
}

TEST(Rope, DynamicNtkIsPlainWithinTheTrainedContext) {
  std::vector<std::string> notes;
  const auto bytes = keys_of(R"({"rope_type": "dynamic", "factor": 4})", notes);
  const auto file = gguf::File::parse(bytes);
  EXPECT_FALSE(file.string("qwen2.rope.scaling.type"));
  EXPECT_EQ(file.unsigned_number("qwen2.context_length"), 128u);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("dynamic"), std::string::npos);
  EXPECT_THROW(keys_of(R"({"rope_type": "dynamic", "alpha": 1000})", notes), Error);
}

TEST(Names, TensorsAreCalledAsInGguf) {
  const auto& gemma = family_of(config(R"({"architectures": ["Gemma3ForConditionalGeneration"]})"));
  EXPECT_EQ(name_of(gemma, "language_model.model.layers.12.pre_feedforward_layernorm.weight").name,
            "blk.12.ffn_norm.weight");
  EXPECT_EQ(name_of(gemma, "model.language_model.norm.weight").name, "output_norm.weight");
  EXPECT_EQ(name_of(gemma, "language_model.model.norm.weight").change, Change::add_one);
  EXPECT_EQ(name_of(gemma, "vision_tower.x.y.weight").change, Change::drop);
  EXPECT_EQ(name_of(gemma, "model.vision_tower.x.y.weight").change, Change::drop);
  const auto& bert = family_of(config(R"({"architectures": ["BertModel"]})"));
  EXPECT_EQ(name_of(bert, "bert.encoder.layer.0.attention.output.LayerNorm.gamma").name,
            "blk.0.attn_output_norm.weight");
  EXPECT_EQ(name_of(bert, "embeddings.position_ids").change, Change::drop);
  for (const char* name : {"model.layers.0.mlp.gate", "model.layers.x.mlp.down_proj.weight", "model.layers.0", "x", ""})
    EXPECT_THROW(name_of(gemma, name), Error) << name;
}

TEST(Names, AClassThatNobodyKnowsIsNamed) {
  EXPECT_THROW(family_of(config(R"({"architectures": ["X"]})")), Error);
  EXPECT_THROW(family_of(config(R"({"architectures": []})")), Error);
  EXPECT_THROW(family_of(config("{}")), Error);
}

// Rows of a head [0 1 2 3 | 4 5 6 7] become 0 4 1 5 2 6 3 7.
TEST(Tensors, PairsOfAHeadBecomeNeighbours) {
  std::vector<float> values(16);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  safetensors::Tensor source;
  source.type = safetensors::Type::f32;
  source.bytes = std::as_bytes(std::span(values));
  Tensor tensor;
  tensor.source = &source;
  tensor.change = Change::interleave_queries;
  tensor.rows = 16;
  tensor.width = 1;
  tensor.heads = 2;
  std::vector<std::byte> out;
  write_tensor(tensor, [&](std::span<const std::byte> bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
  const auto* at = reinterpret_cast<const float*>(out.data());
  EXPECT_EQ(std::vector<float>(at, at + 16),
            (std::vector<float>{0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15}));
}

}  // namespace
}  // namespace cofre::huggingface
