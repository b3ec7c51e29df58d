#include "model/finite.h"

#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace cofre::model {
namespace {

using kernels::Format;

/// Values of `stride` bytes from one to the next whose exponent bits are not all set.
template <class Bits>
bool all_finite(const std::byte* at, std::size_t count, std::size_t stride, Bits exponent) {
  bool good = true;
  for (std::size_t i = 0; i < count; ++i, at += stride) {
    Bits bits;
    std::memcpy(&bits, at, sizeof bits);
    good &= (bits & exponent) != exponent;
  }
  return good;
}

}  // namespace

bool finite(Format format, const std::byte* blocks, std::size_t count) {
  const std::size_t stride = kernels::traits(format).block_bytes;
  const auto halves = [&](std::size_t offset) {
    return all_finite<std::uint16_t>(blocks + offset, count, stride, 0x7c00);
  };
  switch (format) {
    case Format::f32: return all_finite<std::uint32_t>(blocks, count, stride, 0x7f800000);
    case Format::bf16: return all_finite<std::uint16_t>(blocks, count, stride, 0x7f80);
    case Format::mxfp4: return all_finite<std::uint8_t>(blocks, count, stride, 0xff);
    case Format::f16:
    case Format::q4_0:
    case Format::q5_0:
    case Format::q8_0:
    case Format::iq4_nl:
    case Format::iq4_xs: return halves(0);
    case Format::q4_1:
    case Format::q5_1:
    case Format::q4_k:
    case Format::q5_k: return halves(0) && halves(2);
    case Format::q2_k: return halves(80) && halves(82);
    case Format::q3_k: return halves(108);
    case Format::q6_k: return halves(208);
  }
  CHECK(false);
}

}  // namespace cofre::model
