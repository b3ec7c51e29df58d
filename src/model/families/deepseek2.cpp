#include <cmath>

#include "base/error.h"
#include "model/families/common.h"

namespace cofre::model {
namespace {

LatentSpec read_latent(const Keys& keys, std::size_t rope_width) {
  LatentSpec latent;
  latent.rank = keys.number("attention.kv_lora_rank", 2, 1 << 14);
  latent.query_rank = keys.number("attention.q_lora_rank", 0, 1 << 16, 0);
  // Files with one tensor for both halves tell the widths of heads as they are, those with two tell what is cached.
  const bool absorbed = keys.file().find(keys.full("attention.key_length_mla")) != nullptr;
  const auto key = keys.number(absorbed ? "attention.key_length_mla" : "attention.key_length", rope_width + 1, 1 << 12);
  latent.key_width = key - rope_width;
  latent.value_width = keys.number(absorbed ? "attention.value_length_mla" : "attention.value_length", 1, 1 << 12);
  return latent;
}

/// What the model's own gating function is called in files: 1 softmax, 2 sigmoid.
Gating read_gating(const Keys& keys) {
  return keys.number("expert_gating_func", 1, 2, 1) == 1 ? Gating::softmax : Gating::sigmoid;
}

ExpertSpec read_routing(const Keys& keys, std::size_t layers) {
  auto experts = read_experts(keys);
  experts.first_layer = keys.number("leading_dense_block_count", 0, layers, 0);
  experts.shared_width = experts.width * keys.number("expert_shared_count", 0, 64);
  experts.groups = keys.number("expert_group_count", 1, experts.count, 1);
  experts.groups_used = keys.number("expert_group_used_count", 1, experts.groups, experts.groups);
  if (experts.count % experts.groups != 0 || experts.used > experts.count / experts.groups * experts.groups_used)
    fail_field(Code::invalid, keys.full("expert_group_count"), "{} of {} experts cannot be taken from {} of {} groups",
               experts.used, experts.count, experts.groups_used, experts.groups);
  experts.gating = read_gating(keys);
  experts.normalised = keys.file().boolean(keys.full("expert_weights_norm")).value_or(false);
  experts.scale = static_cast<float>(keys.positive("expert_weights_scale", 1.0));
  return experts;
}

}  // namespace

/// DeepSeek-V2, V3 and what shares their architecture (arXiv:2405.04434, arXiv:2412.19437): latent attention, dense
/// layers first, then experts taken by groups beside shared ones. YaRN's temperature multiplies scores, not the turned
/// parts alone. Layers at the end that predict further tokens are left.
ModelSpec read_deepseek2(const gguf::File& file) {
  const Keys keys(file);
  auto spec = read_widths(keys);
  spec.norm_epsilon = static_cast<float>(keys.positive("attention.layer_norm_rms_epsilon"));
  if (file.find(keys.full("attention.temperature_scale")) != nullptr)
    fail_field(Code::unsupported, keys.full("attention.temperature_scale"),
               "scores that positions scale are not supported");
  spec.layers -= keys.number("nextn_predict_layers", 0, spec.layers - 1, 0);
  const auto rope_width = keys.number("rope.dimension_count", 2, 1024);
  spec.latent = read_latent(keys, rope_width);
  spec.rope = read_rope(keys, rope_width);
  spec.rope.interleaved = true;
  spec.kv_heads = 1;
  check_sharing(keys, spec);
  spec.head_width = spec.latent.rank + rope_width;
  double temperature = 1.0;
  if (spec.rope.scaling == RopeSpec::Scaling::yarn &&
      file.find(keys.full("rope.scaling.yarn_log_multiplier")) != nullptr) {
    const double stretch = std::log(spec.rope.factor);
    temperature = spec.rope.attention_factor * (1.0 + keys.positive("rope.scaling.yarn_log_multiplier") * stretch);
    spec.rope.attention_factor /= 1.0 + 0.1 * stretch;
  }
  const double key_width = static_cast<double>(spec.latent.key_width + rope_width);
  spec.attention_scale = static_cast<float>(temperature * temperature / std::sqrt(key_width));
  spec.experts = read_routing(keys, spec.layers);
  return spec;
}

}  // namespace cofre::model
