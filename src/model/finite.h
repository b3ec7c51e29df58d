#pragma once

#include <cstddef>

#include "kernels/format.h"

namespace cofre::model {

/// Whether blocks of a format, as a file has them, stand for numbers alone: no scale (of float formats: no value) is
/// NaN or infinite, and no MXFP4 exponent is 255 (OCP Microscaling Formats 1.0 §5.4.1: NaN).
bool finite(kernels::Format format, const std::byte* blocks, std::size_t count);

}  // namespace cofre::model
