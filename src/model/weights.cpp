#include "model/weights.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <string>

#include "base/error.h"
#include "model/finite.h"

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
    if (!std::isfinite(x)) refuse_values(name);
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
  plan(output_, file.find_tensor("output.weight") != nullptr ? "output" : "token_embd", spec.width, spec.vocabulary,
       jobs);
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
      if (!rows_finite(*jobs[job].tensor, first * kernels::panel_width,
                       std::min(last * kernels::panel_width, panels.outputs)))
        jobs[job].bad.store(true, std::memory_order_relaxed);
      if (member == 0 && progress) progress(static_cast<double>(task + 1) / static_cast<double>(first_task.back()));
    }
  });
  for (const auto& job : jobs) {
    if (job.bad.load()) refuse_values(job.tensor->name);
    file_.release(*job.tensor);
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
