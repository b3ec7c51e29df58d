// The AMX table: AVX-512's, with prompts on tiles: products in int8, attention in bf16 (Sapphire Rapids and later).

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
#include "kernels/generic/floats.h"
#include "kernels/generic/fast_exp.h"
#include "kernels/generic/scores.h"
#include "kernels/avx512/requantise.h"
#include "kernels/avx512/prompt.h"
#include "kernels/avx512/bf16.h"
#include "kernels/generic/bf16.h"
#include "kernels/amx/tiles.h"
#include "kernels/amx/product.h"
#include "kernels/amx/exact.h"
#include "kernels/amx/attention.h"
#include "kernels/amx/bf16.h"
// clang-format on

/// Fewer rows leave the tiles mostly empty; VNNI is faster then. The two differ only in the order of whole numbers,
/// which is exact: results are bit-equal.
constexpr std::size_t fewest_tile_rows = 8;

/// The exact kernel on tiles: from so many rows on it is faster. Formats with a scale for 16 inputs need twice the
/// products and stay with VNNI.
constexpr std::size_t fewest_exact_rows = 13;

template <class Tiles>
void matmul_exact(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last,
                  std::byte* scratch) {
  if (is_float(w.format) || rows.rows < fewest_exact_rows)
    return avx512_kernels.matmul_exact(rows, w, out, first, last, scratch);
  with_format(w.format, [&](auto f) {
    using F = decltype(f);
    if constexpr (F::granule == 32) {
      tile_exact<F, Tiles>(rows, w, out, first, last, scratch);
    } else {
      avx512_kernels.matmul_exact(rows, w, out, first, last, scratch);
    }
  });
}

template <class Tiles>
void matmul_prompt(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last,
                   std::byte* scratch) {
  if (w.format == Format::f16) return tile_bf16<Format::f16, Tiles>(rows, w, out, first, last, scratch);
  if (w.format == Format::bf16) return tile_bf16<Format::bf16, Tiles>(rows, w, out, first, last, scratch);
  if (is_float(w.format)) return floats(rows, w, out, first, last);
  with_format(w.format, [&](auto f) {
    if (rows.rows < fewest_tile_rows) {
      prompt<decltype(f)>(rows, w, out, first, last, scratch);
    } else {
      tile_prompt<decltype(f), Tiles>(rows, w, out, first, last, scratch);
    }
  });
}

/// Four C tiles fed from two A and two B tiles that stay in registers.
std::uint64_t spin_tiles(std::size_t rounds) {
  HardwareTiles tiles(64);
  alignas(64) std::uint8_t values[1024];
  for (std::size_t i = 0; i < sizeof values; ++i) values[i] = static_cast<std::uint8_t>(i * 167 + 13);
  tiles.load<4>(values, 64), tiles.load<5>(values, 64), tiles.load<6>(values, 64), tiles.load<7>(values, 64);
  tiles.zero<0>(), tiles.zero<1>(), tiles.zero<2>(), tiles.zero<3>();
  for (std::size_t i = 0; i < rounds; ++i) {
    tiles.multiply<0, 4, 6>();
    tiles.multiply<1, 4, 7>();
    tiles.multiply<2, 5, 6>();
    tiles.multiply<3, 5, 7>();
  }
  return rounds * 4 * 16 * 16 * 64 * 2;
}

template <class Tiles>
Kernels with_tiles(std::string_view name) {
  Kernels table = avx512_kernels;
  table.isa = Isa::amx;
  table.name = name;
  table.matmul_exact = matmul_exact<Tiles>;
  table.matmul_prompt = matmul_prompt<Tiles>;
  table.prompt_panels = tile_panels;
  table.attention = tile_attention<Tiles>;
  if constexpr (std::is_same_v<Tiles, HardwareTiles>) table.spin_products = spin_tiles;
  return table;
}

}  // namespace

const Kernels& amx_kernels() {
  static const Kernels table = with_tiles<HardwareTiles>("amx");
  return table;
}

const Kernels& emulated_amx_kernels() {
  static const Kernels table = with_tiles<EmulatedTiles>("amx-emulated");
  return table;
}

}  // namespace cofre::kernels
