#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "gguf/gguf.h"
#include "kernels/kernels.h"
#include "model/spec.h"
#include "model/split.h"
#include "os/memory.h"
#include "os/team.h"

namespace cofre::model {

/// A linear layer: packed weights and, where the model has one, a bias [outputs].
struct Linear {
  kernels::Panels panels;              ///< its shape
  std::vector<kernels::Panels> views;  ///< of each group of threads: its share of the panels can be read there (Shares)
  std::vector<float> bias;
};

/// LayerNorm (arXiv:1607.06450): both [width].
struct Norm {
  std::vector<float> weight, bias;
};

/// The experts of a layer. `shared_gate` [width] says how much of the shared one's result is taken; empty: all of it.
struct Experts {
  Linear router;  ///< [count, width]
  std::vector<float>
      preference;  ///< [count]: added to a router's weights where experts are chosen, not where they are weighed
  std::vector<Linear> gate, up, down;  ///< [count]
  std::vector<float> shared_gate;
};

/// Latent attention of a layer. Of every head: `key` [rank, key_width], which takes its query to the latent, and
/// `value` [value_width, rank].
struct Latent {
  Linear query_down;               ///< [query_rank, width]; without outputs where queries are made at once
  std::vector<float> query_norm;   ///< [query_rank]
  std::vector<float> norm;         ///< [rank]
  std::vector<Linear> key, value;  ///< [heads]
};

/// What one transformer layer multiplies by. Empty vectors: the family has no such norm. Of a layer of experts, `gate`,
/// `up` and `down` are those of the shared one, without outputs where there is none.
struct Layer {
  std::vector<float> attention_norm;       ///< [width]
  std::vector<float> query_norm;           ///< [head_width]
  std::vector<float> key_norm;             ///< [head_width]
  std::vector<float> sinks;                ///< [heads]: the score of what is no token (arXiv:2309.17453)
  std::vector<float> attention_post_norm;  ///< [width]
  std::vector<float> ffn_norm;             ///< [width]
  std::vector<float> ffn_post_norm;        ///< [width]
  /// With latent attention `query` makes the heads' own parts and those that turn; `key` the latent and the turned key;
  /// there is no `value`.
  Linear query, key, value, output, gate, up, down;
  Latent latent;
  Experts experts;
  Norm attention_end, end;  ///< of an encoder: behind each half, on the residual stream

  bool is_sparse() const { return !experts.gate.empty(); }
  /// Inner width of its feed-forward network, of the shared one where it is of experts; 0: there is none.
  std::size_t inner_width() const { return gate.panels.outputs; }
};

/// What an encoder has outside its layers.
struct EncoderParts {
  std::vector<float> positions;  ///< [context, width]
  std::vector<float> types;      ///< [token_types, width]
  Norm embedding_norm;
  Linear head;    ///< [width, width]; without outputs where there is none
  Linear labels;  ///< [labels, width]; without outputs where the model makes vectors
};

/// A model's tensors, packed for the kernels while loading. Token embeddings stay in the file: a token reads one row.
class Weights {
 public:
  /// Checks every tensor's shape against the spec and packs them all with the team. `file` must outlive the weights.
  /// `progress`, if given, is called with a share from 0 to 1. Throws Error(invalid) naming the tensor at fault.
  Weights(const gguf::File& file, const ModelSpec& spec, os::Team& team,
          const std::function<void(double)>& progress = {});

  std::span<const Layer> layers() const { return layers_; }
  std::span<const float> final_norm() const { return final_norm_; }
  const Linear& output() const { return output_; }
  const EncoderParts& encoder() const { return encoder_; }

  /// Embedding row of a token, as floats: out [width]. Requires 0 ≤ token < vocabulary.
  void embed(std::size_t token, float* out) const;

  /// Bytes of packed weights in memory.
  std::size_t bytes() const { return memory_.bytes(); }
  /// Bytes that one generated token reads: all packed weights but those of experts it does not take, and no embedding
  /// rows except its own.
  std::size_t bytes_per_token() const { return bytes_per_token_; }
  /// Weights that one row is multiplied by in the linear layers of all layers (the output layer apart).
  std::size_t layer_parameters() const { return layer_parameters_; }
  std::size_t output_parameters() const { return output_.panels.outputs * output_.panels.inputs; }
  /// Weights of all tensors of the file.
  std::size_t parameters() const { return parameters_; }

 private:
  struct Job;
  /// Rows of a tensor "name.weight": some families keep several matrices one behind the other in one tensor.
  struct Part {
    std::string name;
    std::size_t first = 0;  ///< row of the tensor
    std::size_t of = 0;     ///< rows that the tensor has; 0: as many as are wanted
  };
  const gguf::Tensor& tensor(const std::string& name) const;
  std::vector<float> vector(const std::string& name, std::size_t size, bool optional) const;
  void plan(Linear& linear, const Part& part, std::size_t inputs, std::size_t outputs, std::vector<Job>& jobs);
  void plan_layer(Layer& layer, std::size_t index, std::vector<Job>& jobs);
  void plan_latent(Layer& layer, const std::string& prefix, std::vector<Job>& jobs);
  void plan_turned(Linear& linear, const Part& part, std::size_t inputs, std::size_t outputs, std::vector<Job>& jobs);
  void plan_network(Layer& layer, const std::string& prefix, std::vector<Job>& jobs);
  void plan_attention(Layer& layer, const std::string& prefix, std::vector<Job>& jobs);
  void plan_experts(Layer& layer, const std::string& prefix, std::vector<Job>& jobs);
  void plan_encoder(std::vector<Job>& jobs);
  Norm norm(const std::string& name) const;
  void lay_out(std::vector<Job>& jobs, const Shares& shares);
  void pack_all(std::vector<Job>& jobs, os::Team& team, const std::function<void(double)>& progress);
  void check_embedding(os::Team& team);

  const gguf::File& file_;
  ModelSpec spec_;
  std::vector<Layer> layers_;
  std::vector<float> final_norm_;
  Linear output_;
  EncoderParts encoder_;
  const gguf::Tensor* embedding_ = nullptr;
  kernels::Format embedding_format_{};
  os::Buffer memory_;
  std::size_t bytes_per_token_ = 0, layer_parameters_ = 0, parameters_ = 0;
};

}  // namespace cofre::model
