#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernels.h"
#include "model/kv.h"
#include "model/phases.h"
#include "model/spec.h"

namespace cofre::model {

/// A text for an Encoder: token ids with what the model puts around them; those from `second` on are the second part
/// of a pair.
struct Passage {
  std::span<const std::int32_t> tokens;  ///< 1 … context, each within the vocabulary
  std::size_t second = SIZE_MAX;
};

/// One pass of an encoder: texts in, a vector or labels of each out. Nothing is kept between passes.
///
/// Texts of different lengths stand row behind row, without padding; each row sees all rows of its own text. All rows
/// take the prompt kernels, so a text's numbers are bit-equal whatever other texts are in the pass and for any number
/// of threads.
class Encoder : private Phases {
 public:
  struct Options {
    std::size_t rows = 0;    ///< most rows of one pass; at least the context, which 0 stands for
    std::size_t texts = 64;  ///< most texts of one pass
  };

  /// All references must outlive the encoder. Requires spec.encoder.
  Encoder(const ModelSpec& spec, const Weights& weights, const kernels::Kernels& kernels, os::Team& team,
          const Options& options);

  /// Rows in all ≤ options().rows, texts ≤ options().texts.
  void forward(std::span<const Passage> texts);

  /// Of a text of the last pass: a vector of length 1 [width], or the labels' logits [labels].
  std::span<const float> result(std::size_t text) const;
  /// Numbers of a result.
  std::size_t outputs() const { return outputs_; }
  const Options& options() const { return options_; }
  /// Bytes of activations and of one layer's keys and values.
  std::size_t bytes() const;

 private:
  struct Row {
    std::size_t position, text;
    std::int32_t token;
    bool second;
  };
  struct Place {
    std::size_t first, count;  ///< rows
    std::uint32_t page;        ///< the first of its keys' and values' pages
  };
  /// One attention call: rows of a text against all of it, for one head.
  struct Unit {
    std::size_t text, row, count, head;
  };
  /// One product of a phase.
  struct Product {
    const Linear* linear;
    const kernels::Rows* input;
    float* y;
  };

  void lay_out(std::span<const Passage> texts);
  void pass(Member& member);
  void layer(Member& member, std::size_t index);
  void multiply(Member& member, std::size_t rows, bool exact, std::initializer_list<Product> products);
  void embed_row(std::size_t row);
  void store_row(std::size_t row, const Layer& layer);
  void attend(Member& member);
  void attend_unit(const Unit& unit, unsigned member);
  void end_half(std::size_t row, const Linear& last, const Norm& norm, bool quants);
  void pool(std::size_t text);
  void rank(Member& member);

  const ModelSpec& spec_;
  const Weights& weights_;
  Options options_;
  std::size_t outputs_, padded_head_;
  KvMemory kv_;  ///< of the layer at work

  os::Buffer memory_;
  float *x_, *y_, *query_, *key_, *value_, *mixed_, *up_;
  float *pooled_, *headed_, *labels_;  ///< of each text
  kernels::Rows x_rows_, mixed_rows_, up_rows_, pooled_rows_, headed_rows_;
  std::size_t attention_scratch_ = 0;
  std::vector<Row> rows_;
  std::vector<Place> places_;  ///< of each text
  std::vector<Unit> units_;
};

}  // namespace cofre::model
