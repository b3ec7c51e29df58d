#include "huggingface/tensors.h"

#include <charconv>
#include <cstring>

#include "base/error.h"
#include "kernels/quantize_row.h"
#include "os/mapped_file.h"

namespace cofre::huggingface {
namespace {

constexpr std::size_t piece_bytes = 4 << 20;

/// The suffix of a name: ".weight" or ".bias", as they are called in GGUF (".gamma" and ".beta" are older names).
std::pair<std::string_view, std::string_view> split_suffix(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> suffixes[] = {
      {".weight", ".weight"}, {".bias", ".bias"}, {".gamma", ".weight"}, {".beta", ".bias"}};
  for (const auto& [theirs, ours] : suffixes)
    if (name.ends_with(theirs)) return {name.substr(0, name.size() - theirs.size()), ours};
  return {name, ""};
}

std::optional<Named> look_up(const std::vector<NameRow>& rows, std::string_view name) {
  const auto [stem, suffix] = split_suffix(name);
  for (const auto& row : rows) {
    if (row.change == Change::drop && name.starts_with(row.theirs) &&
        (name.size() == row.theirs.size() || name[row.theirs.size()] == '.'))
      return Named{"", Change::drop};
    if (row.change != Change::drop && row.theirs == stem && !suffix.empty())
      return Named{std::string(row.ours) + std::string(suffix), row.change};
  }
  return std::nullopt;
}

kernels::Format format_of(const safetensors::Tensor& source) {
  switch (source.type) {
    case safetensors::Type::f32: return kernels::Format::f32;
    case safetensors::Type::f16: return kernels::Format::f16;
    case safetensors::Type::bf16: return kernels::Format::bf16;
    default: break;
  }
  fail_field(Code::unsupported, source.name, "tensor {} has values of type {}; F32, F16 and BF16 can be imported",
             source.name, source.type_name);
}

/// Where row `row` of the result stands in the source.
std::size_t source_row(const Tensor& tensor, std::size_t row) {
  switch (tensor.change) {
    case Change::skip_first_rows: return row + tensor.skipped;
    case Change::interleave_queries:
    case Change::interleave_keys: {
      const std::size_t head = tensor.rows / tensor.heads, inside = row % head;
      return row - inside + inside % 2 * (head / 2) + inside / 2;
    }
    default: return row;
  }
}

}  // namespace

Named name_of(const Family& family, std::string_view theirs) {
  std::string_view name = theirs;
  for (const auto prefix : family.prefixes)
    if (name.starts_with(prefix)) {
      name.remove_prefix(prefix.size());
      break;
    }
  std::optional<Named> found;
  if (name.starts_with(family.layers)) {
    name.remove_prefix(family.layers.size());
    std::size_t layer = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), layer);
    if (error == std::errc() && end != name.data() + name.size() && *end == '.') {
      found = look_up(family.layer_names, name.substr(static_cast<std::size_t>(end - name.data()) + 1));
      if (found && !found->name.empty()) found->name = fmt::format("blk.{}.{}", layer, found->name);
    }
  } else {
    found = look_up(family.names, name);
  }
  if (!found)
    fail_field(Code::unsupported, std::string(theirs), "the family {} has no tensor {}", family.architecture, theirs);
  return *found;
}

void write_tensor(const Tensor& tensor, const std::function<void(std::span<const std::byte>)>& sink) {
  const auto from = tensor.source == nullptr ? kernels::Format::f32 : format_of(*tensor.source);
  const auto bytes = tensor.source == nullptr ? std::as_bytes(std::span(tensor.made)) : tensor.source->bytes;
  const std::size_t stride = kernels::row_bytes(from, tensor.width);
  const bool in_order = tensor.change == Change::none || tensor.change == Change::skip_first_rows;
  if (from == tensor.format && in_order) {
    for (auto left = bytes.subspan(tensor.skipped * stride); !left.empty();) {
      const auto piece = left.first(std::min(left.size(), piece_bytes));
      sink(piece);
      left = left.subspan(piece.size());
    }
    os::release(bytes);
    return;
  }
  const std::size_t row_bytes = kernels::row_bytes(tensor.format, tensor.width);
  std::vector<float> values(tensor.width);
  std::vector<std::byte> piece;
  for (std::size_t row = 0; row < tensor.rows; ++row) {
    kernels::dequantize_row(from, bytes.data() + source_row(tensor, row) * stride, tensor.width, values.data());
    if (tensor.change == Change::add_one)
      for (float& value : values) value += 1;
    const std::size_t at = piece.size();
    piece.resize(at + row_bytes);
    if (!kernels::quantize_row(tensor.format, values.data(), tensor.width, piece.data() + at))
      fail_field(Code::invalid, tensor.name, "tensor {} holds values that are not finite",
                 tensor.source == nullptr ? tensor.name : tensor.source->name);
    if (piece.size() < piece_bytes && row + 1 < tensor.rows) continue;
    sink(piece);
    piece.clear();
  }
  os::release(bytes);
}

}  // namespace cofre::huggingface
