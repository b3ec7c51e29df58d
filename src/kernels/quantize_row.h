#pragma once

#include <cstddef>

#include "kernels/format.h"

namespace cofre::kernels {

/// Turns a row of floats into a format as a file stores it: f32, f16, bf16, q8_0 or q4_0. False where a value, or the
/// scale of its block, is not finite.
///
/// Shapes    row [inputs], inputs % block == 0; out: row_bytes(format, inputs) bytes.
/// Source    ggml-quants.c, quantize_row_q4_0_ref and quantize_row_q8_0_ref.
bool quantize_row(Format format, const float* row, std::size_t inputs, std::byte* out);

}  // namespace cofre::kernels
