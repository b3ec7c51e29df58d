#include "model/weights.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "base/error.h"
#include "model/cutter.h"
#include "model/finite.h"

namespace cofre::model {
namespace {

using kernels::Format;
using kernels::Panels;

Format format_of(const gguf::Tensor& tensor) {
  const auto format = kernels::find_format(gguf::traits(tensor.type).name);
  CHECK(format.has_value());
  return *format;
}

void check_shape(const gguf::Tensor& tensor, std::size_t inputs, std::size_t outputs) {
  const auto rows = tensor.shape[1] * tensor.shape[2];  // matrices of experts lie one behind the other
  if (tensor.shape[0] == inputs && rows == outputs && tensor.shape[3] == 1) return;
  fail(Code::invalid, "tensor {} is [{}, {}]; the model needs [{}, {}]", tensor.name, rows, tensor.shape[0], outputs,
       inputs);
}

/// Whether rows [first, last) of a tensor hold numbers alone.
bool rows_finite(const gguf::Tensor& tensor, std::size_t first, std::size_t last) {
  const auto format = format_of(tensor);
  const std::size_t stride = kernels::row_bytes(format, tensor.shape[0]);
  return finite(format, tensor.bytes.data() + first * stride,
                (last - first) * (tensor.shape[0] / kernels::traits(format).block));
}

[[noreturn]] void refuse_values(std::string_view tensor) {
  fail(Code::invalid, "tensor {} holds values that are not numbers", tensor);
}

}  // namespace

/// Packing a tensor's rows from `first_row` on; `turned`: its columns, as floats of 16 or 32 bits, for where another
/// matrix is multiplied by it from the other side.
struct Weights::Job {
  const gguf::Tensor* tensor;
  std::size_t first_row;
  Linear* linear;
  double share = 1;  ///< of all tokens that are multiplied by it
  bool turned = false;
  std::atomic<bool> bad{false};

  static constexpr std::size_t chunk = 16;  ///< panels of a task

  Job(const gguf::Tensor* t, std::size_t f, Linear* l) : tensor(t), first_row(f), linear(l) {}
  Job(Job&& other) noexcept
      : tensor(other.tensor),
        first_row(other.first_row),
        linear(other.linear),
        share(other.share),
        turned(other.turned) {}

  std::size_t panels() const { return linear->panels.panels(); }
  /// Panels [first, last).
  void pack(const Panels& panels, std::size_t first, std::size_t last) {
    if (turned) return pack_turned(panels, first, last);
    kernels::pack(tensor->bytes.data() + first_row * kernels::row_bytes(panels.format, panels.inputs), panels, first,
                  last);
    if (!rows_finite(*tensor, first_row + first * kernels::panel_width,
                     first_row + std::min(last * kernels::panel_width, panels.outputs)))
      bad.store(true, std::memory_order_relaxed);
  }

  /// Output o takes column o of the tensor's rows [first_row, first_row + inputs).
  void pack_turned(const Panels& panels, std::size_t first, std::size_t last) {
    const std::size_t element = kernels::traits(panels.format).block_bytes;
    const auto source = format_of(*tensor);
    const std::size_t stride = kernels::row_bytes(source, tensor->shape[0]);
    std::vector<float> row(tensor->shape[0]);
    std::vector<std::byte> rows(panels.outputs * panels.inputs * element);
    for (std::size_t i = 0; i < panels.inputs; ++i) {
      kernels::dequantize_row(source, tensor->bytes.data() + (first_row + i) * stride, row.size(), row.data());
      for (std::size_t o = 0; o < panels.outputs; ++o) {
        std::byte* to = rows.data() + (o * panels.inputs + i) * element;
        const auto bits =
            panels.format == Format::bf16 ? kernels::float_to_bf16(row[o]) : kernels::float_to_half(row[o]);
        if (panels.format == Format::f32) {
          std::memcpy(to, &row[o], sizeof(float));
        } else {
          std::memcpy(to, &bits, sizeof bits);
        }
      }
    }
    if (!finite(panels.format, rows.data(), panels.outputs * panels.inputs)) bad.store(true, std::memory_order_relaxed);
    kernels::pack(rows.data(), panels, first, last);
  }
};

const gguf::Tensor& Weights::tensor(const std::string& name) const {
  const auto* found = file_.find_tensor(name);
  if (found == nullptr) fail(Code::invalid, "the model file has no tensor {}", name);
  return *found;
}

std::vector<float> Weights::vector(const std::string& name, std::size_t size, bool optional) const {
  const auto* found = file_.find_tensor(name);
  if (found == nullptr && optional) return {};
  const auto& t = tensor(name);
  if (t.elements() != size)
    fail(Code::invalid, "tensor {} holds {} values; the model needs {}", name, t.elements(), size);
  if (t.type != gguf::Type::f32 && t.type != gguf::Type::f16 && t.type != gguf::Type::bf16)
    fail(Code::invalid, "tensor {} is {}; it must be F32, F16 or BF16", name, gguf::traits(t.type).name);
  std::vector<float> out(size);
  kernels::dequantize_row(format_of(t), t.bytes.data(), size, out.data());
  for (float x : out)
    if (!std::isfinite(x)) refuse_values(name);
  return out;
}

void Weights::plan(Linear& linear, const Part& part, std::size_t inputs, std::size_t outputs, std::vector<Job>& jobs) {
  const auto& t = tensor(part.name + ".weight");
  const std::size_t rows = part.of == 0 ? outputs : part.of;
  CHECK(part.first + outputs <= rows);
  check_shape(t, inputs, rows);
  linear.panels = {format_of(t), outputs, inputs, nullptr, nullptr};
  if (const auto bias = vector(part.name + ".bias", rows, true); !bias.empty())
    linear.bias.assign(bias.begin() + static_cast<std::ptrdiff_t>(part.first),
                       bias.begin() + static_cast<std::ptrdiff_t>(part.first + outputs));
  jobs.emplace_back(&t, part.first, &linear);
}

/// Rows of a tensor as the columns of a matrix [outputs, inputs]: `inputs` rows of `outputs`. What is quantized along
/// rows cannot be so along columns: it becomes F16, in which nothing of it is lost that its own rounding would not
/// hide.
void Weights::plan_turned(Linear& linear, const Part& part, std::size_t inputs, std::size_t outputs,
                          std::vector<Job>& jobs) {
  const auto& t = tensor(part.name + ".weight");
  check_shape(t, outputs, part.of);
  const auto format = format_of(t);
  linear.panels = {kernels::is_float(format) ? format : Format::f16, outputs, inputs, nullptr, nullptr};
  jobs.emplace_back(&t, part.first, &linear);
  jobs.back().turned = true;
}

void Weights::plan_layer(Layer& layer, std::size_t index, std::vector<Job>& jobs) {
  const std::string prefix = "blk." + std::to_string(index) + ".";
  const std::size_t width = spec_.width;
  layer.attention_norm = vector(prefix + "attn_norm.weight", width, false);
  layer.sinks = vector(prefix + "attn_sinks.weight", spec_.heads, true);
  // Where there is no ffn_norm, the one "after attention" stands before the network, on the residual stream.
  auto post = vector(prefix + "post_attention_norm.weight", width, true);
  const bool before_ffn = !post.empty() && file_.find_tensor(prefix + "ffn_norm.weight") == nullptr;
  layer.ffn_norm = before_ffn ? std::move(post) : vector(prefix + "ffn_norm.weight", width, false);
  if (!before_ffn) layer.attention_post_norm = std::move(post);
  layer.ffn_post_norm = vector(prefix + "post_ffw_norm.weight", width, true);
  if (spec_.latent.rank > 0) {
    plan_latent(layer, prefix, jobs);
  } else {
    plan_attention(layer, prefix, jobs);
  }
  if (spec_.experts.count > 0 && index >= spec_.experts.first_layer) {
    plan_experts(layer, prefix, jobs);
  } else {
    plan_network(layer, prefix, jobs);
  }
}

void Weights::plan_network(Layer& layer, const std::string& prefix, std::vector<Job>& jobs) {
  const std::size_t width = spec_.width, ffn = spec_.ffn_width;
  const auto* up = file_.find_tensor(prefix + "ffn_up.weight");
  const bool gate_in_up =
      file_.find_tensor(prefix + "ffn_gate.weight") == nullptr && up != nullptr && up->shape[1] == 2 * ffn;
  plan(layer.gate, gate_in_up ? Part{prefix + "ffn_up", 0, 2 * ffn} : Part{prefix + "ffn_gate"}, width, ffn, jobs);
  plan(layer.up, gate_in_up ? Part{prefix + "ffn_up", ffn, 2 * ffn} : Part{prefix + "ffn_up"}, width, ffn, jobs);
  plan(layer.down, {prefix + "ffn_down"}, ffn, width, jobs);
}

void Weights::plan_latent(Layer& layer, const std::string& prefix, std::vector<Job>& jobs) {
  const auto& spec = spec_.latent;
  const std::size_t heads = spec_.heads, key = spec.key_width, value = spec.value_width;
  const std::size_t queries = heads * (key + spec_.rope.width);
  auto& latent = layer.latent;
  if (spec.query_rank > 0) {
    plan(latent.query_down, {prefix + "attn_q_a"}, spec_.width, spec.query_rank, jobs);
    latent.query_norm = vector(prefix + "attn_q_a_norm.weight", spec.query_rank, false);
    plan(layer.query, {prefix + "attn_q_b"}, spec.query_rank, queries, jobs);
  } else {
    plan(layer.query, {prefix + "attn_q"}, spec_.width, queries, jobs);
  }
  plan(layer.key, {prefix + "attn_kv_a_mqa"}, spec_.width, spec_.head_width, jobs);
  latent.norm = vector(prefix + "attn_kv_a_norm.weight", spec.rank, false);
  latent.key.resize(heads);
  latent.value.resize(heads);
  const bool together = file_.find_tensor(prefix + "attn_kv_b.weight") != nullptr;  // of each head keys, then values
  const std::size_t of = heads * (key + value);
  for (std::size_t h = 0; h < heads; ++h)
    if (together) {
      plan_turned(latent.key[h], {prefix + "attn_kv_b", h * (key + value), of}, key, spec.rank, jobs);
    } else {
      plan(latent.key[h], {prefix + "attn_k_b", h * spec.rank, heads * spec.rank}, key, spec.rank, jobs);
    }
  for (std::size_t h = 0; h < heads; ++h)
    plan(latent.value[h],
         together ? Part{prefix + "attn_kv_b", h * (key + value) + key, of}
                  : Part{prefix + "attn_v_b", h * value, heads * value},
         spec.rank, value, jobs);
  plan(layer.output, {prefix + "attn_output"}, heads * value, spec_.width, jobs);
}

void Weights::plan_attention(Layer& layer, const std::string& prefix, std::vector<Job>& jobs) {
  const std::size_t width = spec_.width;
  layer.query_norm = vector(prefix + "attn_q_norm.weight", spec_.head_width, true);
  layer.key_norm = vector(prefix + "attn_k_norm.weight", spec_.head_width, true);
  const std::size_t queries = spec_.heads * spec_.head_width, keys = spec_.kv_heads * spec_.head_width;
  const bool one_qkv = file_.find_tensor(prefix + "attn_qkv.weight") != nullptr;
  const auto attention = [&](Linear& linear, const char* name, std::size_t first, std::size_t outputs) {
    plan(linear, one_qkv ? Part{prefix + "attn_qkv", first, queries + 2 * keys} : Part{prefix + name}, width, outputs,
         jobs);
  };
  attention(layer.query, "attn_q", 0, queries);
  attention(layer.key, "attn_k", queries, keys);
  attention(layer.value, "attn_v", queries + keys, keys);
  plan(layer.output, {prefix + "attn_output"}, queries, width, jobs);
}

void Weights::plan_experts(Layer& layer, const std::string& prefix, std::vector<Job>& jobs) {
  const auto& spec = spec_.experts;
  if (!layer.ffn_post_norm.empty()) fail(Code::unsupported, "{}post_ffw_norm.weight: a norm behind experts", prefix);
  auto& experts = layer.experts;
  plan(experts.router, {prefix + "ffn_gate_inp"}, spec_.width, spec.count, jobs);
  experts.preference = vector(prefix + "exp_probs_b.bias", spec.count, true);
  const std::size_t first = jobs.size();
  const auto plan_all = [&](std::vector<Linear>& all, const char* name, std::size_t inputs, std::size_t outputs) {
    all.resize(spec.count);
    for (std::size_t e = 0; e < spec.count; ++e)
      plan(all[e], {prefix + name, e * outputs, spec.count * outputs}, inputs, outputs, jobs);
  };
  plan_all(experts.gate, "ffn_gate_exps", spec_.width, spec.width);
  plan_all(experts.up, "ffn_up_exps", spec_.width, spec.width);
  plan_all(experts.down, "ffn_down_exps", spec.width, spec_.width);
  for (std::size_t i = first; i < jobs.size(); ++i)
    jobs[i].share = static_cast<double>(spec.used) / static_cast<double>(spec.count);
  if (spec.shared_width == 0) return;
  experts.shared_gate = vector(prefix + "ffn_gate_inp_shexp.weight", spec_.width, true);
  plan(layer.gate, {prefix + "ffn_gate_shexp"}, spec_.width, spec.shared_width, jobs);
  plan(layer.up, {prefix + "ffn_up_shexp"}, spec_.width, spec.shared_width, jobs);
  plan(layer.down, {prefix + "ffn_down_shexp"}, spec.shared_width, spec_.width, jobs);
}

Norm Weights::norm(const std::string& name) const {
  return {vector(name + ".weight", spec_.width, false), vector(name + ".bias", spec_.width, false)};
}

void Weights::plan_encoder(std::vector<Job>& jobs) {
  const std::size_t width = spec_.width;
  for (std::size_t i = 0; i < spec_.layers; ++i) {
    const auto prefix = "blk." + std::to_string(i) + ".";
    Layer& layer = layers_[i];
    plan_attention(layer, prefix, jobs);
    layer.attention_end = norm(prefix + "attn_output_norm");
    plan(layer.up, {prefix + "ffn_up"}, width, spec_.ffn_width, jobs);
    plan(layer.down, {prefix + "ffn_down"}, spec_.ffn_width, width, jobs);
    layer.end = norm(prefix + "layer_output_norm");
  }
  const auto& spec = *spec_.encoder;
  encoder_.positions = vector("position_embd.weight", spec_.context * width, false);
  if (spec.token_types > 0) encoder_.types = vector("token_types.weight", spec.token_types * width, false);
  encoder_.embedding_norm = norm("token_embd_norm");
  if (spec.pooling != Pooling::rank) return;
  if (spec.has_head) plan(encoder_.head, {"cls"}, width, width, jobs);
  plan(encoder_.labels, {"cls.output"}, width, spec.labels, jobs);
}

Weights::Weights(const gguf::File& file, const ModelSpec& spec, os::Team& team,
                 const std::function<void(double)>& progress)
    : file_(file), spec_(spec), layers_(spec.layers) {
  std::vector<Job> jobs;
  embedding_ = &tensor("token_embd.weight");
  check_shape(*embedding_, spec.width, spec.vocabulary);
  embedding_format_ = format_of(*embedding_);
  if (spec.encoder) {
    plan_encoder(jobs);
  } else {
    for (std::size_t i = 0; i < spec.layers; ++i) plan_layer(layers_[i], i, jobs);
    final_norm_ = vector("output_norm.weight", spec.width, false);
    // Tied embeddings: a file without output.weight multiplies by the embedding itself.
    plan(output_, {file.find_tensor("output.weight") != nullptr ? "output" : "token_embd"}, spec.width, spec.vocabulary,
         jobs);
  }
  for (const auto& t : file.tensors()) parameters_ += t.elements();
  double taken = 0;
  for (const auto& job : jobs)
    taken += job.share * static_cast<double>(job.linear->panels.outputs * job.linear->panels.inputs);
  layer_parameters_ = static_cast<std::size_t>(taken) - output_parameters();
  pack_all(jobs, team, progress);
}

/// Each group's shares of all matrices lie together, from a huge page of its own on: who touches a page first has it in
/// its node's memory.
void Weights::lay_out(std::vector<Job>& jobs, const Shares& shares) {
  const auto cut = [&](Cutter c) {
    for (unsigned group = 0; group < shares.groups(); ++group) {
      c.bytes((os::huge_page - c.used() % os::huge_page) % os::huge_page);
      for (auto& job : jobs) {
        const std::size_t count = shares.count(job.panels(), group);
        const auto& shape = job.linear->panels;
        const auto* quants = c.bytes(count * shape.quant_stride());
        const auto* scales = c.bytes(count * shape.scale_stride());
        if (quants == nullptr) continue;
        const std::size_t begin = shares.begin(job.panels(), group);
        job.linear->views.push_back({shape.format, shape.outputs, shape.inputs, quants - begin * shape.quant_stride(),
                                     scales - begin * shape.scale_stride()});
      }
    }
    return c.used();
  };
  constexpr std::size_t prefetch_margin = 8192;  // kernels prefetch past the end
  memory_ = os::Buffer(cut(Cutter(nullptr)) + prefetch_margin);
  cut(Cutter(memory_.data()));
}

void Weights::pack_all(std::vector<Job>& jobs, os::Team& team, const std::function<void(double)>& progress) {
  const Shares shares(team.placement());
  lay_out(jobs, shares);
  bytes_per_token_ = kernels::row_bytes(embedding_format_, spec_.width);
  const gguf::Tensor* before = nullptr;  // jobs of one tensor follow each other
  std::size_t all = 0;
  for (const auto& job : jobs) {
    const auto& shape = job.linear->panels;
    bytes_per_token_ +=
        static_cast<std::size_t>(job.share * static_cast<double>(shape.quant_bytes() + shape.scale_bytes()));
    all += job.panels();
    if (job.tensor != std::exchange(before, job.tensor)) file_.read_ahead(*job.tensor);
  }
  os::Tickets tickets(shares.groups());
  std::atomic<std::size_t> packed{0};
  const os::Team::Lead lead(team);
  team.run([&](unsigned member) {
    // Nobody helps another group: it would take its weights away.
    for (Walk walk(shares, tickets, member, false); walk.next(std::span<const Job>(jobs));) {
      auto& job = jobs[walk.part()];
      job.pack(job.linear->views[walk.group()], walk.first(), walk.last());
      const std::size_t done = packed.fetch_add(walk.last() - walk.first()) + walk.last() - walk.first();
      if (member == 0 && progress) progress(static_cast<double>(done) / static_cast<double>(all));
    }
  });
  for (const auto& job : jobs) {
    if (job.bad.load()) refuse_values(job.tensor->name);
    if (job.tensor != std::exchange(before, job.tensor)) file_.release(*job.tensor);
  }
  if (embedding_ != jobs.back().tensor) check_embedding(team);
}

/// An embedding that nothing multiplies by stays in the file; its rows are looked through once.
void Weights::check_embedding(os::Team& team) {
  file_.read_ahead(*embedding_);
  constexpr std::size_t chunk = 256;  // rows a task
  std::atomic<bool> good{true};
  os::Tickets tickets;
  team.run([&](unsigned) {
    for (auto task = tickets.take(1); task * chunk < spec_.vocabulary; task = tickets.take(1)) {
      const std::size_t first = task * chunk, last = std::min(first + chunk, spec_.vocabulary);
      if (!rows_finite(*embedding_, first, last)) good.store(false, std::memory_order_relaxed);
    }
  });
  if (!good.load()) refuse_values(embedding_->name);
  file_.release(*embedding_);
}

void Weights::embed(std::size_t token, float* out) const {
  CHECK(token < spec_.vocabulary);
  const std::size_t stride = kernels::row_bytes(embedding_format_, spec_.width);
  kernels::dequantize_row(embedding_format_, embedding_->bytes.data() + token * stride, spec_.width, out);
  if (spec_.embedding_scale != 1.0f)
    for (std::size_t i = 0; i < spec_.width; ++i) out[i] *= spec_.embedding_scale;
}

}  // namespace cofre::model
