#pragma once

#include <cstddef>

#include "kernels/format.h"

namespace cofre::kernels {

/// Outputs that stand side by side in a panel.
inline constexpr std::size_t panel_width = 16;
/// Inputs that share one scale of a requantised strip; the unit in which activations are laid out.
inline constexpr std::size_t group_width = 256;
/// Inputs that share one activation scale: 32, in prompt rows 64, the depth of one AMX product (two neighbouring scales
/// are equal there). docs/decisions/activation-scales.md says what other widths cost.
inline constexpr std::size_t scale_width = 32, prompt_scale_width = 64;
inline constexpr std::size_t group_scales = group_width / scale_width;

/// A weight matrix [outputs, inputs], packed for the kernels: panels of 16 outputs, each a run of records of 256 or 32
/// inputs; scales lie apart from quants. A view: the memory belongs to who packed it. docs/formats/panels.md draws it.
///
///   quants   panel 0: record 0, record 1, …   panel 1: …        record = traits.quant_bytes, 64-byte vectors
///   scales   panel 0: record 0, record 1, …   panel 1: …        record = traits.scale_bytes
struct Panels {
  Format format = Format::f32;
  std::size_t outputs = 0;
  std::size_t inputs = 0;
  const std::byte* quants = nullptr;  ///< 64-byte aligned
  const std::byte* scales = nullptr;  ///< 16-byte aligned; unused by float formats

  std::size_t panels() const { return (outputs + panel_width - 1) / panel_width; }
  std::size_t records() const { return inputs / traits(format).record; }
  std::size_t quant_stride() const { return records() * traits(format).quant_bytes; }
  std::size_t scale_stride() const { return records() * traits(format).scale_bytes; }
  /// Bytes of all quants (a multiple of 64) and of all scales.
  std::size_t quant_bytes() const { return panels() * quant_stride(); }
  std::size_t scale_bytes() const { return panels() * scale_stride(); }
};

/// Packs panels [first, last) from rows as a file stores them. Outputs past the last row become zeros.
///
/// Requires  target.quants and .scales point to memory of quant_bytes() and scale_bytes(); rows holds
///           outputs × row_bytes(format, inputs) bytes; inputs is a multiple of the format's block.
void pack(const std::byte* rows, const Panels& target, std::size_t first, std::size_t last);

}  // namespace cofre::kernels
