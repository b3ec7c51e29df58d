#include <algorithm>

#include "model/decoder.h"

// What comes before attention and behind it: queries, keys and values of a layer, made at once or of latents.

namespace cofre::model {

kernels::RopeTable Decoder::rope_table(std::size_t row, std::size_t layer) const {
  const bool local = spec_.slides(layer);
  const std::size_t half = spec_.rope.width / 2;
  return {at(local ? local_cosines_ : cosines_, row, half), at(local ? local_sines_ : sines_, row, half),
          spec_.rope.width, spec_.rope.interleaved};
}

/// From normed rows to queries, and keys and values in their pages.
void Decoder::make_queries(Member& member, std::size_t index, std::size_t first_row) {
  if (spec_.latent.rank > 0) return make_latent_queries(member, index, first_row);
  const Layer& l = weights_.layers()[index];
  multiply(member, first_row,
           {product(l.query, normed_rows_, query_), product(l.key, normed_rows_, key_),
            product(l.value, normed_rows_, value_)});
  each_row(member, first_row, rows_.size(), [&](std::size_t row) { turn_and_store(row, index); });
}

/// Biases, head norms and rope; then the row's key and value go to their page.
void Decoder::turn_and_store(std::size_t row, std::size_t index) {
  const Layer& l = weights_.layers()[index];
  float* query = at(query_, row, query_width_);
  float* key = at(key_, row, kv_width_);
  float* value = at(value_, row, kv_width_);
  add_bias(query, l.query);
  add_bias(key, l.key);
  add_bias(value, l.value);
  const auto table = rope_table(row, index);
  const auto turn = [&](float* head, const std::vector<float>& norm) {
    if (spec_.turn_before_norm) kernels_.rope(head, table);
    if (!norm.empty()) kernels_.rms_norm(head, norm.data(), spec_.head_width, spec_.norm_epsilon, head);
    if (!spec_.turn_before_norm) kernels_.rope(head, table);
  };
  for (std::size_t h = 0; h < spec_.heads; ++h) turn(query + h * spec_.head_width, l.query_norm);
  for (std::size_t h = 0; h < spec_.kv_heads; ++h) {
    turn(key + h * spec_.head_width, l.key_norm);
    kernels_.write_kv(kv_.format(), kv_page(row, index, h), rows_[row].position % kernels::page_tokens,
                      key + h * spec_.head_width, value + h * spec_.head_width, spec_.head_width);
  }
}

/// The rows of one head of those that lie head by head, [heads, rows].
kernels::Rows Decoder::head_rows(const kernels::Rows& all, std::size_t head, float* values, std::size_t width) const {
  auto rows = all.slice(head * options_.rows, options_.rows);
  rows.values = values + head * width;
  rows.value_stride = spec_.heads * width;
  return rows;
}

void Decoder::make_latent_queries(Member& member, std::size_t index, std::size_t first_row) {
  const Layer& l = weights_.layers()[index];
  const auto& spec = spec_.latent;
  const auto down = spec.query_rank > 0 ? product(l.latent.query_down, normed_rows_, query_down_)
                                        : product(l.query, normed_rows_, head_query_);
  multiply(member, first_row, {down, product(l.key, normed_rows_, key_)});
  if (spec.query_rank > 0) {
    each_row(member, first_row, rows_.size(), [&](std::size_t row) {
      float* query = at(query_down_, row, spec.query_rank);
      kernels_.rms_norm(query, l.latent.query_norm.data(), spec.query_rank, spec_.norm_epsilon, query);
      quantize(query_down_rows_, row);
    });
    multiply(member, first_row, {product(l.query, query_down_rows_, head_query_)});
  }
  each_row(member, first_row, rows_.size(), [&](std::size_t row) { turn_latent(row, index); });
  auto& products = plans_[member.index].products;
  products.clear();
  for (std::size_t h = 0; h < spec_.heads; ++h)
    products.push_back({&l.latent.key[h],
                        head_rows(head_query_rows_, h, head_query_, spec.key_width + spec_.rope.width),
                        {query_ + h * spec_.head_width, query_width_, false}});
  multiply_products(member, first_row);
}

/// The latent's norm and rope of what turns: the latent and the turned key go to their page, the turned part of each
/// head's query to its place behind the latent, and the rest is made ready for its product.
void Decoder::turn_latent(std::size_t row, std::size_t index) {
  const Layer& l = weights_.layers()[index];
  const auto& spec = spec_.latent;
  const auto table = rope_table(row, index);
  float* key = at(key_, row, kv_width_);
  kernels_.rms_norm(key, l.latent.norm.data(), spec.rank, spec_.norm_epsilon, key);
  kernels_.rope(key + spec.rank, table);
  kernels_.write_kv(kv_.format(), kv_page(row, index, 0), rows_[row].position % kernels::page_tokens, key, nullptr,
                    spec_.head_width);
  const std::size_t width = spec.key_width + spec_.rope.width;
  for (std::size_t h = 0; h < spec_.heads; ++h) {
    float* turned = at(head_query_, row, spec_.heads * width) + h * width + spec.key_width;
    kernels_.rope(turned, table);
    std::copy_n(turned, spec_.rope.width, at(query_, row, query_width_) + h * spec_.head_width + spec.rank);
    quantize(head_rows(head_query_rows_, h, head_query_, width), row);
  }
}

/// From what attention gave to rows ready for the output product.
void Decoder::mix_values(Member& member, const Layer& layer, std::size_t first_row) {
  const auto& spec = spec_.latent;
  each_row(member, first_row, rows_.size(), [&](std::size_t row) {
    if (row >= prompt_rows_) merge_row(row, layer);
    if (spec.rank == 0) return quantize(mixed_rows_, row);
    for (std::size_t h = 0; h < spec_.heads; ++h) quantize(head_rows(head_mixed_rows_, h, mixed_, spec.rank), row);
  });
  if (spec.rank == 0) return;
  auto& products = plans_[member.index].products;
  products.clear();
  for (std::size_t h = 0; h < spec_.heads; ++h)
    products.push_back({&layer.latent.value[h],
                        head_rows(head_mixed_rows_, h, mixed_, spec.rank),
                        {head_value_ + h * spec.value_width, mixed_width_, false}});
  multiply_products(member, first_row);
  each_row(member, first_row, rows_.size(), [&](std::size_t row) { quantize(mixed_rows_, row); });
}

}  // namespace cofre::model
