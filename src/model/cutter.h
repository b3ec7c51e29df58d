#pragma once

#include <cstddef>

#include "kernels/kernels.h"

namespace cofre::model {

constexpr std::size_t align64(std::size_t bytes) { return (bytes + 63) / 64 * 64; }
/// What a row of a head's values is made up to.
constexpr std::size_t padded(std::size_t width) { return (width + 15) / 16 * 16; }

/// Cuts a buffer into aligned arrays; without memory it only counts.
class Cutter {
 public:
  explicit Cutter(std::byte* memory) : memory_(memory) {}
  std::byte* bytes(std::size_t count) {
    auto* here = memory_ == nullptr ? nullptr : memory_ + used_;
    used_ += align64(count);
    return here;
  }
  float* floats(std::size_t count) { return reinterpret_cast<float*>(bytes(count * sizeof(float))); }
  /// What products read of `count` rows of `values`.
  void bind(kernels::Rows& rows, std::size_t count, std::size_t inputs, float* values) {
    auto* memory = bytes(kernels::rows_bytes(count, inputs));
    if (memory == nullptr) return;
    rows = kernels::bind_rows(memory, count, inputs);
    rows.values = values;
    rows.value_stride = inputs;
  }
  std::size_t used() const { return used_; }

 private:
  std::byte* memory_;
  std::size_t used_ = 0;
};

}  // namespace cofre::model
