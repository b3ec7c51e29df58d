#include <algorithm>
#include <cmath>

#include "model/decoder.h"

// Layers of experts: which rows go through which, and what comes of it.

namespace cofre::model {

/// The products of the layer's experts, those with most rows first. Experts take the exact kernels, also for rows of
/// prompts: which of them meet in an expert depends on the batch, and an expert seldom gets enough rows for the prompt
/// kernel to pay for requantising its weights (docs/decisions/prompt-kernel.md has the figures).
void Decoder::order_experts(const Layer& layer, std::size_t first_row) {
  const auto& spec = spec_.experts;
  order_.sort(std::span(chosen_).subspan(first_row * spec.used, (rows_.size() - first_row) * spec.used), spec.count);
  for (auto& parts : expert_parts_) parts.clear();
  const auto plan = [&](std::vector<Part>& parts, const Linear& linear, const kernels::Rows& rows, float* y,
                        const ExpertRows& range) {
    const auto& w = linear.panels;
    const kernels::Output output{at(y, range.first, w.outputs), w.outputs, false};
    parts.push_back({&linear, rows.slice(range.first, range.count), output, true, exact_chunk(w.panels())});
  };
  for (const auto& range : order_.non_empty) {
    plan(expert_parts_[0], layer.experts.gate[range.expert], pair_rows_, pair_gate_, range);
    plan(expert_parts_[0], layer.experts.up[range.expert], pair_rows_, pair_up_, range);
    plan(expert_parts_[1], layer.experts.down[range.expert], pair_gate_rows_, pair_x_, range);
  }
}

/// From rows ready for products to pair_x_: what each of a row's experts makes of it.
void Decoder::take_experts(Member& member, const Layer& layer, std::size_t first_row) {
  const auto& spec = spec_.experts;
  const Linear& router = layer.experts.router;
  const Part route{&router,
                   normed_rows_.slice(first_row, rows_.size() - first_row),
                   {at(router_, first_row, spec.count), spec.count, false},
                   true,
                   exact_chunk(router.panels.panels())};
  multiply_parts(member, {&route, 1});
  each_row(member, first_row, rows_.size(), [&](std::size_t row) {
    add_bias(at(router_, row, spec.count), layer.experts.router);
    choose_experts(spec, {at(router_, row, spec.count), spec.count}, layer.experts.preference,
                   &chosen_[row * spec.used], at(taken_, row, spec.used));
  });
  if (member.index == 0) order_experts(layer, first_row);
  end_phase(member);
  const std::size_t pairs = (rows_.size() - first_row) * spec.used;
  const bool floats = kernels::is_float(layer.experts.gate[0].panels.format);
  each_row(member, 0, pairs, [&](std::size_t place) {
    const std::size_t row = first_row + order_.pair[place] / spec.used;
    kernels::copy_row(normed_rows_, row, pair_rows_, place);
    if (floats) std::copy_n(at(normed_, row, spec_.width), spec_.width, at(pair_x_, place, spec_.width));
  });
  multiply_parts(member, expert_parts_[0]);
  each_row(member, 0, pairs, [&](std::size_t place) {
    float* gate = at(pair_gate_, place, spec.width);
    float* up = at(pair_up_, place, spec.width);
    const std::size_t expert = expert_at(place, first_row);
    add_bias(gate, layer.experts.gate[expert]);
    add_bias(up, layer.experts.up[expert]);
    activate(gate, up, spec.width);
    kernels_.quantize(pair_gate_rows_, place, place + 1, false);
  });
  multiply_parts(member, expert_parts_[1]);
}

/// x += Σ weight · expert's result, in the order in which they were chosen; then the shared one's, from y.
void Decoder::add_experts(std::size_t row, const Layer& layer, std::size_t first_row) {
  const std::size_t used = spec_.experts.used, width = spec_.width;
  float* x = at(x_, row, width);
  for (std::size_t k = 0; k < used; ++k) {
    const std::size_t place = order_.place[(row - first_row) * used + k];
    float* result = at(pair_x_, place, width);
    add_bias(result, layer.experts.down[expert_at(place, first_row)]);
    kernels_.scale(result, at(taken_, row, used)[k], width);
    kernels_.add(x, result, width);
  }
  if (layer.inner_width() == 0) return;
  float* shared = at(y_, row, width);
  if (const auto& gate = layer.experts.shared_gate; !gate.empty()) {
    const float* normed = at(normed_, row, width);
    float sum = 0;
    for (std::size_t i = 0; i < width; ++i) sum += normed[i] * gate[i];
    kernels_.scale(shared, 1.0f / (1.0f + std::exp(-sum)), width);
  }
  kernels_.add(x, shared, width);
}

}  // namespace cofre::model
