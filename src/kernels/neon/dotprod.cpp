// The NEON table of processors with dot products (Armv8.2-A: Neoverse N1, Kunpeng 920 and later). Prompt rows take the
// exact kernel too.

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
#include "kernels/generic/matmul_exact.h"
#include "kernels/neon/spin.h"
// clang-format on

[[gnu::flatten]] std::uint64_t spin_products(std::size_t rounds) { return spin(rounds, add_dot, 32); }

}  // namespace

const Kernels& dotprod_kernels() {
  static const Kernels table = [] {
    Kernels with_dots = neon_kernels;
    with_dots.isa = Isa::dotprod;
    with_dots.name = "dotprod";
    with_dots.matmul_exact = matmul_exact;
    with_dots.matmul_prompt = matmul_exact;
    with_dots.spin_products = spin_products;
    return with_dots;
  }();
  return table;
}

}  // namespace cofre::kernels
