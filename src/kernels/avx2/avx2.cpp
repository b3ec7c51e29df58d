// The AVX2 table: AVX2, FMA, F16C (Haswell, Zen and later). Prompt rows take the exact kernel too: four rows share
// every unpacked vector.

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "kernels/tables.h"

namespace cofre::kernels {
namespace {

#include "kernels/avx2/simd.h"
#include "kernels/generic/store.h"
#include "kernels/generic/formats.h"
#include "kernels/generic/exact.h"
#include "kernels/generic/floats.h"
#include "kernels/generic/elementwise.h"
#include "kernels/generic/attention.h"

void matmul(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last,
            std::byte* scratch) {
  if (is_float(w.format)) return floats(rows, w, out, first, last);
  with_format(w.format, [&](auto f) { exact<decltype(f)>(rows, w, out, first, last, scratch); });
}

}  // namespace

const Kernels avx2_kernels{Isa::avx2, "avx2",   quantize, matmul, matmul, 4,        rms_norm, rope,
                           silu_mul,  gelu_mul, add,      scale,  write_kv, attention};

}  // namespace cofre::kernels
