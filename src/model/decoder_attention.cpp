#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "model/decoder.h"

// Attention of a pass: how it is cut into units, and what each does.

namespace cofre::model {
namespace {

constexpr std::size_t split_pages = 8;  ///< pages of one attention call of a generated row

/// Σ exp(s − peak) of the keys and the head's sink.
float with_sink(float weight, float peak, const std::vector<float>& sinks, std::size_t head) {
  return sinks.empty() ? weight : weight + std::exp(sinks[head] - peak);
}

}  // namespace

std::size_t Decoder::first_visible(std::size_t position, std::size_t layer) const {
  return spec_.slides(layer) && position + 1 > spec_.window ? position + 1 - spec_.window : 0;
}

/// Blocks of 64 tokens of a run. A kernel may prepare a page once for all rows of a call, so a unit takes as many heads
/// of a KV head as leave every thread some units.
void Decoder::plan_prompts() {
  std::vector<std::pair<std::size_t, std::size_t>> blocks;
  for (std::size_t row = 0; row < prompt_rows_;) {
    std::size_t end = row + 1;
    while (end < prompt_rows_ && rows_[end].run == rows_[row].run && end - row < query_block) ++end;
    blocks.emplace_back(row, end);
    row = end;
  }
  const std::size_t group = spec_.heads / spec_.kv_heads;
  std::size_t heads = std::min(group, kernels::attention_rows_max / query_block);
  while (heads > 1 && blocks.size() * spec_.kv_heads * ((group + heads - 1) / heads) < 4 * team_.size()) --heads;
  for (const auto& [row, end] : blocks) {
    const std::size_t last_page = rows_[end - 1].position / kernels::page_tokens + 1;
    for (std::size_t head = 0; head < spec_.heads;) {
      const std::size_t together = std::min(heads, group - head % group);
      units_.push_back({false, row, end - row, head, together, 0, last_page, 0});
      head += together;
    }
  }
}

void Decoder::plan_attention() {
  units_.clear();
  first_partial_.assign(1, 0);
  std::size_t partials = 0;
  plan_prompts();
  const std::size_t group = spec_.heads / spec_.kv_heads;
  for (std::size_t row = prompt_rows_; row < rows_.size(); ++row) {
    const std::size_t last_page = rows_[row].position / kernels::page_tokens + 1;
    for (std::size_t page = 0; page < last_page; page += split_pages)
      for (std::size_t head = 0; head < spec_.heads; head += group)
        units_.push_back({true, row, 1, head, group, page, std::min(page + split_pages, last_page), partials++});
    first_partial_.push_back(partials);
  }
  // The largest first, so that the last task to finish is a small one.
  std::stable_sort(units_.begin(), units_.end(), [](const Unit& a, const Unit& b) {
    return a.count * a.heads * (a.last_page - a.first_page) > b.count * b.heads * (b.last_page - b.first_page);
  });
  const std::size_t bytes = partials * group * padded_head_ * sizeof(float);
  if (partial_memory_.bytes() < bytes) partial_memory_ = os::Buffer(bytes * 2);
  partial_peak_.resize(partials * group);
  partial_weight_.resize(partials * group);
}

void Decoder::attend(Member& member, std::size_t index) {
  auto& tickets_now = tickets(member);
  for (auto i = tickets_now.take(1); i < units_.size(); i = tickets_now.take(1)) {
    if (units_[i].row < first_row(index)) continue;
    if (units_[i].generated) {
      attend_generated(units_[i], member.index, index);
    } else {
      attend_prompt(units_[i], member.index, index);
    }
  }
  end_phase(member);
}

void Decoder::attend_prompt(const Unit& unit, unsigned member, std::size_t index) {
  const auto& pages = runs_[rows_[unit.row].run].pages;
  const std::byte* page_data[1];
  std::vector<const std::byte*> many;
  const std::byte** list = page_data;
  if (unit.last_page > 1) {
    many.resize(unit.last_page);
    list = many.data();
  }
  const std::size_t kv_head = unit.head / (spec_.heads / spec_.kv_heads);
  for (std::size_t p = 0; p < unit.last_page; ++p) list[p] = kv_.page(pages[p], index, kv_head);
  const std::size_t width = spec_.head_width, mixed = spec_.mixed_width(), rows = unit.count * unit.heads;
  auto* scratch = scratch_[member].data();
  auto* query = reinterpret_cast<float*>(scratch + attention_scratch_);
  float* out = query + kernels::attention_rows_max * width + 16;
  float* peak = out + kernels::attention_rows_max * padded_head_;
  float* weight = peak + kernels::attention_rows_max;
  std::uint32_t begin[kernels::attention_rows_max], end[kernels::attention_rows_max];
  for (std::size_t i = 0, at_row = 0; i < unit.count; ++i) {
    const std::size_t position = rows_[unit.row + i].position;
    const float* from = at(query_, unit.row + i, query_width_) + unit.head * width;
    std::copy_n(from, unit.heads * width, query + at_row * width);
    for (std::size_t h = 0; h < unit.heads; ++h, ++at_row) {
      begin[at_row] = static_cast<std::uint32_t>(first_visible(position, index));
      end[at_row] = static_cast<std::uint32_t>(position + 1);
    }
  }
  kernels_.attention({.query = query,
                      .query_stride = width,
                      .rows = rows,
                      .begin = begin,
                      .end = end,
                      .pages = list,
                      .first_page = begin[0] / kernels::page_tokens,
                      .last_page = unit.last_page,
                      .head_width = width,
                      .latent = spec_.latent.rank,
                      .scale = spec_.attention_scale,
                      .soft_cap = spec_.attention_soft_cap,
                      .prompt = true,
                      .format = kv_.format(),
                      .out = out,
                      .out_stride = padded_head_,
                      .peak = peak,
                      .weight = weight},
                     scratch);
  const auto& sinks = weights_.layers()[index].sinks;
  for (std::size_t r = 0; r < rows; ++r) {
    float* to = at(mixed_, unit.row + r / unit.heads, spec_.heads * mixed) + (unit.head + r % unit.heads) * mixed;
    const float factor = 1.0f / with_sink(weight[r], peak[r], sinks, unit.head + r % unit.heads);
    for (std::size_t d = 0; d < mixed; ++d) to[d] = out[r * padded_head_ + d] * factor;
  }
}

void Decoder::attend_generated(const Unit& unit, unsigned member, std::size_t index) {
  const Row& row = rows_[unit.row];
  const auto& pages = runs_[row.run].pages;
  const std::size_t group = spec_.heads / spec_.kv_heads;
  const std::byte* list[split_pages];
  for (std::size_t p = unit.first_page; p < unit.last_page; ++p)
    list[p - unit.first_page] = kv_.page(pages[p], index, unit.head / group);
  // Positions count from the split's first page.
  const std::size_t base = unit.first_page * kernels::page_tokens;
  const std::size_t visible = first_visible(row.position, index);
  const auto begin = static_cast<std::uint32_t>(visible > base ? visible - base : 0);
  const auto end = static_cast<std::uint32_t>(row.position + 1 - base);
  std::uint32_t begins[kernels::attention_rows_max], ends[kernels::attention_rows_max];
  CHECK(group <= kernels::attention_rows_max);
  for (std::size_t g = 0; g < group; ++g) begins[g] = begin, ends[g] = end;
  float* out = reinterpret_cast<float*>(partial_memory_.data()) + unit.partial * group * padded_head_;
  const float* query = at(query_, unit.row, query_width_) + unit.head * spec_.head_width;
  kernels_.attention(
      {.query = query,
       .query_stride = spec_.head_width,
       .rows = group,
       .begin = begins,
       .end = ends,
       .pages = list,
       .first_page = std::min<std::size_t>(begin / kernels::page_tokens, unit.last_page - unit.first_page),
       .last_page = unit.last_page - unit.first_page,
       .head_width = spec_.head_width,
       .latent = spec_.latent.rank,
       .scale = spec_.attention_scale,
       .soft_cap = spec_.attention_soft_cap,
       .format = kv_.format(),
       .out = out,
       .out_stride = padded_head_,
       .peak = &partial_peak_[unit.partial * group],
       .weight = &partial_weight_[unit.partial * group]},
      scratch_[member].data());
}

/// Puts the splits of a generated row together, in page order.
void Decoder::merge_row(std::size_t row, const Layer& layer) {
  const std::size_t group = spec_.heads / spec_.kv_heads;
  const std::size_t first = first_partial_[row - prompt_rows_], last = first_partial_[row - prompt_rows_ + 1];
  const std::size_t mixed = spec_.mixed_width();
  const auto* outs = reinterpret_cast<const float*>(partial_memory_.data());
  for (std::size_t head = 0; head < spec_.heads; ++head) {
    const std::size_t kv_head = head / group, g = head % group;
    // Partials of a row: splits outer, KV heads inner.
    float peak = -INFINITY;
    for (std::size_t p = first + kv_head; p < last; p += spec_.kv_heads)
      peak = std::max(peak, partial_peak_[p * group + g]);
    float* to = at(mixed_, row, spec_.heads * mixed) + head * mixed;
    std::fill_n(to, mixed, 0.0f);
    float weight = 0;
    for (std::size_t p = first + kv_head; p < last; p += spec_.kv_heads) {
      if (partial_peak_[p * group + g] == -INFINITY) continue;
      const float factor = std::exp(partial_peak_[p * group + g] - peak);
      weight += partial_weight_[p * group + g] * factor;
      const float* from = outs + (p * group + g) * padded_head_;
      for (std::size_t d = 0; d < mixed; ++d) to[d] += from[d] * factor;
    }
    kernels_.scale(to, 1.0f / with_sink(weight, peak, layer.sinks, head), mixed);
  }
}

}  // namespace cofre::model
