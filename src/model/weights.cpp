#include "model/weights.h"

#include <atomic>
#include <cmath>
#include <cstring>
#include <string>

#include "base/error.h"

namespace cofre::model {
namespace {

using kernels::Format;
using kernels::Panels;

constexpr std::size_t align64(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

Format format_of(const gguf::Tensor& tensor) {
  const auto format = kernels::find_format(gguf::traits(tensor.type).name);
  CHECK(format.has_value());
  return *format;
}

void check_shape(const gguf::Tensor& tensor, std::size_t inputs, std::size_t outputs) {
  if (tensor.shape[0] == inputs && tensor.shape[1] == outputs && tensor.shape[2] == 1 && tensor.shape[3] == 1) return;
  fail(Code::invalid, "tensor {} is [{}, {}]; the model needs [{}, {}]", tensor.name, tensor.shape[1], tensor.shape[0],
       outputs, inputs);
}

/// Whether all scales of packed panels (or, of float formats, all weights) are numbers.
bool finite(const Panels& w, std::size_t first, std::size_t last) {
  const bool bf16 = w.format == Format::bf16;
  const auto halves_finite = [&](const std::byte* at, std::size_t count) {
    const std::uint16_t exponent = bf16 ? 0x7f80 : 0x7c00;
    bool good = true;
    for (std::size_t i = 0; i < count; ++i) {
      std::uint16_t half;
      std::memcpy(&half, at + 2 * i, 2);
      good &= (half & exponent) != exponent;
    }
    return good;
  };
  if (w.format == Format::f32) {
    bool good = true;
    for (std::size_t i = first * w.quant_stride(); i < last * w.quant_stride(); i += 4) {
      std::uint32_t bits;
      std::memcpy(&bits, w.quants + i, 4);
      good &= (bits & 0x7f800000) != 0x7f800000;
    }
    return good;
  }
  if (kernels::is_float(w.format))
    return halves_finite(w.quants + first * w.quant_stride(), (last - first) * w.quant_stride() / 2);
  if (w.format == Format::mxfp4) return true;  // exponents of 8 bits: all but 255 are numbers, and 255 is refused by range
  const auto& t = kernels::traits(w.format);
  const std::size_t halves = t.scale_bytes == 32 || t.scale_bytes == 64 ? t.scale_bytes / 2
                             : t.scale_bytes >= 64 + 256               ? 32
                                                                        : 16;
  bool good = true;
  for (std::size_t p = first; p < last; ++p)
    for (std::size_t r = 0; r < w.records(); ++r)
      good &= halves_finite(w.scales + p * w.scale_stride() + r * t.scale_bytes, halves);
  return good;
}

}  // namespace

/// Packing one tensor.
struct Weights::Job {
  const gguf::Tensor* tensor;
  Linear* linear;
  std::size_t offset;  ///< of its quants within the memory
  std::atomic<bool> bad{false};

  Job(const gguf::Tensor* t, Linear* l, std::size_t o) : tensor(t), linear(l), offset(o) {}
  Job(Job&& other) noexcept : tensor(other.tensor), linear(other.linear), offset(other.offset) {}
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
  if (t.elements() != size || t.shape[0] != size)
    fail(Code::invalid, "tensor {} holds {} values; the model needs {}", name, t.elements(), size);
  if (t.type != gguf::Type::f32 && t.type != gguf::Type::f16 && t.type != gguf::Type::bf16)
    fail(Code::invalid, "tensor {} is {}; it must be F32, F16 or BF16", name, gguf::traits(t.type).name);
  std::vector<float> out(size);
  kernels::dequantize_row(format_of(t), t.bytes.data(), size, out.data());
  for (float x : out)
    if (!std::isfinite(x)) fail(Code::invalid, "tensor {} holds values that are not numbers", name);
  return out;
}

void Weights::plan(Linear& linear, const std::string& name, std::size_t inputs, std::size_t outputs,
                   std::vector<Job>& jobs) {
  const auto& t = tensor(name + ".weight");
  check_shape(t, inputs, outputs);
  linear.panels = {format_of(t), outputs, inputs, nullptr, nullptr};
  linear.bias = vector(name + ".bias", outputs, true);
  const std::size_t offset = jobs.empty() ? 0
                                          : jobs.back().offset + align64(jobs.back().linear->panels.quant_bytes()) +
                                                align64(jobs.back().linear->panels.scale_bytes());
  jobs.emplace_back(&t, &linear, offset);
}

Weights::Weights(const gguf::File& file, const ModelSpec& spec, os::Team& team,
                 const std::function<void(double)>& progress)
    : file_(file), spec_(spec), layers_(spec.layers) {
  const std::size_t attention_width = spec.heads * spec.head_width, kv_width = spec.kv_heads * spec.head_width;
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < spec.layers; ++i) {
    Layer& layer = layers_[i];
    const std::string prefix = "blk." + std::to_string(i) + ".";
    layer.attention_norm = vector(prefix + "attn_norm.weight", spec.width, false);
    layer.query_norm = vector(prefix + "attn_q_norm.weight", spec.head_width, true);
    layer.key_norm = vector(prefix + "attn_k_norm.weight", spec.head_width, true);
    layer.attention_post_norm = vector(prefix + "post_attention_norm.weight", spec.width, true);
    layer.ffn_norm = vector(prefix + "ffn_norm.weight", spec.width, false);
    layer.ffn_post_norm = vector(prefix + "post_ffw_norm.weight", spec.width, true);
    plan(layer.query, prefix + "attn_q", spec.width, attention_width, jobs);
    plan(layer.key, prefix + "attn_k", spec.width, kv_width, jobs);
    plan(layer.value, prefix + "attn_v", spec.width, kv_width, jobs);
    plan(layer.output, prefix + "attn_output", attention_width, spec.width, jobs);
    plan(layer.gate, prefix + "ffn_gate", spec.width, spec.ffn_width, jobs);
    plan(layer.up, prefix + "ffn_up", spec.width, spec.ffn_width, jobs);
    plan(layer.down, prefix + "ffn_down", spec.ffn_width, spec.width, jobs);
  }
  final_norm_ = vector("output_norm.weight", spec.width, false);
  embedding_ = &tensor("token_embd.weight");
  check_shape(*embedding_, spec.width, spec.vocabulary);
  embedding_format_ = format_of(*embedding_);
  // Tied embeddings: a file without output.weight multiplies by the embedding itself.
  plan(output_, file.find_tensor("output.weight") != nullptr ? "output" : "token_embd", spec.width, spec.vocabulary, jobs);
  for (const auto& t : file.tensors()) parameters_ += t.elements();
  for (const auto& job : jobs) layer_parameters_ += job.linear->panels.outputs * job.linear->panels.inputs;
  layer_parameters_ -= output_parameters();
  pack_all(jobs, team, progress);
}

void Weights::pack_all(std::vector<Job>& jobs, os::Team& team, const std::function<void(double)>& progress) {
  const Job& end = jobs.back();
  const std::size_t bytes = end.offset + align64(end.linear->panels.quant_bytes()) + end.linear->panels.scale_bytes();
  constexpr std::size_t prefetch_margin = 8192;  // kernels prefetch past the end
  memory_ = os::Buffer(bytes + prefetch_margin);
  bytes_per_token_ = kernels::row_bytes(embedding_format_, spec_.width);
  constexpr std::size_t chunk = 16;  // panels a task
  std::vector<std::size_t> first_task(jobs.size() + 1);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    auto& panels = jobs[i].linear->panels;
    panels.quants = memory_.data() + jobs[i].offset;
    panels.scales = panels.quants + align64(panels.quant_bytes());
    bytes_per_token_ += panels.quant_bytes() + panels.scale_bytes();
    first_task[i + 1] = first_task[i] + (panels.panels() + chunk - 1) / chunk;
  }
  for (const auto& job : jobs) file_.read_ahead(*job.tensor);
  os::Tickets tickets;
  team.run([&](unsigned member) {
    std::size_t job = 0;
    for (auto task = tickets.take(1); task < first_task.back(); task = tickets.take(1)) {
      while (task >= first_task[job + 1]) ++job;
      const auto& panels = jobs[job].linear->panels;
      const std::size_t first = (task - first_task[job]) * chunk, last = std::min(first + chunk, panels.panels());
      kernels::pack(jobs[job].tensor->bytes.data(), panels, first, last);
      if (!finite(panels, first, last)) jobs[job].bad.store(true, std::memory_order_relaxed);
      if (member == 0 && progress) progress(static_cast<double>(task + 1) / static_cast<double>(first_task.back()));
    }
  });
  for (const auto& job : jobs) {
    if (job.bad.load()) fail(Code::invalid, "tensor {} holds values that are not numbers", job.tensor->name);
    file_.release(*job.tensor);
  }
}

void Weights::embed(std::size_t token, float* out) const {
  CHECK(token < spec_.vocabulary);
  const std::size_t stride = kernels::row_bytes(embedding_format_, spec_.width);
  kernels::dequantize_row(embedding_format_, embedding_->bytes.data() + token * stride, spec_.width, out);
  if (spec_.embedding_scale != 1.0f)
    for (std::size_t i = 0; i < spec_.width; ++i) out[i] *= spec_.embedding_scale;
}

}  // namespace cofre::model
