#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "os/mapped_file.h"

/// The safetensors weight file (huggingface/safetensors, "Format"). Numbers little-endian:
///
///   u64 N | N bytes of JSON | data
///   JSON = {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [BEGIN, END]}, …, "__metadata__": {…}}
///   shape: outermost first; offsets count from the data's begin; tensors lie one behind the other without holes
namespace cofre::safetensors {

/// Element formats; of what is neither of the first three only the size counts.
enum class Type { f32, f16, bf16, other };

struct Tensor {
  std::string name;
  std::string type_name;  ///< as in the file: "BF16", "I64"
  Type type = Type::other;
  std::vector<std::uint64_t> shape;  ///< outermost first; empty: one number
  std::span<const std::byte> bytes;  ///< proved to lie inside the file
};

/// Tensors of one file, in the order of their bytes. Views into `file`, which must outlive them. Throws Error(invalid)
/// naming the tensor where an offset, a size or a shape is wrong, tensors overlap or leave holes.
std::vector<Tensor> parse(std::span<const std::byte> file);

/// The weights of a folder, mapped read-only: `model.safetensors`, or the files that `model.safetensors.index.json`
/// names.
class Weights {
 public:
  /// Throws Error(not_found) where neither is there, Error(invalid) naming the file that is wrong, and the tensor where
  /// the index and the files do not agree.
  static Weights open(const std::filesystem::path& folder);

  std::span<const Tensor> tensors() const noexcept { return tensors_; }
  const Tensor* find(std::string_view name) const noexcept;

 private:
  void take(const std::filesystem::path& file);
  std::vector<os::MappedFile> files_;
  std::vector<Tensor> tensors_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

}  // namespace cofre::safetensors
