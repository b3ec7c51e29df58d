#include "kernels/quantize_row.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"

namespace cofre::kernels {
namespace {

constexpr std::size_t block = 32;

/// Writes a block's scale; false where half precision cannot hold it.
bool put_scale(float scale, std::byte* out) {
  const std::uint16_t half = float_to_half(scale);
  std::memcpy(out, &half, sizeof half);
  return std::isfinite(half_to_float(half));
}

/// 0 of a scale so small that half precision has none.
float inverse_of(float scale) { return std::fabs(scale) > 1e-30f ? 1 / scale : 0; }

/// scale · q, q in −127…127
bool quantize_q8_0(const float* x, std::byte* out) {
  float largest = 0;
  for (std::size_t i = 0; i < block; ++i) largest = std::max(largest, std::fabs(x[i]));
  const float scale = largest / 127, inverse = inverse_of(scale);
  auto* quants = reinterpret_cast<std::int8_t*>(out + 2);
  for (std::size_t i = 0; i < block; ++i) quants[i] = static_cast<std::int8_t>(std::lround(x[i] * inverse));
  return put_scale(scale, out);
}

/// scale · (q − 8), q in 0…15; the value of the largest magnitude becomes −8.
bool quantize_q4_0(const float* x, std::byte* out) {
  float extreme = 0;
  for (std::size_t i = 0; i < block; ++i)
    if (std::fabs(x[i]) > std::fabs(extreme)) extreme = x[i];
  const float scale = extreme / -8, inverse = inverse_of(scale);
  const auto quant = [&](float value) {
    return static_cast<unsigned>(std::min(15, static_cast<int>(value * inverse + 8.5f)));
  };
  for (std::size_t i = 0; i < block / 2; ++i)
    out[2 + i] = static_cast<std::byte>(quant(x[i]) | quant(x[i + block / 2]) << 4);
  return put_scale(scale, out);
}

bool all_finite(const float* x, std::size_t count) {
  float sum = 0;  // x − x is 0, or NaN for what is not finite
  for (std::size_t i = 0; i < count; ++i) sum += x[i] - x[i];
  return sum == 0;
}

}  // namespace

bool quantize_row(Format format, const float* row, std::size_t inputs, std::byte* out) {
  if (!all_finite(row, inputs)) return false;
  if (format == Format::f32) {
    std::memcpy(out, row, inputs * sizeof(float));
    return true;
  }
  bool finite = true;
  if (format == Format::f16 || format == Format::bf16) {
    for (std::size_t i = 0; i < inputs; ++i) {
      const std::uint16_t bits = format == Format::f16 ? float_to_half(row[i]) : float_to_bf16(row[i]);
      finite &= std::isfinite(format == Format::f16 ? half_to_float(bits) : bf16_to_float(bits));
      std::memcpy(out + i * sizeof bits, &bits, sizeof bits);
    }
    return finite;
  }
  CHECK((format == Format::q8_0 || format == Format::q4_0) && inputs % block == 0);
  const std::size_t bytes = traits(format).block_bytes;
  for (std::size_t at = 0; at < inputs; at += block, out += bytes)
    finite &= format == Format::q8_0 ? quantize_q8_0(row + at, out) : quantize_q4_0(row + at, out);
  return finite;
}

}  // namespace cofre::kernels
