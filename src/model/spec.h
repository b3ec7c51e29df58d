#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::gguf {
class File;
}

namespace cofre::model {

/// How positions turn queries and keys (RoFormer, arXiv:2104.09864), with the ways to reach past the trained context:
/// linear (arXiv:2306.15595), NTK-aware (a larger base), YaRN (arXiv:2309.00071), Llama 3 (a factor for each pair),
/// LongRoPE (arXiv:2402.13753: one set of factors up to the trained context, another beyond it).
struct RopeSpec {
  enum class Scaling { none, linear, yarn };
  double base = 10000.0;
  std::size_t width = 0;     ///< leading values of a head that turn; even
  bool interleaved = false;  ///< pairs (2i, 2i+1) instead of (i, i + width/2)
  Scaling scaling = Scaling::none;
  double factor = 1.0;         ///< context is this many times the trained one
  double trained_context = 0;  ///< of YaRN and LongRoPE: before it was extended
  double beta_fast = 32.0, beta_slow = 1.0;
  double attention_factor = 1.0;
  std::vector<float> pair_factors{};       ///< divides each pair's frequency; empty = 1
  std::vector<float> long_pair_factors{};  ///< LongRoPE: instead, where sequences may pass trained_context

  /// Angle per position of each pair: [width / 2]. `context`: tokens of the longest sequence that will be served.
  std::vector<double> frequencies(std::size_t context) const;
  /// What cosines and sines are multiplied by (the temperature of YaRN and LongRoPE).
  double magnitude() const;
};

/// Of the gate, which then multiplies the up half. `clamped` is gpt-oss's: gate ≤ 7, −7 ≤ up ≤ 7,
/// gate · sigmoid(1.702 gate) · (up + 1).
enum class Activation { silu, gelu, clamped };

/// Multi-head latent attention (DeepSeek-V2, arXiv:2405.04434 §2.1). Keys and values of all heads are made of one
/// latent for each token; only that and one turned key, which all heads share, are kept. The matrices that make keys of
/// it are multiplied into queries instead, those that make values into what attention gives ("absorbed").
struct LatentSpec {
  std::size_t rank = 0;         ///< of the latent; 0: keys and values are made at once
  std::size_t query_rank = 0;   ///< of the latent that queries are made of; 0: they are made at once
  std::size_t key_width = 0;    ///< of the part of a head's key that does not turn; the turned one stands behind it
  std::size_t value_width = 0;  ///< of a head's value
};

/// What makes a router's logits a weight: softmax of all of them, or the sigmoid of each.
enum class Gating { softmax, sigmoid };

/// Mixture of experts (arXiv:1701.06538): a router sends each token through a few of many feed-forward networks.
struct ExpertSpec {
  std::size_t count = 0;  ///< of a layer; 0: the model has none
  std::size_t used = 0;   ///< by a token
  std::size_t width = 0;  ///< of an expert, as ffn_width
  /// Of the network that every token goes through beside its experts; 0: none.
  std::size_t shared_width = 0;
  std::size_t first_layer = 0;  ///< layers before it are dense
  /// Neighbouring experts form groups; only those of the `groups_used` best groups are taken, which are those with the
  /// largest sums of their two best (DeepSeek-V3, arXiv:2412.19437 §2.1.2).
  std::size_t groups = 1, groups_used = 1;
  Gating gating = Gating::softmax;
  bool normalised = false;  ///< the weights of a token's experts sum to 1
  float scale = 1.0f;       ///< multiplies them in the end
};

/// How an encoder makes one result of a text's rows: a vector (their mean, the first, the last), or labels of the
/// first.
enum class Pooling { mean, first, last, rank };

/// What an encoder has beyond the sizes that decoders have too.
struct EncoderSpec {
  Pooling pooling = Pooling::mean;
  std::size_t token_types = 0;  ///< vectors that tell the parts of a pair apart; 0: none
  std::size_t labels = 0;       ///< of Pooling::rank
  bool has_head = false;        ///< a dense layer with tanh stands before the labels
};

/// A model as data: what the Decoder, or the Encoder, needs to run any family.
struct ModelSpec {
  std::string family;
  std::size_t layers = 0;
  std::size_t width = 0;  ///< of the residual stream
  std::size_t heads = 0;
  std::size_t kv_heads = 0;    ///< divides heads (grouped-query attention)
  std::size_t head_width = 0;  ///< of queries and keys as they meet; with a latent: its rank + rope.width
  LatentSpec latent;
  std::size_t ffn_width = 0;  ///< 0: all layers are of experts
  std::size_t vocabulary = 0;
  std::size_t context = 0;  ///< tokens it was trained for
  float norm_epsilon = 1e-6f;
  float embedding_scale = 1.0f;
  float attention_scale = 0.0f;     ///< multiplies q·k
  float attention_soft_cap = 0.0f;  ///< 0 = none
  float logit_soft_cap = 0.0f;      ///< 0 = none
  Activation activation = Activation::silu;
  ExpertSpec experts;
  bool turn_before_norm = false;  ///< heads are turned before their norm, not after it
  RopeSpec rope;
  RopeSpec local_rope;                 ///< of sliding layers
  std::size_t window = 0;              ///< tokens a sliding layer sees, itself included; 0 = no layer slides
  std::vector<bool> sliding;           ///< [layers]
  std::optional<EncoderSpec> encoder;  ///< present: the Encoder runs it, not the Decoder

  /// Of what attention gives for a head.
  std::size_t mixed_width() const { return latent.rank > 0 ? latent.rank : head_width; }
  bool slides(std::size_t layer) const { return window > 0 && layer < sliding.size() && sliding[layer]; }
};

/// Reads a family's hyper-parameters. Throws Error(invalid) naming the key at fault.
using ReadSpec = ModelSpec (*)(const gguf::File& file);

/// One row of the table of families.
struct Family {
  std::string_view architecture;  ///< general.architecture
  ReadSpec read;
};

/// The row of the file's architecture. Throws Error(unsupported) naming it where there is none.
const Family& find_family(const gguf::File& file);
/// The file's model, its numbers checked against each other and against sane limits.
ModelSpec read_spec(const gguf::File& file);

}  // namespace cofre::model
