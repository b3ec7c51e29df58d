// The keys of each family, as llama.cpp's converter writes them. What a key cannot tell is refused.

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "gguf/writer.h"
#include "huggingface/families.h"

namespace cofre::huggingface {
namespace {

using Notes = std::vector<std::string>;
using Made = std::vector<MadeTensor>;

constexpr std::size_t any = 0xffffffff;

/// Keys of one architecture.
class Keys {
 public:
  Keys(const Config& config, gguf::Writer& writer, std::string_view architecture)
      : config_(config), writer_(writer), prefix_(std::string(architecture) + ".") {}
  void number(std::string_view key, std::size_t value) {
    writer_.add(prefix_ + std::string(key), static_cast<std::uint32_t>(value));
  }
  void real(std::string_view key, double value) { writer_.add(prefix_ + std::string(key), static_cast<float>(value)); }
  void text(std::string_view key, std::string_view value) { writer_.add(prefix_ + std::string(key), value); }
  void boolean(std::string_view key, bool value) { writer_.add(prefix_ + std::string(key), value); }
  const Config& config() const { return config_; }

 private:
  const Config& config_;
  gguf::Writer& writer_;
  std::string prefix_;
};

[[noreturn]] void refuse_config(std::string_view key, std::string_view why) {
  fail_field(Code::unsupported, std::string(key), "config.json: {}: {}", key, why);
}

void expect_activation(const Config& config, std::string_view key, std::initializer_list<std::string_view> known,
                       std::string_view otherwise) {
  const auto name = config.text(key, otherwise);
  if (std::find(known.begin(), known.end(), name) == known.end())
    refuse_config(key, "the activation " + name + " is not supported in this family");
}

std::size_t heads_of(const Config& config) { return config.number("num_attention_heads", 1, 1024); }

std::size_t head_width(const Config& config) {
  const auto width = config.number("hidden_size", 1, 1 << 17);
  return config.number("head_dim", 1, 4096, width / heads_of(config));
}

/// Llama 3's divisors of the frequency of each pair (Llama 3.1's rope_scaling).
std::vector<float> llama3_factors(const Config::Rope& rope, double base, std::size_t width) {
  const double factor = rope.positive("factor"), low = rope.positive("low_freq_factor", 1.0),
               high = rope.positive("high_freq_factor", 4.0),
               trained = rope.positive("original_max_position_embeddings", 8192.0);
  if (low >= high) refuse_config("rope_parameters.high_freq_factor", "it must be above low_freq_factor");
  std::vector<float> factors;
  for (std::size_t pair = 0; pair < width / 2; ++pair) {
    const double frequency = std::pow(base, -2.0 * static_cast<double>(pair) / static_cast<double>(width));
    const double turns = trained * frequency / (2 * std::numbers::pi);  // within the trained context
    const double smooth = std::clamp((turns - low) / (high - low), 0.0, 1.0);
    factors.push_back(static_cast<float>(1 / ((1 - smooth) / factor + smooth)));
  }
  return factors;
}

/// What YaRN multiplies cosines and sines by, as the makers' code finds it; GGUF has a factor to what the paper gives.
void write_yarn(Keys& keys, const Config::Rope& rope) {
  const double factor = rope.positive("factor");
  if (factor < 1) refuse_config("rope_parameters.factor", "it is below 1");
  if (!rope.boolean("truncate", true)) refuse_config("rope_parameters.truncate", "it is off");
  const auto stretch = [&](double by) { return 1 + 0.1 * by * std::log(factor); };  // arXiv:2309.00071 eq. 22
  keys.text("rope.scaling.type", "yarn");
  keys.real("rope.scaling.factor", factor);
  keys.number("rope.scaling.original_context_length",
              static_cast<std::size_t>(rope.positive("original_max_position_embeddings")));
  if (rope.has("beta_fast")) keys.real("rope.scaling.yarn_beta_fast", rope.positive("beta_fast"));
  if (rope.has("beta_slow")) keys.real("rope.scaling.yarn_beta_slow", rope.positive("beta_slow"));
  if (rope.has("attention_factor")) {
    keys.real("rope.scaling.attn_factor", rope.positive("attention_factor") / stretch(1));
  } else if (rope.has("mscale") && rope.has("mscale_all_dim")) {
    keys.real("rope.scaling.attn_factor",
              stretch(rope.positive("mscale")) / stretch(rope.positive("mscale_all_dim")) / stretch(1));
  }
}

Made write_rope(Keys& keys, double base_otherwise, Notes& notes) {
  const auto rope = keys.config().rope();
  const double base = rope.base.value_or(base_otherwise);
  keys.real("rope.freq_base", base);
  if (rope.kind == "linear") {
    keys.text("rope.scaling.type", "linear");
    keys.real("rope.scaling.factor", rope.positive("factor"));
  } else if (rope.kind == "yarn") {
    write_yarn(keys, rope);
  } else if (rope.kind == "dynamic") {
    // Its base grows with a sequence beyond the trained context, which is all that is served.
    if (rope.has("alpha")) refuse_config("rope_parameters.alpha", "it is not supported");
    notes.emplace_back("dynamic NTK scaling: within the context it changes nothing, and no more is served");
  } else if (rope.kind == "llama3") {
    return {{"rope_freqs.weight", llama3_factors(rope, base, head_width(keys.config()))}};
  } else if (rope.kind != "default") {
    refuse_config("rope_parameters.rope_type", "\"" + rope.kind + "\" is not supported in this family");
  }
  return {};
}

/// What all families share that write text.
void write_decoder(Keys& keys, std::size_t context) {
  const auto& config = keys.config();
  keys.number("block_count", config.number("num_hidden_layers", 1, 1024));
  keys.number("context_length", context);
  keys.number("embedding_length", config.number("hidden_size", 1, 1 << 17));
  keys.number("feed_forward_length", config.number("intermediate_size", 1, 1 << 20));
  keys.number("attention.head_count", heads_of(config));
  keys.number("attention.head_count_kv", config.number("num_key_value_heads", 1, 1024, heads_of(config)));
  keys.real("attention.layer_norm_rms_epsilon", config.positive("rms_norm_eps", 1e-6));
  if (config.find("head_dim") != nullptr) {
    keys.number("attention.key_length", head_width(config));
    keys.number("attention.value_length", head_width(config));
  }
}

std::size_t context_of(const Config& config) { return config.number("max_position_embeddings", 1, any); }

/// Families whose keys have no word for a window: none may be in use.
void refuse_windows(const Config& config) {
  if (config.boolean("use_sliding_window", false))
    refuse_config("use_sliding_window", "sliding windows are not supported in this family");
  const auto* layers = config.find("layer_types");
  if (layers == nullptr || !layers->is_array()) return;
  for (const auto& layer : layers->get_array())
    if (layer.is_string() && layer.get_string() != "full_attention")
      refuse_config("layer_types",
                    "layers of " + std::string(layer.get_string()) + " are not supported in this family");
}

Made write_qwen(std::string_view architecture, const Config& config, gguf::Writer& writer, Notes& notes) {
  Keys keys(config, writer, architecture);
  refuse_windows(config);
  expect_activation(config, "hidden_act", {"silu"}, "silu");
  write_decoder(keys, context_of(config));
  return write_rope(keys, 10000.0, notes);
}

/// Every sixth layer of Gemma 3 sees all, the others slide: no key tells another order.
void expect_gemma3_layers(const Config& config) {
  constexpr std::size_t period = 6;
  if (config.number("sliding_window_pattern", 0, 1024, period) != period)
    refuse_config("sliding_window_pattern", "it is not 6");
  const auto* layers = config.find("layer_types");
  if (layers == nullptr) return;
  if (!layers->is_array()) refuse_config("layer_types", "it is no list");
  for (std::size_t i = 0; i < layers->get_array().size(); ++i) {
    const auto& layer = layers->get_array()[i];
    const bool slides = layer.is_string() && layer.get_string() == "sliding_attention";
    if (slides == (i % period == period - 1)) refuse_config("layer_types", "it is not every sixth layer that sees all");
  }
}

Made write_encoder(const Config& config, gguf::Writer& writer, std::size_t positions) {
  Keys keys(config, writer, "bert");
  expect_activation(config, "hidden_act", {"gelu"}, "gelu");
  if (config.text("position_embedding_type", "absolute") != "absolute")
    refuse_config("position_embedding_type", "it is not absolute");
  keys.number("block_count", config.number("num_hidden_layers", 1, 1024));
  keys.number("context_length", positions);
  keys.number("embedding_length", config.number("hidden_size", 1, 1 << 17));
  keys.number("feed_forward_length", config.number("intermediate_size", 1, 1 << 20));
  keys.number("attention.head_count", heads_of(config));
  keys.real("attention.layer_norm_epsilon", config.positive("layer_norm_eps", 1e-12));
  keys.boolean("attention.causal", false);
  writer.add("tokenizer.ggml.token_type_count",
             static_cast<std::uint32_t>(config.number("type_vocab_size", 0, 1 << 16, 1)));
  return {};
}

}  // namespace

Made write_llama(const Config& config, gguf::Writer& writer, Notes& notes) {
  Keys keys(config, writer, "llama");
  expect_activation(config, "hidden_act", {"silu"}, "silu");
  auto context = context_of(config);
  const auto window = config.number("sliding_window", 1, any, any);
  if (window < context) {  // Mistral 7B v0.1: up to there a window changes nothing
    notes.push_back(fmt::format("the context is {} tokens, the model's sliding window (of {})", window, context));
    context = window;
  }
  write_decoder(keys, context);
  keys.number("vocab_size", config.number("vocab_size", 1, 1 << 24));
  keys.number("rope.dimension_count", head_width(config));
  return write_rope(keys, 10000.0, notes);
}

Made write_qwen2(const Config& config, gguf::Writer& writer, Notes& notes) {
  return write_qwen("qwen2", config, writer, notes);
}
Made write_qwen3(const Config& config, gguf::Writer& writer, Notes& notes) {
  return write_qwen("qwen3", config, writer, notes);
}

Made write_gemma3(const Config& config, gguf::Writer& writer, Notes& notes) {
  Keys keys(config, writer, "gemma3");
  expect_gemma3_layers(config);
  expect_activation(config, "hidden_activation", {"gelu_pytorch_tanh"}, "gelu_pytorch_tanh");
  if (config.find("attn_logit_softcapping") != nullptr) refuse_config("attn_logit_softcapping", "Gemma 3 has none");
  const auto layers = config.number("num_hidden_layers", 1, 1024), width = config.number("hidden_size", 1, 1 << 17);
  constexpr std::size_t layers_of_27b = 62;
  const auto scaled = layers == layers_of_27b ? width / heads_of(config) : head_width(config);
  if (config.number("query_pre_attn_scalar", 1, any, scaled) != scaled)
    refuse_config("query_pre_attn_scalar", fmt::format("it is not {}", scaled));
  write_decoder(keys, config.number("max_position_embeddings", 1, any, 131072));
  keys.number("attention.sliding_window", config.number("sliding_window", 1, any));
  if (config.find("final_logit_softcapping") != nullptr)
    keys.real("final_logit_softcapping", config.positive("final_logit_softcapping"));
  const auto local = config.rope("sliding_attention");
  const bool apart = config.find("rope_local_base_freq") == nullptr && config.find("rope_parameters") != nullptr;
  keys.real("rope.freq_base_swa",
            apart ? local.base.value_or(10000.0) : config.positive("rope_local_base_freq", 10000.0));
  return write_rope(keys, 1000000.0, notes);
}

Made write_glm4(const Config& config, gguf::Writer& writer, Notes& notes) {
  Keys keys(config, writer, "glm4");
  expect_activation(config, "hidden_act", {"silu"}, "silu");
  write_decoder(keys, context_of(config));
  const auto part = config.rope().positive("partial_rotary_factor", config.positive("partial_rotary_factor", 0.5));
  keys.number("rope.dimension_count", static_cast<std::size_t>(static_cast<double>(head_width(config)) * part));
  return write_rope(keys, 10000.0, notes);
}

Made write_phi3(const Config& config, gguf::Writer& writer, Notes& notes) {
  Keys keys(config, writer, "phi3");
  expect_activation(config, "hidden_act", {"silu"}, "silu");
  const auto context = context_of(config);
  const auto rope = config.rope();
  const auto part = rope.positive("partial_rotary_factor", config.positive("partial_rotary_factor", 1.0));
  const auto turned = static_cast<std::size_t>(static_cast<double>(head_width(config)) * part);
  const auto trained = config.number(
      "original_max_position_embeddings", 1, any,
      static_cast<std::size_t>(rope.positive("original_max_position_embeddings", static_cast<double>(context))));
  write_decoder(keys, context);
  keys.number("rope.dimension_count", turned);
  keys.number("rope.scaling.original_context_length", trained);
  keys.number("attention.sliding_window", config.number("sliding_window", 0, any, 0));
  if (rope.kind != "longrope") return write_rope(keys, 10000.0, notes);
  keys.real("rope.freq_base", rope.base.value_or(10000.0));
  const double factor = static_cast<double>(context) / static_cast<double>(trained);
  const double stretch = factor > 1 ? std::sqrt(1 + std::log(factor) / std::log(static_cast<double>(trained))) : 1.0;
  keys.real("rope.scaling.attn_factor", rope.positive("attention_factor", stretch));
  return {{"rope_factors_long.weight", rope.factors("long_factor", turned / 2)},
          {"rope_factors_short.weight", rope.factors("short_factor", turned / 2)}};
}

Made write_bert(const Config& config, gguf::Writer& writer, Notes&) {
  return write_encoder(config, writer, context_of(config));
}

Made write_xlm_roberta(const Config& config, gguf::Writer& writer, Notes&) {
  const auto skipped = config.number("pad_token_id", 0, 1024) + 1;
  return write_encoder(config, writer, config.number("max_position_embeddings", skipped + 1, any) - skipped);
}

}  // namespace cofre::huggingface
