#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernels.h"
#include "model/experts.h"
#include "model/kv.h"
#include "model/phases.h"
#include "model/spec.h"

namespace cofre::model {

/// Neighbouring tokens of one sequence that take one forward pass together.
struct Run {
  std::span<const std::int32_t> tokens;  ///< rows; each within the vocabulary
  std::size_t position = 0;              ///< of the first one
  std::span<const std::uint32_t> pages;  ///< KV pages of positions 0 … position + tokens.size() − 1, 64 tokens each
  /// Generated rows take the exact kernels, prompt rows the prompt kernels but for the first exact_positions of them.
  bool generated = false;
  std::size_t logits = 0;  ///< how many rows at the end of the run want logits
};

/// Layers [first, last) of a model.
struct Layers {
  std::size_t first = 0, last = SIZE_MAX;
};

/// The first positions of every sequence take the exact kernels, also where they are a prompt's. All that follows looks
/// at them (attention sinks, arXiv:2309.17453), so what is inexact there is inexact everywhere; and a pass of so few
/// rows is no slower. docs/decisions/prompt-kernel.md has the figures.
inline constexpr std::size_t exact_positions = 16;

/// One forward pass of any ModelSpec: token ids in, logits out, keys and values written to the pages.
///
/// A layer is a fixed program of phases with a barrier after each; every member of the team runs it. A row's numbers
/// are bit-equal whatever other rows are in the batch, however a prompt was cut into runs, and for any number of
/// threads (engine.md §4).
class Decoder : private Phases {
 public:
  struct Options {
    std::size_t rows = 512;   ///< most rows of one pass
    std::size_t logits = 32;  ///< most rows of one pass that want logits
    std::size_t context = 0;  ///< tokens of the longest sequence that will be served; 0: as the model was trained
  };

  /// All references must outlive the decoder.
  Decoder(const ModelSpec& spec, const Weights& weights, const KvMemory& kv, const kernels::Kernels& kernels,
          os::Team& team, const Options& options);

  /// Runs must not write to each other's pages. Rows in all ≤ options.rows, logits in all ≤ options.logits.
  ///
  /// `prompt_layers`: those that prompt rows go through in this pass; generated rows go through all. So the work of a
  /// long prompt can be spread over passes between which others get their tokens. Of a prompt that has layers behind it
  /// or before it: its runs stand before all generated ones, come again in the passes that follow, the same and in the
  /// same order, until the last layer is done, and want logits in that last pass only. Their numbers are what one pass
  /// gives.
  void forward(std::span<const Run> runs, Layers prompt_layers = {});

  /// Logits of the last pass: row i of all rows that wanted them, in the order of the runs. [vocabulary]
  std::span<float> logits(std::size_t row) const;

  /// The last hidden state of a row of the last pass, behind the model's final norm. `run` and `row` count within what
  /// forward() was given. [width]
  void hidden(std::size_t run, std::size_t row, std::span<float> out) const;

  const Options& options() const { return options_; }
  /// Bytes of activations and scratch.
  std::size_t bytes() const { return memory_.bytes(); }

 private:
  struct Row {
    std::size_t position;
    std::size_t run;
    std::int32_t token;
  };
  /// Where the rows of a run lie in a pass: its first `exact` ones behind those that take the prompt kernels.
  struct Place {
    std::size_t rows, exact, first_exact, first_prompt;
    std::size_t operator()(std::size_t row) const {
      return row < exact ? first_exact + row : first_prompt + row - exact;
    }
  };
  static constexpr std::size_t query_block = 64;  ///< prompt tokens of one attention call
  /// One attention call for query heads that share a KV head: a block of prompt tokens, or a split of one generated
  /// row's pages.
  struct Unit {
    bool generated;
    std::size_t row, count;   ///< rows [row, row + count)
    std::size_t head, heads;  ///< query heads [head, head + heads)
    std::size_t first_page, last_page;
    std::size_t partial;  ///< where a generated unit's results go
  };
  /// One product of a phase, of all rows.
  struct Product {
    const Linear* linear;
    kernels::Rows input;
    kernels::Output out;
  };
  /// What a member makes of the phase at hand; all make the same.
  struct Plan {
    std::vector<Product> products;
    std::vector<Part> parts;
  };

  void lay_out(std::span<const Run> runs);
  /// Makes a row's values ready for a product.
  void quantize(const kernels::Rows& rows, std::size_t row) const {
    kernels_.quantize(rows, row, row + 1, row < prompt_rows_);
  }
  void plan_attention();
  void plan_prompts();
  void pass(Member& member);
  void layer(Member& member, std::size_t index);
  /// The first row that takes part in a layer: prompt rows may rest.
  std::size_t first_row(std::size_t layer) const {
    return layer >= prompt_layers_.first && layer < prompt_layers_.last ? 0 : held_rows_;
  }

  void embed_row(std::size_t row);
  void norm_row(std::size_t row, const std::vector<float>* after, const std::vector<float>& before);
  Product product(const Linear& linear, const kernels::Rows& input, float* y, bool accumulate = false) const {
    return {&linear, input, {y, linear.panels.outputs, accumulate}};
  }
  void multiply(Member& member, std::size_t first_row, std::initializer_list<Product> products);
  void multiply_products(Member& member, std::size_t first_row);
  void feed_forward(Member& member, const Layer& layer, std::size_t first_row, float* y, bool accumulate);
  void make_queries(Member& member, std::size_t layer, std::size_t first_row);
  void make_latent_queries(Member& member, std::size_t layer, std::size_t first_row);
  void mix_values(Member& member, const Layer& layer, std::size_t first_row);
  kernels::RopeTable rope_table(std::size_t row, std::size_t layer) const;
  std::byte* kv_page(std::size_t row, std::size_t layer, std::size_t kv_head) const {
    return kv_.page(runs_[rows_[row].run].pages[rows_[row].position / kernels::page_tokens], layer, kv_head);
  }
  void turn_and_store(std::size_t row, std::size_t layer);
  void turn_latent(std::size_t row, std::size_t layer);
  kernels::Rows head_rows(const kernels::Rows& all, std::size_t head, float* values, std::size_t width) const;
  void attend(Member& member, std::size_t layer);
  void attend_prompt(const Unit& unit, unsigned member, std::size_t layer);
  void attend_generated(const Unit& unit, unsigned member, std::size_t layer);
  void merge_row(std::size_t row, const Layer& layer);
  void activate(float* gate, float* up, std::size_t width) const;
  /// Which expert of which layer a place belongs to.
  std::size_t expert_at(std::size_t place, std::size_t first_row) const {
    return chosen_[first_row * spec_.experts.used + order_.pair[place]];
  }
  void order_experts(const Layer& layer, std::size_t first_row);
  void take_experts(Member& member, const Layer& layer, std::size_t first_row);
  void add_experts(std::size_t row, const Layer& layer, std::size_t first_row);
  void make_logits(Member& member);

  std::size_t first_visible(std::size_t position, std::size_t layer) const;

  const ModelSpec& spec_;
  const Weights& weights_;
  const KvMemory& kv_;
  Options options_;
  std::size_t query_width_, kv_width_, mixed_width_, padded_head_;
  std::vector<double> frequencies_, local_frequencies_;

  os::Buffer memory_;
  float *x_, *y_, *normed_, *query_, *key_, *value_, *mixed_, *gate_, *up_, *final_, *logits_;
  // Of layers of experts: the router's logits [rows, count] and the weights of those taken [rows, used]; pairs of row
  // and expert in the order of the experts, [pairs, width] before and behind them, [pairs, expert width] within.
  float *router_, *taken_, *pair_x_, *pair_gate_, *pair_up_;
  // Of latent attention: queries' own latent [rows, query_rank]; each head's query before it meets the latent, the
  // turned part behind it; each head's value [rows, heads, value_width].
  float *query_down_, *head_query_, *head_value_;
  float *cosines_, *sines_, *local_cosines_, *local_sines_;
  kernels::Rows normed_rows_, mixed_rows_, gate_rows_, final_rows_, pair_rows_, pair_gate_rows_;
  kernels::Rows query_down_rows_, head_query_rows_, head_mixed_rows_;  ///< the last two [heads, rows]
  std::size_t attention_scratch_ = 0;
  os::Buffer partial_memory_;
  std::vector<float> partial_peak_, partial_weight_;

  std::span<const Run> runs_;
  std::vector<Row> rows_;
  // Rows of prompts that take the prompt kernels, then those that take the exact ones, then generated rows.
  std::size_t prompt_rows_ = 0;
  std::size_t held_rows_ = 0;  ///< rows of prompts
  Layers prompt_layers_;
  std::vector<Plan> plans_;  ///< of each member
  std::vector<Unit> units_;
  std::vector<std::size_t> first_partial_;  ///< of each generated row, and one past the last
  std::vector<Place> places_;               ///< of each run
  std::vector<std::size_t> logit_rows_;
  std::vector<std::uint32_t> chosen_;  ///< experts of each row of the layer that runs, [rows, used]
  ExpertOrder order_;
  std::vector<Part> expert_parts_[2];  ///< into the experts, and out of them
};

}  // namespace cofre::model
