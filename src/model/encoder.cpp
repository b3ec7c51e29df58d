#include "model/encoder.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/error.h"

namespace cofre::model {
namespace {

using kernels::KvFormat;
using kernels::page_tokens;

/// Float files are the exact reference, keys and values too.
KvFormat kv_format(const Weights& weights) {
  return weights.layers()[0].key.panels.format == kernels::Format::f32 ? KvFormat::f32 : KvFormat::f16;
}

ModelSpec one_layer(ModelSpec spec) {
  spec.layers = 1;
  return spec;
}

Encoder::Options whole(Encoder::Options options, const ModelSpec& spec) {
  options.rows = std::max(options.rows, spec.context);
  return options;
}

/// Whether a product with it reads quantised rows; float formats read values alone.
bool reads_quants(const Linear& linear) { return !kernels::is_float(linear.panels.format); }
bool reads_quants(const Layer& l) { return reads_quants(l.query) || reads_quants(l.key) || reads_quants(l.value); }

constexpr std::size_t pages_of(std::size_t rows) { return (rows + page_tokens - 1) / page_tokens; }

}  // namespace

Encoder::Encoder(const ModelSpec& spec, const Weights& weights, const kernels::Kernels& kernels, os::Team& team,
                 const Options& options)
    : Phases(kernels, team),
      spec_(spec),
      weights_(weights),
      options_(whole(options, spec)),
      outputs_(spec.encoder->pooling == Pooling::rank ? spec.encoder->labels : spec.width),
      padded_head_(padded(spec.head_width)),
      kv_(one_layer(spec), kv_format(weights), pages_of(options_.rows) + options_.texts) {
  const std::size_t n = options_.rows, width = spec.width, texts = options_.texts;
  const std::size_t head = spec.encoder->has_head ? texts : 0;
  const auto cut = [&](Cutter c) {
    x_ = c.floats(n * width);
    y_ = c.floats(n * width);
    query_ = c.floats(n * width);
    key_ = c.floats(n * width);
    value_ = c.floats(n * width);
    mixed_ = c.floats(n * width);
    up_ = c.floats(n * spec.ffn_width);
    pooled_ = c.floats(texts * width);
    headed_ = c.floats(head * width);
    labels_ = c.floats(texts * spec.encoder->labels);
    c.bind(x_rows_, n, width, x_);
    c.bind(mixed_rows_, n, width, mixed_);
    c.bind(up_rows_, n, spec.ffn_width, up_);
    c.bind(pooled_rows_, texts, width, pooled_);
    c.bind(headed_rows_, head, width, headed_);
    return c.used();
  };
  memory_ = os::Buffer(cut(Cutter(nullptr)));
  cut(Cutter(memory_.data()));
  attention_scratch_ = kernels::scratch_bytes(n, std::max(width, spec.ffn_width), spec.head_width);
  const std::size_t attention_out = kernels::attention_rows_max * (padded_head_ + 2) * sizeof(float);
  for (unsigned i = 0; i < team.all(); ++i) scratch_.emplace_back(attention_scratch_ + attention_out);
}

std::size_t Encoder::bytes() const {
  return memory_.bytes() + kv_.pages() * KvMemory::page_bytes(one_layer(spec_), kv_.format());
}

void Encoder::lay_out(std::span<const Passage> texts) {
  CHECK(texts.size() <= options_.texts);
  rows_.clear();
  places_.clear();
  units_.clear();
  std::uint32_t page = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto& [tokens, second] = texts[i];
    CHECK(!tokens.empty() && tokens.size() <= spec_.context);
    places_.push_back({rows_.size(), tokens.size(), page});
    page += static_cast<std::uint32_t>(pages_of(tokens.size()));
    for (std::size_t t = 0; t < tokens.size(); ++t) rows_.push_back({t, i, tokens[t], t >= second});
    for (std::size_t row = 0; row < tokens.size(); row += kernels::attention_rows_max)
      for (std::size_t head = 0; head < spec_.heads; ++head)
        units_.push_back({i, row, std::min(kernels::attention_rows_max, tokens.size() - row), head});
  }
  CHECK(rows_.size() <= options_.rows);
  // The largest first, so that the last task to finish is a small one.
  std::stable_sort(units_.begin(), units_.end(), [this](const Unit& a, const Unit& b) {
    return a.count * places_[a.text].count > b.count * places_[b.text].count;
  });
}

void Encoder::forward(std::span<const Passage> texts) {
  lay_out(texts);
  if (rows_.empty()) return;
  begin();
  team_.run([this](unsigned index) {
    Member member{index};
    pass(member);
  });
}

std::span<const float> Encoder::result(std::size_t text) const {
  CHECK(text < places_.size());
  return {(spec_.encoder->pooling == Pooling::rank ? labels_ : pooled_) + text * outputs_, outputs_};
}

void Encoder::pass(Member& member) {
  each_row(member, 0, rows_.size(), [this](std::size_t row) { embed_row(row); });
  for (std::size_t i = 0; i < spec_.layers; ++i) layer(member, i);
  each_row(member, 0, places_.size(), [this](std::size_t text) { pool(text); });
  if (spec_.encoder->pooling == Pooling::rank) rank(member);
}

void Encoder::layer(Member& member, std::size_t index) {
  const Layer& l = weights_.layers()[index];
  const bool more = index + 1 < spec_.layers && reads_quants(weights_.layers()[index + 1]);
  const std::size_t n = rows_.size();
  multiply(member, n, false, {{&l.query, &x_rows_, query_}, {&l.key, &x_rows_, key_}, {&l.value, &x_rows_, value_}});
  each_row(member, 0, n, [&](std::size_t row) { store_row(row, l); });
  attend(member);
  if (reads_quants(l.output))
    each_row(member, 0, n, [&](std::size_t row) { kernels_.quantize(mixed_rows_, row, row + 1, true); });
  multiply(member, n, false, {{&l.output, &mixed_rows_, y_}});
  each_row(member, 0, n, [&](std::size_t row) { end_half(row, l.output, l.attention_end, reads_quants(l.up)); });
  multiply(member, n, false, {{&l.up, &x_rows_, up_}});
  each_row(member, 0, n, [&](std::size_t row) {
    float* inner = at(up_, row, spec_.ffn_width);
    add_bias(inner, l.up);
    kernels_.gelu(inner, spec_.ffn_width);
    if (reads_quants(l.down)) kernels_.quantize(up_rows_, row, row + 1, true);
  });
  multiply(member, n, false, {{&l.down, &up_rows_, y_}});
  each_row(member, 0, n, [&](std::size_t row) { end_half(row, l.down, l.end, more); });
}

void Encoder::multiply(Member& member, std::size_t rows, bool exact, std::initializer_list<Product> products) {
  constexpr std::size_t most_blocks = 16, fewest_rows = 64;
  Part parts[3 * most_blocks];
  std::size_t count = 0;
  for (const auto& [linear, input, y] : products) {
    // A task may round its rows anew: as few tasks as give every thread work. Where panels do not, rows are split too.
    const auto& w = linear->panels;
    const std::size_t share = w.panels() / team_.size(), wanted = share > 24 ? share / 2 : share;
    const std::size_t chunk = std::max<std::size_t>(4, (wanted + 3) / 4 * 4);
    const std::size_t chunks = (w.panels() + chunk - 1) / chunk;
    const std::size_t blocks =
        std::clamp<std::size_t>(team_.size() / chunks, 1, std::clamp<std::size_t>(rows / fewest_rows, 1, most_blocks));
    for (std::size_t b = 0; b < blocks; ++b) {
      const std::size_t first = rows * b / blocks, last = rows * (b + 1) / blocks;
      parts[count++] = {
          linear, input->slice(first, last - first), {at(y, first, w.outputs), w.outputs, false}, exact, chunk};
    }
  }
  multiply_parts(member, std::span(parts, count));
}

void Encoder::embed_row(std::size_t row) {
  const std::size_t width = spec_.width;
  const auto& parts = weights_.encoder();
  float* x = at(x_, row, width);
  weights_.embed(static_cast<std::size_t>(rows_[row].token), x);
  kernels_.add(x, parts.positions.data() + rows_[row].position * width, width);
  const std::size_t type = rows_[row].second && spec_.encoder->token_types > 1 ? 1 : 0;
  if (!parts.types.empty()) kernels_.add(x, parts.types.data() + type * width, width);
  kernels_.layer_norm(x, parts.embedding_norm.weight.data(), parts.embedding_norm.bias.data(), width,
                      spec_.norm_epsilon, x);
  if (reads_quants(weights_.layers()[0])) kernels_.quantize(x_rows_, row, row + 1, true);
}

/// Biases; then the row's keys and values go to its text's pages.
void Encoder::store_row(std::size_t row, const Layer& l) {
  float *key = at(key_, row, spec_.width), *value = at(value_, row, spec_.width);
  add_bias(at(query_, row, spec_.width), l.query);
  add_bias(key, l.key);
  add_bias(value, l.value);
  const std::size_t position = rows_[row].position, head = spec_.head_width;
  const auto page = places_[rows_[row].text].page + static_cast<std::uint32_t>(position / page_tokens);
  for (std::size_t h = 0; h < spec_.heads; ++h)
    kernels_.write_kv(kv_.format(), kv_.page(page, 0, h), position % page_tokens, key + h * head, value + h * head,
                      head);
}

void Encoder::attend(Member& member) {
  auto& tickets_now = tickets(member);
  for (auto i = tickets_now.take(1); i < units_.size(); i = tickets_now.take(1)) attend_unit(units_[i], member.index);
  end_phase(member);
}

void Encoder::attend_unit(const Unit& unit, unsigned member) {
  const Place& place = places_[unit.text];
  const std::size_t width = spec_.head_width, pages = pages_of(place.count);
  std::vector<const std::byte*> list(pages);
  for (std::size_t p = 0; p < pages; ++p) list[p] = kv_.page(place.page + static_cast<std::uint32_t>(p), 0, unit.head);
  auto* scratch = scratch_[member].data();
  float* out = reinterpret_cast<float*>(scratch + attention_scratch_);
  float* peak = out + kernels::attention_rows_max * padded_head_;
  float* weight = peak + kernels::attention_rows_max;
  std::uint32_t begin[kernels::attention_rows_max] = {}, end[kernels::attention_rows_max];
  std::fill_n(end, unit.count, static_cast<std::uint32_t>(place.count));
  const std::size_t first = place.first + unit.row;
  kernels_.attention({.query = at(query_, first, spec_.width) + unit.head * width,
                      .query_stride = spec_.width,
                      .rows = unit.count,
                      .begin = begin,
                      .end = end,
                      .pages = list.data(),
                      .first_page = 0,
                      .last_page = pages,
                      .head_width = width,
                      .scale = spec_.attention_scale,
                      .prompt = true,
                      .format = kv_.format(),
                      .out = out,
                      .out_stride = padded_head_,
                      .peak = peak,
                      .weight = weight},
                     scratch);
  for (std::size_t r = 0; r < unit.count; ++r) {
    float* to = at(mixed_, first + r, spec_.width) + unit.head * width;
    const float factor = 1.0f / weight[r];
    for (std::size_t d = 0; d < width; ++d) to[d] = out[r * padded_head_ + d] * factor;
  }
}

/// x = norm(x + y + bias); `quants`: the next product reads them.
void Encoder::end_half(std::size_t row, const Linear& last, const Norm& norm, bool quants) {
  float *x = at(x_, row, spec_.width), *y = at(y_, row, spec_.width);
  add_bias(y, last);
  kernels_.add(x, y, spec_.width);
  kernels_.layer_norm(x, norm.weight.data(), norm.bias.data(), spec_.width, spec_.norm_epsilon, x);
  if (quants) kernels_.quantize(x_rows_, row, row + 1, true);
}

void Encoder::pool(std::size_t text) {
  const Place& place = places_[text];
  const std::size_t width = spec_.width;
  float* out = at(pooled_, text, width);
  const bool last = spec_.encoder->pooling == Pooling::last, mean = spec_.encoder->pooling == Pooling::mean;
  std::copy_n(at(x_, place.first + (last ? place.count - 1 : 0), width), width, out);
  if (spec_.encoder->pooling == Pooling::rank) return kernels_.quantize(pooled_rows_, text, text + 1, false);
  for (std::size_t r = 1; mean && r < place.count; ++r) kernels_.add(out, at(x_, place.first + r, width), width);
  double squares = 0;  // the mean's divisor goes with the length
  for (std::size_t i = 0; i < width; ++i) squares += static_cast<double>(out[i]) * out[i];
  if (squares > 0) kernels_.scale(out, static_cast<float>(1.0 / std::sqrt(squares)), width);
}

/// Labels of each text's first row (RoBERTa's classification head, or a linear layer alone).
void Encoder::rank(Member& member) {
  const std::size_t texts = places_.size();
  const auto& [head, labels] = std::tie(weights_.encoder().head, weights_.encoder().labels);
  const bool has_head = spec_.encoder->has_head;
  if (has_head) {
    multiply(member, texts, true, {{&head, &pooled_rows_, headed_}});
    each_row(member, 0, texts, [&](std::size_t text) {
      float* x = at(headed_, text, spec_.width);
      add_bias(x, head);
      for (std::size_t i = 0; i < spec_.width; ++i) x[i] = std::tanh(x[i]);
      kernels_.quantize(headed_rows_, text, text + 1, false);
    });
  }
  multiply(member, texts, true, {{&labels, has_head ? &headed_rows_ : &pooled_rows_, labels_}});
  each_row(member, 0, texts, [&](std::size_t text) { add_bias(at(labels_, text, outputs_), labels); });
}

}  // namespace cofre::model
