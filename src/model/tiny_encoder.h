#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gguf/writer.h"
#include "kernels/format.h"

namespace cofre::model {

/// Shape of a small random encoder: what tests of it and of what serves it run.
struct TinyEncoder {
  std::uint32_t layers = 2, width = 64, heads = 4, ffn = 96, vocabulary = 80, context = 192;
  std::uint32_t token_types = 2, pooling = 1, labels = 0;
  bool head = false;  ///< a dense layer before the labels
  bool q8 = false;    ///< matrices in Q8_0; else all is F32
};

/// [outputs, inputs] as Q8_0 blocks of 32: a half and 32 bytes.
inline std::vector<std::byte> q8_blocks(const std::vector<float>& values) {
  std::vector<std::byte> out;
  for (std::size_t at = 0; at < values.size(); at += 32) {
    float peak = 0;
    for (std::size_t i = 0; i < 32; ++i) peak = std::max(peak, std::fabs(values[at + i]));
    const auto scale = kernels::float_to_half(peak / 127);
    out.push_back(std::byte(scale & 255));
    out.push_back(std::byte(scale >> 8));
    for (std::size_t i = 0; i < 32; ++i)
      out.push_back(std::byte(static_cast<std::int8_t>(peak > 0 ? std::lrintf(values[at + i] / peak * 127) : 0)));
  }
  return out;
}

/// A whole GGUF file of random weights, the same for the same shape and seed. `kept` takes each tensor's values, `more`
/// adds further metadata.
inline std::vector<std::byte> tiny_encoder(const TinyEncoder& s, std::map<std::string, std::vector<float>>* kept = {},
                                           const std::function<void(gguf::Writer&)>& more = {}) {
  std::mt19937 random(7);
  gguf::Writer writer;
  writer.add("general.architecture", "bert");
  writer.add("bert.block_count", s.layers);
  writer.add("bert.context_length", s.context);
  writer.add("bert.embedding_length", s.width);
  writer.add("bert.feed_forward_length", s.ffn);
  writer.add("bert.attention.head_count", s.heads);
  writer.add("bert.attention.layer_norm_epsilon", 1e-12f);
  writer.add("bert.attention.causal", false);
  writer.add("bert.pooling_type", s.pooling);
  if (more) more(writer);
  const auto tensor = [&](const std::string& name, std::uint64_t inputs, std::uint64_t outputs, float mean,
                          float spread, bool quantised = false) {
    std::normal_distribution<float> normal(mean, spread);
    std::vector<float> values(inputs * outputs);
    for (auto& x : values) x = normal(random);
    if (kept != nullptr) (*kept)[name] = values;
    std::vector<std::byte> bytes(values.size() * 4);
    std::memcpy(bytes.data(), values.data(), bytes.size());
    if (quantised) bytes = q8_blocks(values);
    const std::uint64_t shape[] = {inputs, outputs};
    writer.add_tensor(name, quantised ? gguf::Type::q8_0 : gguf::Type::f32, std::span(shape).first(outputs > 1 ? 2 : 1),
                      bytes);
  };
  const auto linear = [&](const std::string& name, std::uint64_t inputs, std::uint64_t outputs) {
    tensor(name + ".weight", inputs, outputs, 0, 1.5f / std::sqrt(static_cast<float>(inputs)), s.q8);
    tensor(name + ".bias", outputs, 1, 0, 0.2f);
  };
  const auto norm = [&](const std::string& name) {
    tensor(name + ".weight", s.width, 1, 1, 0.2f);
    tensor(name + ".bias", s.width, 1, 0, 0.2f);
  };
  tensor("token_embd.weight", s.width, s.vocabulary, 0, 1);
  tensor("position_embd.weight", s.width, s.context, 0, 0.5f);
  if (s.token_types > 0) tensor("token_types.weight", s.width, s.token_types, 0, 0.5f);
  norm("token_embd_norm");
  for (std::uint32_t i = 0; i < s.layers; ++i) {
    const std::string p = "blk." + std::to_string(i) + ".";
    for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output"}) linear(p + name, s.width, s.width);
    norm(p + "attn_output_norm");
    linear(p + "ffn_up", s.width, s.ffn);
    linear(p + "ffn_down", s.ffn, s.width);
    norm(p + "layer_output_norm");
  }
  if (s.head) linear("cls", s.width, s.width);
  if (s.labels > 0) linear("cls.output", s.width, s.labels);
  return writer.finish();
}

}  // namespace cofre::model
