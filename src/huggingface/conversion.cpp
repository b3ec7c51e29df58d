#include "huggingface/conversion.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/checked.h"
#include "base/error.h"
#include "gguf/gguf.h"
#include "gguf/writer.h"
#include "huggingface/folder.h"
#include "huggingface/tensors.h"

namespace cofre::huggingface {
namespace {

using kernels::Format;

gguf::Type file_type(Format format) {
  switch (format) {
    case Format::f32: return gguf::Type::f32;
    case Format::f16: return gguf::Type::f16;
    case Format::bf16: return gguf::Type::bf16;
    case Format::q8_0: return gguf::Type::q8_0;
    default: return gguf::Type::q4_0;
  }
}

/// general.file_type: the format of most matrices, by llama.cpp's numbers.
std::uint32_t type_number(Format format) {
  switch (format) {
    case Format::f32: return 0;
    case Format::f16: return 1;
    case Format::bf16: return 32;
    case Format::q8_0: return 7;
    default: return 2;
  }
}

Format matrix_format(std::string_view name, const safetensors::Tensor& source, std::size_t width,
                     Quantization quantization) {
  if (name == "position_embd.weight" || name == "token_types.weight") return Format::f32;
  if (quantization == Quantization::none)
    return source.type == safetensors::Type::f32   ? Format::f32
           : source.type == safetensors::Type::f16 ? Format::f16
                                                   : Format::bf16;
  constexpr std::size_t block = 32;
  if (width % block != 0) return Format::f16;
  const bool edge = name == "token_embd.weight" || name == "output.weight";
  return quantization == Quantization::q4_0 && !edge ? Format::q4_0 : Format::q8_0;
}

Tensor planned(const safetensors::Tensor& source, Named named, const Config& config, Quantization quantization) {
  Tensor tensor;
  tensor.name = std::move(named.name);
  tensor.source = &source;
  tensor.change = named.change;
  const auto dims = source.shape.size();
  if (dims < 1 || dims > 2 || source.bytes.empty() || source.type == safetensors::Type::other)
    fail_field(Code::unsupported, source.name,
               "tensor {} has {} dimensions of type {}; vectors and matrices of F32, F16 and BF16 can be imported",
               source.name, dims, source.type_name);
  tensor.matrix = dims == 2;
  tensor.rows = tensor.matrix ? source.shape[0] : 1;
  tensor.width = source.shape[dims - 1];
  tensor.format = tensor.matrix ? matrix_format(tensor.name, source, tensor.width, quantization) : Format::f32;
  if (tensor.change == Change::skip_first_rows) {
    tensor.skipped = config.number("pad_token_id", 0, 1024) + 1;
    if (!tensor.matrix || tensor.rows <= tensor.skipped)
      fail_field(Code::invalid, source.name, "tensor {} has {} rows, of which {} are skipped", source.name, tensor.rows,
                 tensor.skipped);
    tensor.rows -= tensor.skipped;
  }
  if (tensor.change == Change::interleave_queries || tensor.change == Change::interleave_keys) {
    const auto heads = config.number("num_attention_heads", 1, 1024);
    tensor.heads =
        tensor.change == Change::interleave_queries ? heads : config.number("num_key_value_heads", 1, 1024, heads);
    if (!tensor.matrix) std::swap(tensor.rows, tensor.width);  // a bias is turned value by value
    if (tensor.rows % (2 * tensor.heads) != 0)
      fail_field(Code::invalid, source.name, "tensor {}: {} rows are not {} heads", source.name, tensor.rows,
                 tensor.heads);
  }
  return tensor;
}

/// Every layer has what the first one has, and all are there.
void expect_layers(const std::vector<Tensor>& tensors, std::size_t layers) {
  std::map<std::string, std::set<std::string>> by_layer;
  for (const auto& tensor : tensors) {
    if (!tensor.name.starts_with("blk.")) continue;
    const auto dot = tensor.name.find('.', 4);
    by_layer[tensor.name.substr(4, dot - 4)].insert(tensor.name.substr(dot + 1));
  }
  for (std::size_t layer = 0; layer < layers; ++layer)
    for (const auto& name : by_layer["0"])
      if (!by_layer[std::to_string(layer)].contains(name))
        fail_field(Code::invalid, "num_hidden_layers",
                   "config.json: num_hidden_layers is {}, but the weights hold no blk.{}.{}", layers, layer, name);
  if (by_layer.size() != layers)
    fail_field(Code::invalid, "num_hidden_layers", "config.json: num_hidden_layers is {}, but the weights hold {}",
               layers, by_layer.size());
}

const Tensor* find(const std::vector<Tensor>& tensors, std::string_view name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const Tensor& one) { return one.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

std::vector<Tensor> plan(const Family& family, const Config& config, const safetensors::Weights& weights,
                         Quantization quantization) {
  std::vector<Tensor> tensors;
  std::set<std::string> names;
  const bool tied = config.boolean("tie_word_embeddings", false);
  for (const auto& source : weights.tensors()) {
    auto named = name_of(family, source.name);
    if (named.name.empty() || (tied && named.name == "output.weight")) continue;
    if (!names.insert(named.name).second)
      fail_field(Code::invalid, source.name, "two tensors would become {}", named.name);
    tensors.push_back(planned(source, std::move(named), config, quantization));
  }
  expect_layers(tensors, config.number("num_hidden_layers", 1, 1024));
  if (find(tensors, "token_embd.weight") == nullptr) fail(Code::invalid, "the weights hold no embeddings");
  const bool apart = config.find("tie_word_embeddings") != nullptr && !tied && family.architecture != "bert";
  if (apart && find(tensors, "output.weight") == nullptr)
    fail_field(Code::invalid, "tie_word_embeddings",
               "the weights hold no lm_head.weight, and config.json does not tie it to the embeddings");
  return tensors;
}

/// bert.pooling_type: a head that ranks goes first.
unsigned pooling_of(const Folder& folder, std::vector<std::string>& notes) {
  constexpr unsigned mean = 1, rank = 4;
  if (folder.config.model_class().ends_with("ForSequenceClassification")) return rank;
  if (!folder.pooling)
    notes.push_back("the folder does not tell how tokens' vectors become one (modules.json): their mean");
  return folder.pooling.value_or(mean);
}

std::uint64_t padded(std::uint64_t bytes) { return *checked_align<std::uint64_t>(bytes, gguf::Writer::alignment); }

}  // namespace

std::optional<Quantization> find_quantization(std::string_view name) {
  if (name == "Q8_0") return Quantization::q8_0;
  if (name == "Q4_0") return Quantization::q4_0;
  return std::nullopt;
}

std::string_view name_of(Quantization quantization) noexcept {
  switch (quantization) {
    case Quantization::q8_0: return "Q8_0";
    case Quantization::q4_0: return "Q4_0";
    default: return "";
  }
}

struct Conversion::Parts {
  safetensors::Weights weights;
  std::vector<Tensor> tensors;
  std::vector<std::byte> head;
  std::vector<std::string> notes;
  std::uint64_t bytes = 0;
};

Conversion::Conversion(const std::filesystem::path& path, Quantization quantization)
    : parts_(std::make_unique<Parts>()) {
  auto folder = Folder::read(path);
  const auto& family = family_of(folder.config);
  parts_->weights = safetensors::Weights::open(path);
  auto& tensors = parts_->tensors;
  tensors = plan(family, folder.config, parts_->weights, quantization);

  gguf::Writer writer;
  writer.add("general.architecture", family.architecture);
  writer.add("general.type", "model");
  writer.add("general.name", std::string_view(std::filesystem::absolute(path / "").parent_path().filename().string()));
  const auto* embeddings = find(tensors, "token_embd.weight");
  const auto* any_matrix = find(tensors, "blk.0.attn_output.weight");
  writer.add("general.file_type", type_number((any_matrix != nullptr ? any_matrix : embeddings)->format));
  if (quantization != Quantization::none) writer.add("general.quantization_version", std::uint32_t{2});
  auto made = family.write_keys(folder.config, writer, folder.tokenizer.notes);
  if (family.architecture == "bert")
    writer.add("bert.pooling_type", std::uint32_t{pooling_of(folder, folder.tokenizer.notes)});
  folder.tokenizer.pad(embeddings->rows);
  folder.write(writer);

  for (auto& one : made) {
    Tensor tensor;
    tensor.name = std::move(one.name);
    tensor.width = one.values.size();
    tensor.made = std::move(one.values);
    tensors.push_back(std::move(tensor));
  }
  for (const auto& tensor : tensors) {
    const std::uint64_t elements = tensor.rows * tensor.width;
    const std::uint64_t matrix[] = {tensor.width, tensor.rows}, vector[] = {elements};
    writer.announce_tensor(
        tensor.name, file_type(tensor.format),
        tensor.matrix ? std::span<const std::uint64_t>(matrix) : std::span<const std::uint64_t>(vector),
        tensor.bytes());
    parts_->bytes += padded(tensor.bytes());
  }
  parts_->head = writer.head();
  parts_->bytes += parts_->head.size();
  parts_->notes = std::move(folder.tokenizer.notes);
}

Conversion::Conversion(Conversion&&) noexcept = default;
Conversion::~Conversion() = default;

std::uint64_t Conversion::bytes() const noexcept { return parts_->bytes; }
std::span<const std::string> Conversion::notes() const noexcept { return parts_->notes; }

void Conversion::write(const std::function<void(std::span<const std::byte>)>& sink) const {
  sink(parts_->head);
  constexpr std::byte zeros[gguf::Writer::alignment] = {};
  for (const auto& tensor : parts_->tensors) {
    write_tensor(tensor, sink);
    sink(std::span(zeros).first(padded(tensor.bytes()) - tensor.bytes()));
  }
}

}  // namespace cofre::huggingface
