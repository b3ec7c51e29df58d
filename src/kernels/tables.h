#pragma once

#include "kernels/kernels.h"

namespace cofre::kernels {

// One table a folder; those of other processors are not built.
extern const Kernels scalar_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
/// Built from the AVX-512 table.
const Kernels& amx_kernels();
/// The same code on tiles in plain loops: for tests on processors without AMX (needs AVX-512).
const Kernels& emulated_amx_kernels();
#endif

}  // namespace cofre::kernels
