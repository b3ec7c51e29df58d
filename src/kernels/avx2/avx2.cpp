// The AVX2 table: AVX2, FMA, F16C (Haswell, Zen and later).

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "kernels/tables.h"

namespace cofre::kernels {
namespace {

// Each builds on those before it.
// clang-format off
#include "kernels/avx2/simd.h"
#include "kernels/generic/store.h"
#include "kernels/generic/unroll.h"
#include "kernels/generic/formats.h"
#include "kernels/generic/exact.h"
#include "kernels/avx2/prompt.h"
#include "kernels/generic/floats.h"
#include "kernels/generic/matmul_exact.h"
#include "kernels/generic/fast_exp.h"
#include "kernels/generic/elementwise.h"
#include "kernels/generic/quantize_group.h"
#include "kernels/generic/quantize.h"
#include "kernels/generic/scores.h"
#include "kernels/generic/attention.h"
// clang-format on

void matmul_prompt(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last,
                   std::byte* scratch) {
  if (is_float(w.format)) return floats(rows, w, out, first, last);
  with_format(w.format, [&](auto f) { prompt<decltype(f)>(rows, w, out, first, last, scratch); });
}

[[gnu::flatten]] std::uint64_t spin_products(std::size_t rounds) {
  constexpr int chains = 10;
  __m256i sum[chains];
  unroll<chains>([&](auto k) { sum[k] = _mm256_set1_epi32(0x01020304 * (k + 1)); });
  const auto u = _mm256_set1_epi32(0x0b0d0305), x = _mm256_set1_epi32(0x17f12a81);
  for (std::size_t i = 0; i < rounds; ++i)
    unroll<chains>([&](auto k) {
      __m256i pairs;  // by assembler: the same products every time, which a compiler would do once
      asm volatile("vpmaddubsw %2, %1, %0" : "=x"(pairs) : "x"(u), "x"(x));
      sum[k] = _mm256_add_epi16(sum[k], pairs);
    });
  __m256i all = _mm256_setzero_si256();
  unroll<chains>([&](auto k) { all = _mm256_add_epi16(all, sum[k]); });
  volatile int keep = _mm256_extract_epi32(all, 0);
  static_cast<void>(keep);
  return rounds * chains * 64;
}

std::uint64_t read_memory(const std::byte* from, std::size_t bytes) {
  __m256i sum[4] = {};
  for (std::size_t i = 0; i < bytes; i += 128)
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k)
      sum[k] = _mm256_add_epi64(sum[k], _mm256_load_si256(reinterpret_cast<const __m256i*>(from + i + 32 * k)));
  return static_cast<std::uint64_t>(
      _mm256_extract_epi64(_mm256_add_epi64(_mm256_add_epi64(sum[0], sum[1]), _mm256_add_epi64(sum[2], sum[3])), 0));
}

}  // namespace

const Kernels avx2_kernels{Isa::avx2, "avx2",     quantize, matmul_exact, matmul_prompt, 4,
                           rms_norm,  layer_norm, rope,     silu_mul,     gelu_mul,      gelu,
                           add,       scale,      write_kv, attention,    spin_products, read_memory};

}  // namespace cofre::kernels
