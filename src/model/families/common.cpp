#include "model/families/common.h"

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "kernels/kernels.h"

namespace cofre::model {

Keys::Keys(const gguf::File& file)
    : file_(file), prefix_(std::string(file.string("general.architecture").value_or("")) + ".") {}

std::size_t Keys::number(const std::string& name, std::size_t low, std::size_t high) const {
  const auto key = full(name);
  const auto value = file_.unsigned_number(key);
  if (!value) fail_field(Code::invalid, key, "the model file has no {}", key);
  if (*value < low || *value > high)
    fail_field(Code::invalid, key, "{} is {}; it must be from {} to {}", key, *value, low, high);
  return *value;
}

std::size_t Keys::number(const std::string& name, std::size_t low, std::size_t high, std::size_t otherwise) const {
  return file_.find(full(name)) == nullptr ? otherwise : number(name, low, high);
}

double Keys::positive(const std::string& name) const {
  const auto key = full(name);
  const auto value = file_.real(key);
  if (!value) fail_field(Code::invalid, key, "the model file has no {}", key);
  if (!(*value > 0) || *value > 1e12)
    fail_field(Code::invalid, key, "{} is {}; it must be above 0 and at most 1e12", key, *value);
  return *value;
}

double Keys::positive(const std::string& name, double otherwise) const {
  return file_.find(full(name)) == nullptr ? otherwise : positive(name);
}

std::string Keys::text(const std::string& name, const std::string& otherwise) const {
  const auto value = file_.string(full(name));
  return value ? std::string(*value) : otherwise;
}

namespace {

/// A divisor for the frequency of each pair; empty where the file has no such tensor.
std::vector<float> pair_factors(const gguf::File& file, std::string_view name, std::size_t pairs) {
  const auto* tensor = file.find_tensor(name);
  if (tensor == nullptr) return {};
  if (tensor->type != gguf::Type::f32 || tensor->elements() != pairs)
    fail(Code::invalid, "tensor {} must hold {} F32 values", name, pairs);
  std::vector<float> factors(pairs);
  std::memcpy(factors.data(), tensor->bytes.data(), pairs * sizeof(float));
  for (float factor : factors)
    if (!std::isfinite(factor) || factor <= 0) fail(Code::invalid, "tensor {} holds {}", name, factor);
  return factors;
}

/// Factors of LongRoPE, two for each pair: up to the trained context, and beyond it.
void read_long_factors(const Keys& keys, RopeSpec& rope) {
  rope.pair_factors = pair_factors(keys.file(), "rope_factors_short.weight", rope.width / 2);
  rope.long_pair_factors = pair_factors(keys.file(), "rope_factors_long.weight", rope.width / 2);
  if (rope.pair_factors.empty() != rope.long_pair_factors.empty())
    fail(Code::invalid,
         "the model file has only one of the tensors rope_factors_short.weight, rope_factors_long.weight");
  if (rope.pair_factors.empty()) return;
  rope.trained_context = keys.positive("rope.scaling.original_context_length");
}

}  // namespace

RopeSpec read_rope(const Keys& keys, std::size_t width) {
  RopeSpec rope;
  rope.base = keys.positive("rope.freq_base", 10000.0);
  rope.width = keys.number("rope.dimension_count", 2, width, width);
  if (rope.width % 2 != 0)
    fail_field(Code::invalid, keys.full("rope.dimension_count"), "{} is odd", keys.full("rope.dimension_count"));
  const auto kind = keys.text("rope.scaling.type", "none");
  rope.factor = keys.positive("rope.scaling.factor", keys.positive("rope.scale_linear", 1.0));
  rope.attention_factor = keys.positive("rope.scaling.attn_factor", 1.0);
  if (kind == "linear" || (kind == "none" && keys.file().find(keys.full("rope.scale_linear")) != nullptr)) {
    rope.scaling = RopeSpec::Scaling::linear;
  } else if (kind == "yarn") {
    rope.scaling = RopeSpec::Scaling::yarn;
    rope.trained_context = keys.positive("rope.scaling.original_context_length");
    rope.beta_fast = keys.positive("rope.scaling.yarn_beta_fast", 32.0);
    rope.beta_slow = keys.positive("rope.scaling.yarn_beta_slow", 1.0);
  } else if (kind != "none" && kind != "longrope") {
    fail_field(Code::unsupported, keys.full("rope.scaling.type"), "rope scaling \"{}\" is not supported", kind);
  }
  rope.pair_factors = pair_factors(keys.file(), "rope_freqs.weight", rope.width / 2);
  if (rope.pair_factors.empty()) read_long_factors(keys, rope);
  if (kind == "longrope" && rope.long_pair_factors.empty())
    fail_field(Code::invalid, keys.full("rope.scaling.type"),
               "{} is longrope, but the model file has no tensor rope_factors_long.weight",
               keys.full("rope.scaling.type"));
  return rope;
}

ModelSpec read_widths(const Keys& keys) {
  ModelSpec spec;
  spec.layers = keys.number("block_count", 1, 1024);
  spec.width = keys.number("embedding_length", 1, 1 << 17);
  spec.heads = keys.number("attention.head_count", 1, 1024);
  spec.ffn_width = keys.number("feed_forward_length", 1, 1 << 20);
  spec.context = keys.number("context_length", 1, std::size_t{1} << 32);
  return spec;
}

void check_sharing(const Keys& keys, const ModelSpec& spec) {
  if (spec.heads / spec.kv_heads > kernels::attention_rows_max)
    fail_field(Code::unsupported, keys.full("attention.head_count"), "{} heads share a key head; {} can at most",
               spec.heads / spec.kv_heads, kernels::attention_rows_max);
}

ModelSpec read_sizes(const Keys& keys) {
  auto spec = read_widths(keys);
  spec.kv_heads = keys.number("attention.head_count_kv", 1, 1024, spec.heads);
  if (spec.heads % spec.kv_heads != 0)
    fail_field(Code::invalid, keys.full("attention.head_count_kv"), "{} heads cannot share {} key heads", spec.heads,
               spec.kv_heads);
  check_sharing(keys, spec);
  spec.head_width = keys.number("attention.key_length", 2, 1024, spec.width / spec.heads);
  if (spec.head_width < 2 || spec.head_width > 1024)
    fail_field(Code::invalid, keys.full("attention.head_count"), "heads would be {} wide", spec.head_width);
  if (keys.number("attention.value_length", 1, 1024, spec.head_width) != spec.head_width)
    fail_field(Code::unsupported, keys.full("attention.value_length"), "values as wide as keys only");
  spec.attention_scale = 1.0f / std::sqrt(static_cast<float>(spec.head_width));
  return spec;
}

ModelSpec read_common(const Keys& keys) {
  auto spec = read_sizes(keys);
  spec.norm_epsilon = static_cast<float>(keys.positive("attention.layer_norm_rms_epsilon"));
  spec.rope = read_rope(keys, spec.head_width);
  return spec;
}

ExpertSpec read_experts(const Keys& keys) {
  ExpertSpec experts;
  experts.count = keys.number("expert_count", 1, 1024);
  experts.used = keys.number("expert_used_count", 1, experts.count);
  experts.width = keys.number("expert_feed_forward_length", 1, 1 << 20);
  return experts;
}

float scale_of_split_width(const ModelSpec& spec) {
  return 1.0f / std::sqrt(static_cast<float>(spec.width / spec.heads));
}

}  // namespace cofre::model
