#include "model/decoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"

namespace cofre::model {

Decoder::Decoder(const ModelSpec& spec, const Weights& weights, const KvMemory& kv, const kernels::Kernels& kernels,
                 os::Team& team, const Options& options)
    : Phases(kernels, team),
      spec_(spec),
      weights_(weights),
      kv_(kv),
      options_(options),
      query_width_(spec.heads * spec.head_width),
      kv_width_(spec.kv_heads * spec.head_width),
      mixed_width_(spec.heads * (spec.latent.rank > 0 ? spec.latent.value_width : spec.head_width)),
      padded_head_(padded(spec.mixed_width())),
      frequencies_(spec.rope.frequencies(options.context == 0 ? spec.context : options.context)) {
  if (spec.encoder)
    fail(Code::unsupported, "a model of family {} reads texts into vectors: it writes none", spec.family);
  if (options_.context == 0) options_.context = spec.context;
  if (spec.window > 0) local_frequencies_ = spec.local_rope.frequencies(options_.context);
  const std::size_t n = options.rows, half = spec.rope.width / 2;
  const std::size_t inner = std::max(spec.ffn_width, spec.experts.shared_width), pairs = n * spec.experts.used;
  const auto& latent = spec.latent;
  const std::size_t latent_heads = latent.rank > 0 ? spec.heads * n : 0;
  const auto cut = [&](Cutter c) {
    x_ = c.floats(n * spec.width);
    y_ = c.floats(n * spec.width);
    normed_ = c.floats(n * spec.width);
    query_ = c.floats(n * query_width_);
    key_ = c.floats(n * kv_width_);
    value_ = c.floats(n * kv_width_);
    mixed_ = c.floats(n * spec.heads * spec.mixed_width());
    query_down_ = c.floats(n * latent.query_rank);
    head_query_ = c.floats(latent_heads * (latent.key_width + spec.rope.width));
    head_value_ = c.floats(latent_heads * latent.value_width);
    gate_ = c.floats(n * inner);
    up_ = c.floats(n * inner);
    router_ = c.floats(n * spec.experts.count);
    taken_ = c.floats(pairs);
    pair_x_ = c.floats(pairs * spec.width);
    pair_gate_ = c.floats(pairs * spec.experts.width);
    pair_up_ = c.floats(pairs * spec.experts.width);
    final_ = c.floats(options.logits * spec.width);
    logits_ = c.floats(options.logits * spec.vocabulary);
    cosines_ = c.floats(n * half);
    sines_ = c.floats(n * half);
    local_cosines_ = c.floats(n * half);
    local_sines_ = c.floats(n * half);
    c.bind(normed_rows_, n, spec.width, normed_);
    c.bind(mixed_rows_, n, mixed_width_, latent.rank > 0 ? head_value_ : mixed_);
    c.bind(query_down_rows_, n, latent.query_rank, query_down_);
    c.bind(head_query_rows_, latent_heads, latent.key_width, head_query_);
    c.bind(head_mixed_rows_, latent_heads, latent.rank, mixed_);
    c.bind(gate_rows_, n, inner, gate_);
    c.bind(pair_rows_, pairs, spec.width, pair_x_);
    c.bind(pair_gate_rows_, pairs, spec.experts.width, pair_gate_);
    c.bind(final_rows_, options.logits, spec.width, final_);
    return c.used();
  };
  memory_ = os::Buffer(cut(Cutter(nullptr)));
  cut(Cutter(memory_.data()));
  chosen_.resize(pairs);
  const std::size_t widest =
      std::max({spec.width, mixed_width_, inner, spec.experts.width, latent.query_rank, latent.rank, latent.key_width});
  attention_scratch_ = kernels::scratch_bytes(n, widest, spec.head_width);
  // A prompt unit's results, behind its queries put side by side.
  const std::size_t attention_out =
      kernels::attention_rows_max * (padded_head_ + spec.head_width + 16 + 4) * sizeof(float);
  plans_.resize(team.all());
  for (unsigned i = 0; i < team.all(); ++i) scratch_.emplace_back(attention_scratch_ + attention_out);
}

void Decoder::lay_out(std::span<const Run> runs) {
  runs_ = runs;
  rows_.clear();
  logit_rows_.clear();
  places_.clear();
  const auto put = [&](std::size_t i, std::size_t from, std::size_t to) {
    for (std::size_t t = from; t < to; ++t) rows_.push_back({runs[i].position + t, i, runs[i].tokens[t]});
  };
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto& [tokens, position, pages, generated, logits] = runs[i];
    CHECK(pages.size() * kernels::page_tokens >= position + tokens.size());
    const std::size_t before = position < exact_positions ? exact_positions - position : 0;
    places_.push_back({tokens.size(), generated ? tokens.size() : std::min(before, tokens.size()), 0, rows_.size()});
    put(i, places_[i].exact, tokens.size());
  }
  prompt_rows_ = rows_.size();
  for (const bool generated : {false, true}) {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (runs[i].generated != generated) continue;
      places_[i].first_exact = rows_.size();
      put(i, 0, places_[i].exact);
    }
    if (!generated) held_rows_ = rows_.size();
  }
  for (std::size_t i = 0; i < runs.size(); ++i)
    for (std::size_t t = runs[i].tokens.size() - runs[i].logits; t < runs[i].tokens.size(); ++t)
      logit_rows_.push_back(places_[i](t));
  CHECK(rows_.size() <= options_.rows && logit_rows_.size() <= options_.logits);
}

void Decoder::forward(std::span<const Run> runs, Layers prompt_layers) {
  prompt_layers_ = prompt_layers;
  lay_out(runs);
  if (rows_.empty()) return;
  plan_attention();
  begin();
  team_.run([this](unsigned index) {
    Member member{index};
    pass(member);
  });
}

std::span<float> Decoder::logits(std::size_t row) const {
  CHECK(row < logit_rows_.size());
  return {logits_ + row * spec_.vocabulary, spec_.vocabulary};
}

void Decoder::hidden(std::size_t run, std::size_t row, std::span<float> out) const {
  CHECK(run < places_.size() && row < places_[run].rows && out.size() == spec_.width);
  kernels_.rms_norm(x_ + places_[run](row) * spec_.width, weights_.final_norm().data(), spec_.width, spec_.norm_epsilon,
                    out.data());
}

void Decoder::pass(Member& member) {
  each_row(member, first_row(0), rows_.size(), [this](std::size_t row) {
    embed_row(row);
    norm_row(row, nullptr, weights_.layers()[0].attention_norm);
  });
  for (std::size_t i = 0; i < spec_.layers; ++i)
    if (first_row(i) < rows_.size()) layer(member, i);
  if (!logit_rows_.empty()) make_logits(member);
}

void Decoder::layer(Member& member, std::size_t index) {
  const Layer& l = weights_.layers()[index];
  const bool last = index + 1 == spec_.layers;
  const std::size_t first = first_row(index);
  make_queries(member, index, first);
  attend(member, index);
  mix_values(member, l, first);
  const bool post = !l.attention_post_norm.empty();
  multiply(member, first, {product(l.output, mixed_rows_, post ? y_ : x_, !post)});
  each_row(member, first, rows_.size(), [&](std::size_t row) {
    add_bias(at(post ? y_ : x_, row, spec_.width), l.output);
    norm_row(row, post ? &l.attention_post_norm : nullptr, l.ffn_norm);
  });
  const bool ffn_post = !l.ffn_post_norm.empty();
  const bool apart = ffn_post || l.is_sparse();  // added to x afterwards
  if (l.inner_width() > 0) feed_forward(member, l, first, apart ? y_ : x_, !apart);
  if (l.is_sparse()) take_experts(member, l, first);
  if (last && !apart) return;
  static const std::vector<float> none;
  each_row(member, first, rows_.size(), [&](std::size_t row) {
    if (l.is_sparse()) add_experts(row, l, first);
    norm_row(row, ffn_post ? &l.ffn_post_norm : nullptr, last ? none : weights_.layers()[index + 1].attention_norm);
  });
}

void Decoder::embed_row(std::size_t row) {
  weights_.embed(static_cast<std::size_t>(rows_[row].token), at(x_, row, spec_.width));
  const std::size_t half = spec_.rope.width / 2;
  const auto turn = [&](const std::vector<double>& frequencies, double magnitude, float* cosines, float* sines) {
    for (std::size_t i = 0; i < half; ++i) {
      const double angle = static_cast<double>(rows_[row].position) * frequencies[i];
      at(cosines, row, half)[i] = static_cast<float>(std::cos(angle) * magnitude);
      at(sines, row, half)[i] = static_cast<float>(std::sin(angle) * magnitude);
    }
  };
  turn(frequencies_, spec_.rope.magnitude(), cosines_, sines_);
  if (!local_frequencies_.empty()) turn(local_frequencies_, spec_.local_rope.magnitude(), local_cosines_, local_sines_);
}

/// x += norm(y) · after, where a layer ends its half with a norm; then normed = norm(x) · before, ready for products.
void Decoder::norm_row(std::size_t row, const std::vector<float>* after, const std::vector<float>& before) {
  float* x = at(x_, row, spec_.width);
  if (after != nullptr) {
    float* y = at(y_, row, spec_.width);
    kernels_.rms_norm(y, after->data(), spec_.width, spec_.norm_epsilon, y);
    kernels_.add(x, y, spec_.width);
  }
  if (before.empty()) return;
  kernels_.rms_norm(x, before.data(), spec_.width, spec_.norm_epsilon, at(normed_, row, spec_.width));
  quantize(normed_rows_, row);
}

/// The layer's own network, or the one that all rows share beside their experts; its product goes to `y`.
void Decoder::feed_forward(Member& member, const Layer& layer, std::size_t first_row, float* y, bool accumulate) {
  const std::size_t inner = layer.inner_width();
  auto rows = gate_rows_;  // layers may be of different widths
  rows.inputs = rows.value_stride = inner;
  multiply(member, first_row, {product(layer.gate, normed_rows_, gate_), product(layer.up, normed_rows_, up_)});
  each_row(member, first_row, rows_.size(), [&](std::size_t row) {
    activate(at(gate_, row, inner), at(up_, row, inner), inner);
    quantize(rows, row);
  });
  multiply(member, first_row, {product(layer.down, rows, y, accumulate)});
}

void Decoder::multiply(Member& member, std::size_t first_row, std::initializer_list<Product> products) {
  plans_[member.index].products.assign(products);
  multiply_products(member, first_row);
}

/// The products of the member's plan, prompt rows and exact ones apart.
void Decoder::multiply_products(Member& member, std::size_t first_row) {
  const std::size_t first_exact = std::max(prompt_rows_, first_row);
  auto& [products, parts] = plans_[member.index];
  parts.clear();
  for (const auto& [linear, input, y] : products) {
    const std::size_t panels = linear->panels.panels();
    for (const bool exact : {false, true}) {
      if (exact ? first_exact == rows_.size() : first_row >= prompt_rows_) continue;
      const std::size_t from = exact ? first_exact : 0;
      const std::size_t chunk = exact ? exact_chunk(panels) : prompt_chunk(panels);
      const kernels::Output out{at(y.y, from, y.stride), y.stride, y.accumulate};
      parts.push_back({linear, input.slice(from, exact ? rows_.size() - from : prompt_rows_), out, exact, chunk});
    }
  }
  multiply_parts(member, parts);
}

void Decoder::activate(float* gate, float* up, std::size_t width) const {
  if (spec_.activation == Activation::gelu) return kernels_.gelu_mul(gate, up, width);
  if (spec_.activation == Activation::clamped) {  // g · sigmoid(αg) · (u + 1) = silu(αg) · (u + 1) / α
    constexpr float limit = 7.0f, alpha = 1.702f;
    for (std::size_t i = 0; i < width; ++i) {
      gate[i] = alpha * std::min(gate[i], limit);
      up[i] = (std::clamp(up[i], -limit, limit) + 1) / alpha;
    }
  }
  kernels_.silu_mul(gate, up, width);
}

void Decoder::make_logits(Member& member) {
  each_row(member, 0, logit_rows_.size(), [&](std::size_t i) {
    kernels_.rms_norm(at(x_, logit_rows_[i], spec_.width), weights_.final_norm().data(), spec_.width,
                      spec_.norm_epsilon, at(final_, i, spec_.width));
    kernels_.quantize(final_rows_, i, i + 1, false);
  });
  const Linear& output = weights_.output();
  const Part part{&output,
                  final_rows_.slice(0, logit_rows_.size()),
                  {logits_, spec_.vocabulary, false},
                  true,
                  chunk_of(output.panels.panels(), team_.size(), 32, 1, 64)};
  multiply_parts(member, {&part, 1});
  if (spec_.logit_soft_cap <= 0) return;
  const float cap = spec_.logit_soft_cap;
  each_row(member, 0, logit_rows_.size(), [&](std::size_t i) {
    for (float& logit : logits(i)) logit = cap * std::tanh(logit / cap);
  });
}

}  // namespace cofre::model
