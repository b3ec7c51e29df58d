// The AVX-512 table: F, BW, VL, DQ and VNNI (Ice Lake, Zen 4 and later).

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
#include "kernels/avx512/simd.h"
#include "kernels/generic/store.h"
#include "kernels/generic/unroll.h"
#include "kernels/generic/formats.h"
#include "kernels/generic/exact.h"
#include "kernels/generic/floats.h"
#include "kernels/generic/matmul_exact.h"
#include "kernels/generic/fast_exp.h"
#include "kernels/generic/elementwise.h"
#include "kernels/generic/scores.h"
#include "kernels/generic/attention.h"
#include "kernels/avx512/quantize_group.h"
#include "kernels/generic/quantize.h"
#include "kernels/avx512/requantise.h"
#include "kernels/avx512/prompt.h"
#include "kernels/avx512/bf16.h"
#include "kernels/generic/bf16.h"
// clang-format on

void matmul_prompt(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last,
                   std::byte* scratch) {
  if (is_float(w.format)) return floats(rows, w, out, first, last);
  with_format(w.format, [&](auto f) { prompt<decltype(f)>(rows, w, out, first, last, scratch); });
}

/// As matmul_prompt, with AVX512_BF16 for the formats that it suits.
void matmul_prompt_bf16(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last,
                        std::byte* scratch) {
  if (w.format == Format::f16) return bf16_product<Format::f16>(rows, w, out, first, last, scratch);
  if (w.format == Format::bf16) return bf16_product<Format::bf16>(rows, w, out, first, last, scratch);
  matmul_prompt(rows, w, out, first, last, scratch);
}

[[gnu::flatten]] std::uint64_t spin_products(std::size_t rounds) {
  constexpr int chains = 12;
  __m512i sum[chains];
  unroll<chains>([&](auto k) { sum[k] = _mm512_set1_epi32(0x01020304 * (k + 1)); });
  const auto u = _mm512_set1_epi32(0x5b0d73f5), x = _mm512_set1_epi32(0x17f12a81);
  for (std::size_t i = 0; i < rounds; ++i) unroll<chains>([&](auto k) { sum[k] = S::add_products(sum[k], u, x); });
  __m512i all = _mm512_setzero_si512();
  unroll<chains>([&](auto k) { all = _mm512_add_epi32(all, sum[k]); });
  volatile int keep = _mm512_reduce_add_epi32(all);
  static_cast<void>(keep);
  return rounds * chains * 128;
}

std::uint64_t read_memory(const std::byte* from, std::size_t bytes) {
  __m512i sum[4] = {};
  for (std::size_t i = 0; i < bytes; i += 256)
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) sum[k] = _mm512_add_epi64(sum[k], _mm512_load_si512(from + i + 64 * k));
  return static_cast<std::uint64_t>(
      _mm512_reduce_add_epi64(_mm512_add_epi64(_mm512_add_epi64(sum[0], sum[1]), _mm512_add_epi64(sum[2], sum[3]))));
}

}  // namespace

const Kernels avx512_kernels{Isa::avx512, "avx512",   quantize, matmul_exact, matmul_prompt, strip_panels,
                             rms_norm,    layer_norm, rope,     silu_mul,     gelu_mul,      gelu,
                             add,         scale,      write_kv, attention,    spin_products, read_memory};

const Kernels& avx512_bf16_kernels() {
  static const Kernels table = [] {
    Kernels with_bf16 = avx512_kernels;
    with_bf16.name = "avx512bf16";
    with_bf16.matmul_prompt = matmul_prompt_bf16;
    return with_bf16;
  }();
  return table;
}

}  // namespace cofre::kernels
