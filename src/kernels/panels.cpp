#include "kernels/panels.h"

#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace cofre::kernels {
namespace {

/// One block of one output, as the file has it, and where its column goes in the panel's record.
struct Column {
  const std::byte* block;
  std::byte* quants;  ///< the record, moved to this column: vector v is at quants + 64·v
  std::byte* scales;  ///< the record; entry e of 16 columns of width w is at scales + e·16·w
  std::size_t column;
};

void put_dwords(const std::byte* from, std::size_t count, std::byte* to) {
  for (std::size_t i = 0; i < count; ++i) std::memcpy(to + 64 * i, from + 4 * i, 4);
}

void put_half(const Column& c, const std::byte* from, std::size_t entry) {
  std::memcpy(c.scales + entry * 32 + 2 * c.column, from, 2);
}

void put_byte(const Column& c, std::size_t offset, unsigned value) { c.scales[offset + c.column] = std::byte(value); }

unsigned byte_at(const std::byte* at, std::size_t i) { return std::to_integer<unsigned>(at[i]); }

/// The 32 high bits of a Q5 block (bit i = input i) as four bytes: bit q of byte b = input 4q + b.
std::uint32_t spread_high_bits(std::uint32_t bits) {
  std::uint32_t out = 0;
  for (unsigned b = 0; b < 4; ++b) {
    std::uint32_t x = bits >> b & 0x11111111u;  // bit 4q
    x = (x | x >> 3) & 0x03030303u;
    x = (x | x >> 6) & 0x000f000fu;
    x = (x | x >> 12) & 0xffu;
    out |= x << (8 * b);
  }
  return out;
}

void put_q5(const Column& c, const std::byte* high, const std::byte* quants) {
  put_dwords(quants, 4, c.quants);
  std::uint32_t bits;
  std::memcpy(&bits, high, 4);
  bits = spread_high_bits(bits);
  std::memcpy(c.quants + 4 * 64, &bits, 4);
}

void put_q8_0(const Column& c) {
  for (std::size_t i = 0; i < 8; ++i) {
    std::uint32_t dword;
    std::memcpy(&dword, c.block + 2 + 4 * i, 4);
    dword ^= 0x80808080u;  // unsigned, 128 more
    std::memcpy(c.quants + 64 * i, &dword, 4);
  }
  put_half(c, c.block, 0);
}

/// Q4_K and Q5_K: eight 6-bit scales and minima, widened to bytes, after the two halves.
void put_k_scales(const Column& c) {
  put_half(c, c.block, 0);
  put_half(c, c.block + 2, 1);
  const std::byte* s = c.block + 4;
  for (std::size_t j = 0; j < 8; ++j) {
    const unsigned scale = j < 4 ? byte_at(s, j) & 63 : (byte_at(s, j + 4) & 15) | (byte_at(s, j - 4) >> 6 << 4);
    const unsigned min = j < 4 ? byte_at(s, j + 4) & 63 : (byte_at(s, j + 4) >> 4) | (byte_at(s, j) >> 6 << 4);
    put_byte(c, 64 + 32 * j, scale);
    put_byte(c, 64 + 32 * j + 16, min);
  }
}

void put_q2_k(const Column& c) {
  put_dwords(c.block + 16, 16, c.quants);
  put_half(c, c.block + 80, 0);
  put_half(c, c.block + 82, 1);
  for (std::size_t j = 0; j < 16; ++j) put_byte(c, 64 + 16 * j, byte_at(c.block, j));
}

void put_q3_k(const Column& c) {
  put_dwords(c.block + 32, 16, c.quants);
  put_dwords(c.block, 8, c.quants + 16 * 64);
  put_half(c, c.block + 108, 0);
  const std::byte* s = c.block + 96;
  for (std::size_t j = 0; j < 16; ++j) {
    const unsigned low = j < 8 ? byte_at(s, j) & 15 : byte_at(s, j - 8) >> 4;
    const unsigned high = byte_at(s, 8 + j % 4) >> (j / 4 * 2) & 3;
    put_byte(c, 32 + 16 * j, ((low | high << 4) - 32) & 255);
  }
}

void put_q6_k(const Column& c) {
  put_dwords(c.block, 48, c.quants);
  put_half(c, c.block + 208, 0);
  for (std::size_t j = 0; j < 16; ++j) put_byte(c, 32 + 16 * j, byte_at(c.block, 192 + j));
}

void put_iq4_xs(const Column& c) {
  put_dwords(c.block + 8, 32, c.quants);
  put_half(c, c.block, 0);
  const unsigned high = byte_at(c.block, 2) | byte_at(c.block, 3) << 8;
  for (std::size_t j = 0; j < 8; ++j) {
    const unsigned low = byte_at(c.block, 4 + j / 2) >> (j % 2 * 4) & 15;
    put_byte(c, 32 + 16 * j, ((low | (high >> (2 * j) & 3) << 4) - 32) & 255);
  }
}

void put_block(Format format, const Column& c) {
  switch (format) {
    case Format::q4_0:
    case Format::iq4_nl: put_dwords(c.block + 2, 4, c.quants); return put_half(c, c.block, 0);
    case Format::q4_1:
      put_dwords(c.block + 4, 4, c.quants);
      put_half(c, c.block, 0);
      return put_half(c, c.block + 2, 1);
    case Format::q5_0: put_q5(c, c.block + 2, c.block + 6); return put_half(c, c.block, 0);
    case Format::q5_1:
      put_q5(c, c.block + 4, c.block + 8);
      put_half(c, c.block, 0);
      return put_half(c, c.block + 2, 1);
    case Format::q8_0: return put_q8_0(c);
    case Format::q2_k: return put_q2_k(c);
    case Format::q3_k: return put_q3_k(c);
    case Format::q4_k: put_dwords(c.block + 16, 32, c.quants); return put_k_scales(c);
    case Format::q5_k:
      put_dwords(c.block + 48, 32, c.quants);
      put_dwords(c.block + 16, 8, c.quants + 32 * 64);
      return put_k_scales(c);
    case Format::q6_k: return put_q6_k(c);
    case Format::iq4_xs: return put_iq4_xs(c);
    case Format::mxfp4: put_dwords(c.block + 1, 4, c.quants); return put_byte(c, 0, byte_at(c.block, 0));
    case Format::f32:
    case Format::f16:
    case Format::bf16: break;
  }
  CHECK(false);
}

void pack_floats(const std::byte* rows, const Panels& target, std::size_t panel) {
  const std::size_t element = traits(target.format).block_bytes;
  auto* to = const_cast<std::byte*>(target.quants) + panel * target.quant_stride();
  for (std::size_t column = 0; column < panel_width; ++column) {
    const std::size_t output = panel * panel_width + column;
    if (output >= target.outputs) break;
    const std::byte* row = rows + output * target.inputs * element;
    for (std::size_t i = 0; i < target.inputs; ++i)
      std::memcpy(to + (i * panel_width + column) * element, row + i * element, element);
  }
}

void pack_blocks(const std::byte* rows, const Panels& target, std::size_t panel) {
  const auto& t = traits(target.format);
  const std::size_t stride = row_bytes(target.format, target.inputs);
  auto* quants = const_cast<std::byte*>(target.quants) + panel * target.quant_stride();
  auto* scales = const_cast<std::byte*>(target.scales) + panel * target.scale_stride();
  for (std::size_t record = 0; record < target.records(); ++record) {
    for (std::size_t column = 0; column < panel_width; ++column) {
      const std::size_t output = panel * panel_width + column;
      if (output >= target.outputs) break;
      put_block(target.format, {rows + output * stride + record * t.block_bytes, quants + 4 * column, scales, column});
    }
    quants += t.quant_bytes;
    scales += t.scale_bytes;
  }
}

}  // namespace

void pack(const std::byte* rows, const Panels& target, std::size_t first, std::size_t last) {
  CHECK(target.inputs % traits(target.format).block == 0 && last <= target.panels());
  for (std::size_t panel = first; panel < last; ++panel) {
    if ((panel + 1) * panel_width > target.outputs) {  // columns past the last output stay zero
      std::memset(const_cast<std::byte*>(target.quants) + panel * target.quant_stride(), 0, target.quant_stride());
      if (!is_float(target.format))
        std::memset(const_cast<std::byte*>(target.scales) + panel * target.scale_stride(), 0, target.scale_stride());
    }
    if (is_float(target.format)) {
      pack_floats(rows, target, panel);
    } else {
      pack_blocks(rows, target, panel);
    }
  }
}

}  // namespace cofre::kernels
