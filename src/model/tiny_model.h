#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "gguf/writer.h"

namespace cofre::model {

/// Shape of a small random model: what tests of the decoder and the engine run.
struct TinyShape {
  std::string architecture = "llama";
  std::uint32_t layers = 2, width = 64, heads = 4, kv_heads = 2, head_width = 16, ffn = 96, vocabulary = 80,
                context = 4096;
  std::uint32_t window = 0;   ///< sliding window, gemma3
  std::uint32_t experts = 0;  ///< two of them taken by a token, each as wide as ffn; qwen3moe
  std::uint32_t latent = 0;   ///< rank of keys and values, deepseek2: its first layer is dense
  bool kv_together = false;   ///< what makes keys and values of a latent in one tensor: the same values
  bool one_tensor = false;    ///< queries, keys and values in one tensor, gate and up in another: the same values
};

/// A whole GGUF file of random F32 weights, the same for the same shape and seed. `more` adds further metadata.
inline std::vector<std::byte> tiny_model(const TinyShape& s, unsigned seed = 1, float poison = 0.0f,
                                         const std::function<void(gguf::Writer&)>& more = {}) {
  std::mt19937 random(seed);
  gguf::Writer writer;
  const auto key = [&](const char* name) { return s.architecture + "." + name; };
  writer.add("general.architecture", s.architecture);
  writer.add(key("block_count"), s.layers);
  writer.add(key("embedding_length"), s.width);
  writer.add(key("attention.head_count"), s.heads);
  writer.add(key("attention.head_count_kv"), s.kv_heads);
  writer.add(key("attention.key_length"), s.head_width);
  writer.add(key("attention.value_length"), s.head_width);
  writer.add(key("feed_forward_length"), s.ffn);
  writer.add(key("context_length"), s.context);
  writer.add(key("attention.layer_norm_rms_epsilon"), 1e-5f);
  if (s.experts > 0) {
    writer.add(key("expert_count"), s.experts);
    writer.add(key("expert_used_count"), std::uint32_t{2});
    writer.add(key("expert_feed_forward_length"), s.ffn);
  }
  constexpr std::uint32_t turned = 8, query_rank = 24;
  if (s.latent > 0) {
    writer.add(key("attention.kv_lora_rank"), s.latent);
    writer.add(key("attention.q_lora_rank"), query_rank);
    writer.add(key("attention.key_length_mla"), s.head_width + turned);
    writer.add(key("attention.value_length_mla"), s.head_width);
    writer.add(key("rope.dimension_count"), turned);
    writer.add(key("leading_dense_block_count"), std::uint32_t{1});
    writer.add(key("expert_shared_count"), std::uint32_t{1});
    writer.add(key("expert_group_count"), std::uint32_t{3});
    writer.add(key("expert_group_used_count"), std::uint32_t{2});
    writer.add(key("expert_gating_func"), std::uint32_t{2});
  }
  if (s.window > 0) writer.add(key("attention.sliding_window"), s.window);
  if (more) more(writer);
  const auto put = [&](const std::string& name, std::span<const std::uint64_t> shape,
                       const std::vector<float>& values) {
    std::vector<std::byte> bytes(values.size() * 4);
    std::memcpy(bytes.data(), values.data(), bytes.size());
    writer.add_tensor(name, gguf::Type::f32, shape, bytes);
  };
  const auto some = [&](std::uint64_t inputs, std::uint64_t count, bool norm) {
    std::normal_distribution<float> normal(0, 1.0f / std::sqrt(static_cast<float>(inputs)));
    std::vector<float> values(inputs * count);
    for (auto& x : values) x = norm ? 1.0f + 0.1f * normal(random) : normal(random);
    return values;
  };
  const auto tensor = [&](const std::string& name, std::uint64_t inputs, std::uint64_t outputs, bool norm = false,
                          std::uint64_t matrices = 1) {
    auto values = some(inputs, outputs * matrices, norm);
    if (poison != 0.0f && name == "blk.0.ffn_up.weight") values[5] = poison;
    const std::uint64_t shape[] = {inputs, outputs, matrices};
    put(name, std::span(shape).first(norm ? 1 : matrices > 1 ? 3 : 2), values);
  };
  // What makes keys and values of a latent, of each head keys first: together, or keys turned around and apart.
  const auto latent_heads = [&](const std::string& p) {
    const std::uint64_t rank = s.latent, each = s.head_width;
    const auto both = some(rank, s.heads * 2 * each, false);
    if (s.kv_together) return put(p + "attn_kv_b.weight", std::array{rank, s.heads * 2 * each}, both);
    std::vector<float> keys, values;
    for (std::uint64_t h = 0; h < s.heads; ++h) {
      const float* of_head = both.data() + h * 2 * each * rank;
      for (std::uint64_t r = 0; r < rank; ++r)
        for (std::uint64_t i = 0; i < each; ++i) keys.push_back(of_head[i * rank + r]);
      values.insert(values.end(), of_head + each * rank, of_head + 2 * each * rank);
    }
    put(p + "attn_k_b.weight", std::array{each, rank, std::uint64_t{s.heads}}, keys);
    put(p + "attn_v_b.weight", std::array{rank, each, std::uint64_t{s.heads}}, values);
  };
  tensor("token_embd.weight", s.width, s.vocabulary);
  tensor("output_norm.weight", s.width, 1, true);
  for (std::uint32_t i = 0; i < s.layers; ++i) {
    const std::string p = "blk." + std::to_string(i) + ".";
    tensor(p + "attn_norm.weight", s.width, 1, true);
    tensor(p + "ffn_norm.weight", s.width, 1, true);
    if (s.latent > 0) {
      tensor(p + "attn_q_a.weight", s.width, query_rank);
      tensor(p + "attn_q_a_norm.weight", query_rank, 1, true);
      tensor(p + "attn_q_b.weight", query_rank, s.heads * (s.head_width + turned));
      tensor(p + "attn_kv_a_mqa.weight", s.width, s.latent + turned);
      tensor(p + "attn_kv_a_norm.weight", s.latent, 1, true);
      latent_heads(p);
    } else if (s.one_tensor) {
      tensor(p + "attn_qkv.weight", s.width, (s.heads + 2 * s.kv_heads) * s.head_width);
    } else {
      tensor(p + "attn_q.weight", s.width, s.heads * s.head_width);
      tensor(p + "attn_k.weight", s.width, s.kv_heads * s.head_width);
      tensor(p + "attn_v.weight", s.width, s.kv_heads * s.head_width);
    }
    tensor(p + "attn_output.weight", s.heads * s.head_width, s.width);
    if (s.experts > 0 && (s.latent == 0 || i > 0)) {
      if (s.latent > 0) {
        tensor(p + "exp_probs_b.bias", s.experts, 1, true);
        tensor(p + "ffn_gate_shexp.weight", s.width, s.ffn);
        tensor(p + "ffn_up_shexp.weight", s.width, s.ffn);
        tensor(p + "ffn_down_shexp.weight", s.ffn, s.width);
      }
      tensor(p + "ffn_gate_inp.weight", s.width, s.experts);
      tensor(p + "ffn_gate_exps.weight", s.width, s.ffn, false, s.experts);
      tensor(p + "ffn_up_exps.weight", s.width, s.ffn, false, s.experts);
      tensor(p + "ffn_down_exps.weight", s.ffn, s.width, false, s.experts);
      continue;
    }
    if (!s.one_tensor) tensor(p + "ffn_gate.weight", s.width, s.ffn);
    tensor(p + "ffn_up.weight", s.width, s.one_tensor ? 2 * s.ffn : s.ffn);
    tensor(p + "ffn_down.weight", s.ffn, s.width);
  }
  return writer.finish();
}

}  // namespace cofre::model
