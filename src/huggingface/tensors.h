#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "huggingface/families.h"
#include "kernels/format.h"
#include "safetensors/safetensors.h"

namespace cofre::huggingface {

struct Named {
  std::string name;  ///< in the GGUF; empty where the tensor is dropped
  Change change = Change::none;
};
/// A tensor's name in the GGUF. Throws Error(unsupported) where the family knows no such tensor.
Named name_of(const Family& family, std::string_view theirs);

/// A tensor on its way: from a file of weights, or made here.
struct Tensor {
  std::string name;
  kernels::Format format{};
  std::size_t rows = 1, width = 0;  ///< of the result
  bool matrix = false;
  const safetensors::Tensor* source = nullptr;
  Change change = Change::none;
  std::size_t heads = 1;      ///< of interleave_…
  std::size_t skipped = 0;    ///< of skip_first_rows
  std::vector<float> made{};  ///< where there is no source

  std::uint64_t bytes() const { return rows * kernels::row_bytes(format, width); }
};

/// Gives away the tensor's bytes. Throws Error(invalid) naming it where a value is not finite.
void write_tensor(const Tensor& tensor, const std::function<void(std::span<const std::byte>)>& sink);

}  // namespace cofre::huggingface
