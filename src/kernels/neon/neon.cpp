// The NEON table: any 64-bit Arm processor (Armv8-A). Prompt rows take the exact kernel too: four rows share every
// unpacked vector.

#include <arm_neon.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "kernels/tables.h"

namespace cofre::kernels {
namespace {

/// sum + w · x of each column's four bytes: two products fit 16 bits.
inline int32x4_t add_dot(int32x4_t sum, int8x16_t w, int8x16_t x) {
  const auto low = vmull_s8(vget_low_s8(w), vget_low_s8(x)), high = vmull_high_s8(w, x);
  return vpadalq_s16(sum, vpaddq_s16(low, high));
}

// Each builds on those before it.
// clang-format off
#include "kernels/neon/simd.h"
#include "kernels/generic/store.h"
#include "kernels/generic/unroll.h"
#include "kernels/generic/formats.h"
#include "kernels/generic/exact.h"
#include "kernels/generic/floats.h"
#include "kernels/generic/matmul_exact.h"
#include "kernels/generic/fast_exp.h"
#include "kernels/generic/elementwise.h"
#include "kernels/generic/quantize_group.h"
#include "kernels/generic/quantize.h"
#include "kernels/generic/scores.h"
#include "kernels/generic/attention.h"
#include "kernels/neon/spin.h"
// clang-format on

[[gnu::flatten]] std::uint64_t spin_products(std::size_t rounds) { return spin(rounds, add_dot, 32); }

std::uint64_t read_memory(const std::byte* from, std::size_t bytes) {
  const auto* at = reinterpret_cast<const std::uint64_t*>(from);
  uint64x2_t sum[8] = {};
  for (std::size_t i = 0; i < bytes; i += 128, at += 16)
    unroll<8>([&](auto k) { sum[k] = vaddq_u64(sum[k], vld1q_u64(at + 2 * k)); });
  uint64x2_t all = vdupq_n_u64(0);
  unroll<8>([&](auto k) { all = vaddq_u64(all, sum[k]); });
  return vgetq_lane_u64(all, 0) + vgetq_lane_u64(all, 1);
}

}  // namespace

const Kernels neon_kernels{Isa::neon, "neon",     quantize, matmul_exact, matmul_exact,  4,
                           rms_norm,  layer_norm, rope,     silu_mul,     gelu_mul,      gelu,
                           add,       scale,      write_kv, attention,    spin_products, read_memory};

}  // namespace cofre::kernels
