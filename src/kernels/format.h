#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cofre::kernels {

/// Element formats of weights. The first four columns of the table say how a file stores them (ggml's block formats),
/// the last three how a panel does (docs/formats/panels.md).
enum class Format : std::uint8_t {
  f32,
  f16,
  bf16,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q8_0,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  iq4_nl,
  iq4_xs,
  mxfp4,
};
inline constexpr std::size_t format_count = 16;

struct FormatTraits {
  Format format;
  std::string_view name;
  std::uint32_t block;        ///< elements of a file block
  std::uint32_t block_bytes;  ///< bytes of a file block
  std::uint32_t record;       ///< inputs of a panel record: 256 or 32; 1 for float formats
  std::uint32_t quant_bytes;  ///< bytes of a record's quants, 16 outputs together
  std::uint32_t scale_bytes;  ///< bytes of a record's scales and minima, 16 outputs together
};

const FormatTraits& traits(Format format);
inline bool is_float(Format format) { return format <= Format::bf16; }
/// The format with this name ("Q4_K"), as model files call it.
std::optional<Format> find_format(std::string_view name);

/// Bytes of one row of `inputs` elements as a file stores it. Requires inputs % block == 0.
std::size_t row_bytes(Format format, std::size_t inputs);

/// Turns one row as a file stores it into floats: the meaning of every format.
///
/// Shapes    row: row_bytes(format, inputs) bytes; out [inputs].
/// Source    ggml-quants.c, dequantize_row_*; OCP Microscaling Formats v1.0 for MXFP4.
void dequantize_row(Format format, const std::byte* row, std::size_t inputs, float* out);

/// IEEE 754 binary16 → float and back (to nearest, ties to even).
float half_to_float(std::uint16_t half) noexcept;
std::uint16_t float_to_half(float value) noexcept;
/// bfloat16 → float and back (to nearest, ties to even).
float bf16_to_float(std::uint16_t bits) noexcept;
std::uint16_t float_to_bf16(float value) noexcept;

/// The 16 values that a 4-bit code stands for in IQ4_NL and IQ4_XS, and (doubled) in MXFP4.
extern const std::int8_t iq4_values[16];
extern const std::int8_t mxfp4_values[16];

}  // namespace cofre::kernels
