#pragma once

#include "kernels/kernels.h"

namespace cofre::kernels {

/// Of scratch, where float weights are multiplied in bf16: bytes of rows, and how many panels stand beside them.
inline constexpr std::size_t bf16_block_bytes = 768 << 10, bf16_panels = 4;

// One table a folder; those of other processors are not built.
extern const Kernels scalar_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
/// AVX-512's, with AVX512_BF16 for prompts of float weights (Cooper Lake, Zen 4 and later).
const Kernels& avx512_bf16_kernels();
/// Built from the AVX-512 table.
const Kernels& amx_kernels();
/// The same code on tiles in plain loops: for tests on processors without AMX (needs AVX-512).
const Kernels& emulated_amx_kernels();
#elif defined(__aarch64__)
extern const Kernels neon_kernels;
/// Built from the NEON table: dot products, and products of 8-bit and bf16 matrices.
const Kernels& dotprod_kernels();
const Kernels& i8mm_kernels();
#endif

}  // namespace cofre::kernels
