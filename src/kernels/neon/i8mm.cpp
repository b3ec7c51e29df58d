// The NEON table of processors with products of 8-bit and bf16 matrices (Armv8.6-A: Neoverse V1 and N2, Graviton 3,
// Yitian 710 and later). Prompt rows of quantized weights take the exact kernel too.

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

/// SDOT.
inline int32x4_t add_dot(int32x4_t sum, int8x16_t w, int8x16_t x) { return vdotq_s32(sum, w, x); }

// Each builds on those before it.
// clang-format off
#include "kernels/neon/simd.h"
#include "kernels/generic/store.h"
#include "kernels/generic/unroll.h"
#include "kernels/generic/formats.h"
#include "kernels/generic/exact.h"
#include "kernels/generic/floats.h"
#include "kernels/neon/pairs.h"
#include "kernels/neon/bf16.h"
#include "kernels/generic/bf16.h"
#include "kernels/neon/spin.h"
// clang-format on

void matmul_exact(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last,
                  std::byte* scratch) {
  if (is_float(w.format)) return floats(rows, w, out, first, last);
  with_format(w.format, [&](auto f) { exact_pairs<decltype(f)>(rows, w, out, first, last, scratch); });
}

void matmul_prompt(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last,
                   std::byte* scratch) {
  if (w.format == Format::f16) return bf16_product<Format::f16>(rows, w, out, first, last, scratch);
  if (w.format == Format::bf16) return bf16_product<Format::bf16>(rows, w, out, first, last, scratch);
  matmul_exact(rows, w, out, first, last, scratch);
}

[[gnu::flatten]] std::uint64_t spin_products(std::size_t rounds) {
  return spin(
      rounds, [](int32x4_t sum, int8x16_t u, int8x16_t x) { return vmmlaq_s32(sum, u, x); }, 64);
}

}  // namespace

const Kernels& i8mm_kernels() {
  static const Kernels table = [] {
    Kernels with_matrices = dotprod_kernels();
    with_matrices.isa = Isa::i8mm;
    with_matrices.name = "i8mm";
    with_matrices.matmul_exact = matmul_exact;
    with_matrices.matmul_prompt = matmul_prompt;
    with_matrices.spin_products = spin_products;
    return with_matrices;
  }();
  return table;
}

}  // namespace cofre::kernels
