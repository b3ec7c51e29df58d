#include "kernels/format.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/error.h"

namespace cofre::kernels {
namespace {

// A record's quant bytes are the file's own bits, transposed; scales of K formats are widened from 6 to 8 bits.
constexpr std::array<FormatTraits, format_count> table{{
    {Format::f32, "F32", 1, 4, 1, 64, 0},
    {Format::f16, "F16", 1, 2, 1, 32, 0},
    {Format::bf16, "BF16", 1, 2, 1, 32, 0},
    {Format::q4_0, "Q4_0", 32, 18, 32, 256, 32},
    {Format::q4_1, "Q4_1", 32, 20, 32, 256, 64},
    {Format::q5_0, "Q5_0", 32, 22, 32, 320, 32},
    {Format::q5_1, "Q5_1", 32, 24, 32, 320, 64},
    {Format::q8_0, "Q8_0", 32, 34, 32, 512, 32},
    {Format::q2_k, "Q2_K", 256, 84, 256, 1024, 64 + 256},
    {Format::q3_k, "Q3_K", 256, 110, 256, 1536, 32 + 256},
    {Format::q4_k, "Q4_K", 256, 144, 256, 2048, 64 + 256},
    {Format::q5_k, "Q5_K", 256, 176, 256, 2560, 64 + 256},
    {Format::q6_k, "Q6_K", 256, 210, 256, 3072, 32 + 256},
    {Format::iq4_nl, "IQ4_NL", 32, 18, 32, 256, 32},
    {Format::iq4_xs, "IQ4_XS", 256, 136, 256, 2048, 32 + 128},
    {Format::mxfp4, "MXFP4", 32, 17, 32, 256, 16},
}};

template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

float half_at(const std::byte* at) { return half_to_float(load<std::uint16_t>(at)); }
unsigned byte_at(const std::byte* at, std::size_t i) { return std::to_integer<unsigned>(at[i]); }

/// Scale and minimum j of the eight 6-bit pairs in the 12 bytes of Q4_K and Q5_K.
struct ScaleMin {
  unsigned scale, min;
};
ScaleMin k_scale_min(const std::byte* s, unsigned j) {
  if (j < 4) return {byte_at(s, j) & 63, byte_at(s, j + 4) & 63};
  return {(byte_at(s, j + 4) & 15) | (byte_at(s, j - 4) >> 6 << 4),
          (byte_at(s, j + 4) >> 4) | (byte_at(s, j) >> 6 << 4)};
}

void from_q4_0(const std::byte* b, float* out) {
  const float d = half_at(b);
  for (unsigned i = 0; i < 16; ++i) {
    out[i] = d * (static_cast<int>(byte_at(b, 2 + i) & 15) - 8);
    out[i + 16] = d * (static_cast<int>(byte_at(b, 2 + i) >> 4) - 8);
  }
}

void from_q4_1(const std::byte* b, float* out) {
  const float d = half_at(b), m = half_at(b + 2);
  for (unsigned i = 0; i < 16; ++i) {
    out[i] = d * (byte_at(b, 4 + i) & 15) + m;
    out[i + 16] = d * (byte_at(b, 4 + i) >> 4) + m;
  }
}

void from_q5(const std::byte* quants, std::uint32_t high, float d, float m, float* out) {
  for (unsigned i = 0; i < 16; ++i) {
    out[i] = d * ((byte_at(quants, i) & 15) | (high >> i & 1) << 4) + m;
    out[i + 16] = d * ((byte_at(quants, i) >> 4) | (high >> (i + 16) & 1) << 4) + m;
  }
}

void from_q5_0(const std::byte* b, float* out) {
  const float d = half_at(b);
  from_q5(b + 6, load<std::uint32_t>(b + 2), d, -16 * d, out);
}

void from_q5_1(const std::byte* b, float* out) {
  from_q5(b + 8, load<std::uint32_t>(b + 4), half_at(b), half_at(b + 2), out);
}

void from_q8_0(const std::byte* b, float* out) {
  const float d = half_at(b);
  for (unsigned i = 0; i < 32; ++i) out[i] = d * load<std::int8_t>(b + 2 + i);
}

void from_q2_k(const std::byte* b, float* out) {
  const float d = half_at(b + 80), dmin = half_at(b + 82);
  for (unsigned i = 0; i < 256; ++i) {
    const unsigned scale = byte_at(b, i / 16);
    const unsigned q = byte_at(b + 16, i / 128 * 32 + i % 32) >> (i % 128 / 32 * 2) & 3;
    out[i] = d * (scale & 15) * q - dmin * (scale >> 4);
  }
}

/// The sixteen 6-bit scales, minus 32, of Q3_K: low nibbles in bytes 0…7, high pairs of bits in bytes 8…11.
int q3_k_scale(const std::byte* s, unsigned j) {
  const unsigned low = j < 8 ? byte_at(s, j) & 15 : byte_at(s, j - 8) >> 4;
  const unsigned high = byte_at(s, 8 + j % 4) >> (j / 4 * 2) & 3;
  return static_cast<int>(low | high << 4) - 32;
}

void from_q3_k(const std::byte* b, float* out) {
  const float d = half_at(b + 108);
  for (unsigned i = 0; i < 256; ++i) {
    const int low = byte_at(b + 32, i / 128 * 32 + i % 32) >> (i % 128 / 32 * 2) & 3;
    const int high = byte_at(b, i % 32) >> (i / 32) & 1;
    out[i] = d * q3_k_scale(b + 96, i / 16) * (low + 4 * high - 4);
  }
}

void from_q4_k(const std::byte* b, float* out) {
  const float d = half_at(b), dmin = half_at(b + 2);
  for (unsigned i = 0; i < 256; ++i) {
    const auto [scale, min] = k_scale_min(b + 4, i / 32);
    const unsigned q = byte_at(b + 16, i / 64 * 32 + i % 32) >> (i / 32 % 2 * 4) & 15;
    out[i] = d * scale * q - dmin * min;
  }
}

void from_q5_k(const std::byte* b, float* out) {
  const float d = half_at(b), dmin = half_at(b + 2);
  for (unsigned i = 0; i < 256; ++i) {
    const auto [scale, min] = k_scale_min(b + 4, i / 32);
    const unsigned low = byte_at(b + 48, i / 64 * 32 + i % 32) >> (i / 32 % 2 * 4) & 15;
    const unsigned high = byte_at(b + 16, i % 32) >> (i / 32) & 1;
    out[i] = d * scale * (low | high << 4) - dmin * min;
  }
}

void from_q6_k(const std::byte* b, float* out) {
  const float d = half_at(b + 208);
  for (unsigned i = 0; i < 256; ++i) {
    const unsigned half = i / 128, within = i % 128;
    const unsigned low = byte_at(b, half * 64 + within % 64) >> (within / 64 * 4) & 15;
    const unsigned high = byte_at(b + 128, half * 32 + i % 32) >> (within / 32 * 2) & 3;
    out[i] = d * load<std::int8_t>(b + 192 + i / 16) * (static_cast<int>(low | high << 4) - 32);
  }
}

void from_iq4_nl(const std::byte* b, float* out) {
  const float d = half_at(b);
  for (unsigned i = 0; i < 16; ++i) {
    out[i] = d * iq4_values[byte_at(b, 2 + i) & 15];
    out[i + 16] = d * iq4_values[byte_at(b, 2 + i) >> 4];
  }
}

void from_iq4_xs(const std::byte* b, float* out) {
  const float d = half_at(b);
  const unsigned high = load<std::uint16_t>(b + 2);
  for (unsigned i = 0; i < 256; ++i) {
    const unsigned j = i / 32;
    const int scale = static_cast<int>((byte_at(b + 4, j / 2) >> (j % 2 * 4) & 15) | (high >> (2 * j) & 3) << 4) - 32;
    out[i] = d * scale * iq4_values[byte_at(b + 8, j * 16 + i % 16) >> (i % 32 / 16 * 4) & 15];
  }
}

void from_mxfp4(const std::byte* b, float* out) {
  const float d = std::ldexp(0.5f, static_cast<int>(byte_at(b, 0)) - 127);
  for (unsigned i = 0; i < 16; ++i) {
    out[i] = d * mxfp4_values[byte_at(b, 1 + i) & 15];
    out[i + 16] = d * mxfp4_values[byte_at(b, 1 + i) >> 4];
  }
}

using FromBlock = void (*)(const std::byte*, float*);
constexpr FromBlock from_block[format_count] = {
    nullptr,   nullptr,   nullptr,   from_q4_0, from_q4_1, from_q5_0,   from_q5_1,   from_q8_0,
    from_q2_k, from_q3_k, from_q4_k, from_q5_k, from_q6_k, from_iq4_nl, from_iq4_xs, from_mxfp4,
};

}  // namespace

const std::int8_t iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
const std::int8_t mxfp4_values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

const FormatTraits& traits(Format format) { return table[static_cast<std::size_t>(format)]; }

std::optional<Format> find_format(std::string_view name) {
  for (const auto& row : table)
    if (row.name == name) return row.format;
  return std::nullopt;
}

std::size_t row_bytes(Format format, std::size_t inputs) {
  const auto& t = traits(format);
  CHECK(inputs % t.block == 0);
  return inputs / t.block * t.block_bytes;
}

void dequantize_row(Format format, const std::byte* row, std::size_t inputs, float* out) {
  const auto& t = traits(format);
  CHECK(inputs % t.block == 0);
  switch (format) {
    case Format::f32: std::memcpy(out, row, inputs * sizeof(float)); return;
    case Format::f16:
      for (std::size_t i = 0; i < inputs; ++i) out[i] = half_at(row + 2 * i);
      return;
    case Format::bf16:
      for (std::size_t i = 0; i < inputs; ++i) out[i] = bf16_to_float(load<std::uint16_t>(row + 2 * i));
      return;
    default: break;
  }
  const auto convert = from_block[static_cast<std::size_t>(format)];
  for (std::size_t i = 0; i < inputs; i += t.block, row += t.block_bytes) convert(row, out + i);
}

float half_to_float(std::uint16_t half) noexcept {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
  const std::uint32_t exponent = half >> 10 & 31, mantissa = half & 1023;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000 | mantissa << 13);
  if (exponent == 0) {  // zero and subnormals: mantissa · 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

std::uint16_t float_to_half(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  const float magnitude = std::bit_cast<float>(bits & 0x7fffffff);
  if (!(magnitude < 65520.0f)) return sign | (magnitude != magnitude ? 0x7e00 : 0x7c00);
  if (magnitude < 0x1p-14f) {  // subnormal: adding 0.5 leaves the rounded multiple of 2^-24 in the low bits
    return sign | static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(magnitude + 0.5f) - 0x3f000000);
  }
  const auto m = std::bit_cast<std::uint32_t>(magnitude);
  return sign | static_cast<std::uint16_t>((m + 0xfff + (m >> 13 & 1) - (112u << 23)) >> 13);
}

float bf16_to_float(std::uint16_t bits) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t float_to_bf16(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<std::uint16_t>(bits >> 16 | 0x40);  // keep NaN a NaN
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

}  // namespace cofre::kernels
