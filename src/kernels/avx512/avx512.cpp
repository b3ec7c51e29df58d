// The AVX-512 table: F, BW, VL, DQ and VNNI (Ice Lake, Zen 4 and later).

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "kernels/tables.h"

namespace cofre::kernels {
namespace {

#include "kernels/avx512/simd.h"
#include "kernels/generic/store.h"
#include "kernels/generic/formats.h"
#include "kernels/generic/exact.h"
#include "kernels/generic/floats.h"
#include "kernels/generic/elementwise.h"
#include "kernels/generic/attention.h"
#include "kernels/avx512/requantise.h"
#include "kernels/avx512/prompt.h"

void matmul_exact(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last,
                  std::byte* scratch) {
  if (is_float(w.format)) return floats(rows, w, out, first, last);
  with_format(w.format, [&](auto f) { exact<decltype(f)>(rows, w, out, first, last, scratch); });
}

void matmul_prompt(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last,
                   std::byte* scratch) {
  if (is_float(w.format)) return floats(rows, w, out, first, last);
  with_format(w.format, [&](auto f) { prompt<decltype(f)>(rows, w, out, first, last, scratch, vnni_strip); });
}

}  // namespace

const Kernels avx512_kernels{Isa::avx512, "avx512", quantize, matmul_exact, matmul_prompt, strip_panels, rms_norm, rope,
                             silu_mul, gelu_mul, add, scale, write_kv, attention};

}  // namespace cofre::kernels
