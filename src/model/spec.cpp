#include "model/spec.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "gguf/gguf.h"
#include "model/families/common.h"

namespace cofre::model {
namespace {

constexpr Family families[] = {
    {"llama", read_llama},       {"qwen2", read_qwen2},         {"qwen3", read_qwen3},
    {"qwen2moe", read_qwen2moe}, {"qwen3moe", read_qwen3moe},   {"gpt-oss", read_gpt_oss},
    {"gemma3", read_gemma3},     {"gemma2", read_gemma2},       {"phi3", read_phi3},
    {"glm4", read_glm4},         {"ernie4_5", read_ernie4_5},   {"hunyuan-dense", read_hunyuan_dense},
    {"bert", read_bert},         {"deepseek2", read_deepseek2},
};

/// The pair whose wave turns `turns` times within the trained context (YaRN, eq. 17 solved for the pair).
double yarn_pair(const RopeSpec& rope, double turns) {
  return static_cast<double>(rope.width) * std::log(rope.trained_context / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(rope.base));
}

}  // namespace

std::vector<double> RopeSpec::frequencies(std::size_t context) const {
  std::vector<double> out(width / 2);
  const bool is_long = !long_pair_factors.empty() && static_cast<double>(context) > trained_context;
  const auto& factors = is_long ? long_pair_factors : pair_factors;
  const double low = std::floor(yarn_pair(*this, beta_fast)), high = std::ceil(yarn_pair(*this, beta_slow));
  const double first = std::max(0.0, low), last = std::min(static_cast<double>(width) - 1, high);
  for (std::size_t pair = 0; pair < out.size(); ++pair) {
    double frequency = std::pow(base, -2.0 * static_cast<double>(pair) / static_cast<double>(width));
    if (!factors.empty()) frequency /= factors[pair];
    if (scaling == Scaling::linear) frequency /= factor;
    if (scaling == Scaling::yarn) {  // fast waves keep their frequency, slow ones are interpolated
      const double ramp = (static_cast<double>(pair) - first) / std::max(0.001, last - first);
      const double keep = 1 - std::clamp(ramp, 0.0, 1.0);
      frequency = frequency / factor * (1 - keep) + frequency * keep;
    }
    out[pair] = frequency;
  }
  return out;
}

double RopeSpec::magnitude() const {
  return scaling == Scaling::yarn ? attention_factor * (1.0 + 0.1 * std::log(factor)) : attention_factor;
}

const Family& find_family(const gguf::File& file) {
  const auto architecture = file.string("general.architecture");
  if (!architecture) fail_field(Code::invalid, "general.architecture", "the model file has no general.architecture");
  for (const auto& family : families)
    if (family.architecture == *architecture) return family;
  std::string known;
  for (const auto& family : families) known += (known.empty() ? "" : ", ") + std::string(family.architecture);
  fail_field(Code::unsupported, "general.architecture",
             "models of architecture \"{}\" are not supported; these are: {}", *architecture, known);
}

ModelSpec read_spec(const gguf::File& file) {
  const auto& family = find_family(file);
  ModelSpec spec = family.read(file);
  spec.family = family.architecture;
  const auto* embedding = file.find_tensor("token_embd.weight");
  if (embedding == nullptr) fail(Code::invalid, "the model file has no tensor token_embd.weight");
  spec.vocabulary = embedding->shape[1];
  if (spec.vocabulary == 0 || spec.vocabulary > (1u << 24))
    fail(Code::invalid, "tensor token_embd.weight has {} rows", spec.vocabulary);
  return spec;
}

}  // namespace cofre::model
