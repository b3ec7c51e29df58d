// The scalar table: the specification that every other table is held to. Plain loops, one formula each.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "kernels/tables.h"

namespace cofre::kernels {
namespace {

/// One column at a time stands for the vectors of the other sets, for what they share: attention and the small loops.
struct S {
  struct Floats {
    float x[16];
  };
  static constexpr std::size_t attention_rows = 1;

  template <class F>
  static Floats each(F&& f) {
    Floats out;
    for (int i = 0; i < 16; ++i) out.x[i] = f(i);
    return out;
  }
  static Floats zero() {
    return each([](int) { return 0.0f; });
  }
  static Floats broadcast(float v) {
    return each([=](int) { return v; });
  }
  static Floats load_floats(const float* at) {
    return each([=](int i) { return at[i]; });
  }
  static Floats load_half(const std::byte* at) {
    std::uint16_t halves[16];
    std::memcpy(halves, at, sizeof halves);
    return each([&](int i) { return half_to_float(halves[i]); });
  }
  static Floats load_i8(const std::byte* at) {
    return each([=](int i) { return static_cast<float>(static_cast<std::int8_t>(at[i])); });
  }
  static std::uint16_t to_half(float v) { return float_to_half(v); }
  static Floats mul(const Floats& a, const Floats& b) {
    return each([&](int i) { return a.x[i] * b.x[i]; });
  }
  static Floats fma(const Floats& a, const Floats& b, const Floats& c) {
    return each([&](int i) { return std::fmaf(a.x[i], b.x[i], c.x[i]); });
  }
  static void store(float* at, const Floats& v) { std::memcpy(at, v.x, sizeof v.x); }
};

// Each builds on those before it.
// clang-format off
#include "kernels/generic/unroll.h"
#include "kernels/generic/fast_exp.h"
#include "kernels/generic/elementwise.h"
#include "kernels/generic/quantize_group.h"
#include "kernels/generic/quantize.h"
#include "kernels/generic/scores.h"
#include "kernels/generic/attention.h"
// clang-format on

float half_in(const std::byte* at, std::size_t column) {
  std::uint16_t bits;
  std::memcpy(&bits, at + 2 * column, 2);
  return half_to_float(bits);
}

unsigned byte_in(const std::byte* at, std::size_t i) { return std::to_integer<unsigned>(at[i]); }

/// Value i (0…record − 1) of a column of a record: docs/formats/panels.md as code, one input at a time.
struct RecordReader {
  Format format;
  const std::byte* quants;
  const std::byte* scales;
  std::size_t column;

  unsigned quant_byte(std::size_t vector, std::size_t input) const {
    return byte_in(quants, 64 * vector + 4 * column + input % 4);
  }
  /// Nibbles of 32 inputs in vectors [vector, vector + 4): low = inputs 0…15, high = 16…31.
  unsigned nibble_within(std::size_t vector, std::size_t i) const {
    return quant_byte(vector + i % 16 / 4, i) >> (i % 32 / 16 * 4) & 15;
  }
  unsigned bits_across(std::size_t vector, std::size_t i, unsigned shift, unsigned mask) const {
    return quant_byte(vector + i % 32 / 4, i) >> shift & mask;
  }
  float half(std::size_t entry) const { return half_in(scales + 32 * entry, column); }
  float unsigned_scale(std::size_t offset) const { return static_cast<float>(byte_in(scales, offset + column)); }
  float signed_scale(std::size_t offset) const {
    return static_cast<float>(static_cast<std::int8_t>(byte_in(scales, offset + column)));
  }

  float value(std::size_t i) const {
    const std::size_t sub = i / 32;
    const float five = static_cast<float>(nibble_within(0, i) | (quant_byte(4, i) >> (i / 4) & 1) << 4);
    const unsigned two = bits_across(sub / 4 * 8, i, sub % 4 * 2, 3);
    switch (format) {
      case Format::q4_0: return half(0) * (static_cast<float>(nibble_within(0, i)) - 8);
      case Format::q4_1: return half(0) * static_cast<float>(nibble_within(0, i)) + half(1);
      case Format::q5_0: return half(0) * (five - 16);
      case Format::q5_1: return half(0) * five + half(1);
      case Format::q8_0: return half(0) * (static_cast<float>(quant_byte(i / 4, i)) - 128);
      case Format::iq4_nl: return half(0) * iq4_values[nibble_within(0, i)];
      case Format::mxfp4:
        return std::ldexp(0.5f, static_cast<int>(byte_in(scales, column)) - 127) * mxfp4_values[nibble_within(0, i)];
      case Format::q2_k: {
        const unsigned both = byte_in(scales, 64 + 16 * (i / 16) + column);
        return half(0) * static_cast<float>((both & 15) * two) - half(1) * static_cast<float>(both >> 4);
      }
      case Format::q3_k: {
        const unsigned high = bits_across(16, i, static_cast<unsigned>(sub), 1);
        return half(0) * signed_scale(32 + 16 * (i / 16)) * (static_cast<float>(two | high << 2) - 4);
      }
      case Format::q4_k:
      case Format::q5_k: {
        unsigned q = bits_across(sub / 2 * 8, i, sub % 2 * 4, 15);
        if (format == Format::q5_k) q |= bits_across(32, i, static_cast<unsigned>(sub), 1) << 4;
        return half(0) * unsigned_scale(64 + 32 * sub) * static_cast<float>(q) -
               half(1) * unsigned_scale(80 + 32 * sub);
      }
      case Format::q6_k: {
        const unsigned low = bits_across(sub / 4 * 16 + sub % 2 * 8, i, sub % 4 / 2 * 4, 15);
        const unsigned high = bits_across(32 + sub / 4 * 8, i, sub % 4 * 2, 3);
        return half(0) * signed_scale(32 + 16 * (i / 16)) * (static_cast<float>(low | high << 4) - 32);
      }
      case Format::iq4_xs: return half(0) * signed_scale(32 + 16 * sub) * iq4_values[nibble_within(4 * sub, i)];
      case Format::f32:
      case Format::f16:
      case Format::bf16: break;
    }
    CHECK(false);
    return 0;
  }
};

float float_weight(const Panels& w, std::size_t panel, std::size_t column, std::size_t input) {
  const std::size_t element = traits(w.format).block_bytes;
  const std::byte* at = w.quants + panel * w.quant_stride() + (input * panel_width + column) * element;
  float value;
  dequantize_row(w.format, at, 1, &value);
  return value;
}

/// One output's weights as floats.
void column_values(const Panels& w, std::size_t panel, std::size_t column, float* out) {
  const auto& t = traits(w.format);
  for (std::size_t i = 0; i < w.inputs; ++i) {
    if (is_float(w.format)) {
      out[i] = float_weight(w, panel, column, i);
      continue;
    }
    const std::size_t record = i / t.record;
    out[i] = RecordReader{w.format, w.quants + panel * w.quant_stride() + record * t.quant_bytes,
                          w.scales + panel * w.scale_stride() + record * t.scale_bytes, column}
                 .value(i % t.record);
  }
}

/// y[r][o] = Σ_i x[r][i] · w[o][i], x as quantised (or as floats, for float weights), summed in double.
void matmul(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last, std::byte*) {
  std::vector<float> weights(w.inputs);
  for (std::size_t o = first * panel_width; o < std::min(last * panel_width, w.outputs); ++o) {
    column_values(w, o / panel_width, o % panel_width, weights.data());
    for (std::size_t r = 0; r < rows.rows; ++r) {
      double sum = 0;
      for (std::size_t i = 0; i < w.inputs; ++i) {
        const std::size_t at = i / group_width * rows.stride + r;
        const double x = is_float(w.format) ? rows.values[r * rows.value_stride + i]
                                            : rows.scales[at * group_scales + i % group_width / scale_width] *
                                                  rows.quants[at * group_width + i % group_width];
        sum += x * weights[i];
      }
      float& y = out.y[r * out.stride + o];
      y = static_cast<float>(out.accumulate ? y + sum : sum);
    }
  }
}

std::uint64_t spin_products(std::size_t rounds) {
  float sum[16];
  for (int k = 0; k < 16; ++k) sum[k] = 0.37f * static_cast<float>(k);
  volatile float x = 0.99f, y = 0.013f;
  const float a = x, b = y;
  for (std::size_t i = 0; i < rounds; ++i)
    for (float& s : sum) s = s * a + b;
  for (float s : sum) x = x + s;
  return rounds * 16 * 2;
}

std::uint64_t read_memory(const std::byte* from, std::size_t bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes; i += 8) {
    std::uint64_t value;
    std::memcpy(&value, from + i, 8);
    sum += value;
  }
  return sum;
}

}  // namespace

const Kernels scalar_kernels{Isa::scalar, "scalar",   quantize, matmul,    matmul,        4,
                             rms_norm,    layer_norm, rope,     silu_mul,  gelu_mul,      gelu,
                             add,         scale,      write_kv, attention, spin_products, read_memory};

}  // namespace cofre::kernels
