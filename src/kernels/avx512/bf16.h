// matmul_prompt of 16-bit float weights: both factors are rounded to bf16 (of F16 weights three bits go), sums are in
// f32. What AVX512_BF16 and AMX do alike, then the product on AVX512_BF16. Included inside an unnamed namespace after
// generic/floats.h.

inline __m512i upper_half(__m512i x) { return _mm512_and_si512(x, _mm512_set1_epi32(static_cast<int>(0xffff0000u))); }
/// To the nearest bf16, in the upper half of each lane.
inline __m512i rounded(__m512 x) {
  return upper_half(_mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x8000)));
}
/// Sixteen bf16 from the upper halves of a vector.
inline void store_upper(std::uint16_t* to, __m512i x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(_mm512_srli_epi32(x, 16)));
}

constexpr std::size_t bf16_rows = 32;  ///< rows come in multiples of this, made up with zeros

/// Where a task keeps what it rounded.
struct Bf16Scratch {
  std::size_t depth, block;  ///< inputs made up to 32; rows that are rounded at once and stay in L2
  std::uint16_t* rows;       ///< [block, depth]
  std::uint16_t* panels;     ///< [bf16_panels, depth / 2, outputs, 2]

  Bf16Scratch(std::size_t inputs, std::byte* scratch)
      : depth((inputs + 31) / 32 * 32),
        block(std::max(bf16_rows, bf16_block_bytes / (2 * depth) / bf16_rows * bf16_rows)),
        rows(reinterpret_cast<std::uint16_t*>(scratch)),
        panels(rows + block * depth) {}
  std::uint16_t* panel(std::size_t p) const { return panels + p * panel_width * depth; }
};

/// `count` ≤ block rows from `first` on.
inline void round_rows(const Rows& rows, std::size_t first, std::size_t count, const Bf16Scratch& to) {
  for (std::size_t r = 0; r < (count + bf16_rows - 1) / bf16_rows * bf16_rows; ++r)
    for (std::size_t i = 0; i < to.depth; i += 16) {
      const std::size_t inside = r < count && i < rows.inputs ? std::min<std::size_t>(rows.inputs - i, 16) : 0;
      const auto mask = static_cast<__mmask16>((1u << inside) - 1);
      const auto x = _mm512_maskz_loadu_ps(mask, rows.values + (first + r) * rows.value_stride + i);
      store_upper(to.rows + r * to.depth + i, rounded(x));
    }
}

/// Pairs of inputs (2k, 2k + 1) of a panel's 16 outputs.
template <Format format>
inline void round_panel(const Panels& w, std::size_t panel, std::uint16_t* to, std::size_t depth) {
  const std::byte* weights = w.quants + panel * w.quant_stride();
  const auto load = [&](std::size_t input) {
    return input < w.inputs ? rounded(load_weights<format>(weights + input * 2 * panel_width)) : _mm512_setzero_si512();
  };
  for (std::size_t k = 0; k < depth; k += 2)
    _mm512_store_si512(to + k * panel_width, _mm512_or_si512(_mm512_srli_epi32(load(k), 16), load(k + 1)));
}

/// VDPBF16PS in place: sum += w₀ · x₀ + w₁ · x₁. By assembler, as add_products.
inline __m512 add_pair(__m512 sum, __m512i w, __m512i x) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(w), "v"(x));
  return sum;
}

/// R rows against P panels; each row's sums run in the order of its inputs.
template <int R, int P>
[[gnu::flatten]] inline void bf16_tile(const Bf16Scratch& s, std::size_t row, const Panels& w, std::size_t panel,
                                       float* y, const Output& out) {
  __m512 sum[R][P];
  unroll<R>([&](auto r) { unroll<P>([&](auto p) { sum[r][p] = _mm512_setzero_ps(); }); });
  const std::uint16_t *x = s.rows + row * s.depth, *weights = s.panels;
  for (std::size_t k = 0; k < s.depth; k += 2) {
    __m512i v[P];
    unroll<P>([&](auto p) { v[p] = _mm512_load_si512(weights + (p * s.depth + k) * panel_width); });
    unroll<R>([&](auto r) {
      std::int32_t pair;
      std::memcpy(&pair, x + r * s.depth + k, sizeof pair);
      const auto both = _mm512_set1_epi32(pair);
      unroll<P>([&](auto p) { sum[r][p] = add_pair(sum[r][p], v[p], both); });
    });
  }
  unroll<R>([&](auto r) {
    unroll<P>([&](auto p) {
      store_outputs<S>(y + r * out.stride + (panel + p) * panel_width, sum[r][p],
                       std::min(panel_width, w.outputs - (panel + p) * panel_width), out.accumulate);
    });
  });
}

template <int P>
inline void bf16_all_rows(const Bf16Scratch& s, std::size_t count, const Panels& w, std::size_t panel, float* y,
                          const Output& out) {
  std::size_t r = 0;
  for (; r + 6 <= count; r += 6) bf16_tile<6, P>(s, r, w, panel, y + r * out.stride, out);
  for (; r < count; ++r) bf16_tile<1, P>(s, r, w, panel, y + r * out.stride, out);
}

/// Panels [from, to).
template <Format format>
inline void bf16_product(const Rows& rows, const Panels& w, const Output& out, std::size_t from, std::size_t to,
                         std::byte* scratch) {
  const Bf16Scratch s(w.inputs, scratch);
  for (std::size_t first = 0; first < rows.rows; first += s.block) {
    const std::size_t count = std::min(s.block, rows.rows - first);
    float* y = out.y + first * out.stride;
    round_rows(rows, first, count, s);
    for (std::size_t panel = from; panel < to; panel += bf16_panels) {
      const std::size_t panels = std::min(bf16_panels, to - panel);
      for (std::size_t p = 0; p < panels; ++p) round_panel<format>(w, panel + p, s.panel(p), s.depth);
      switch (panels) {
        case 4: bf16_all_rows<4>(s, count, w, panel, y, out); break;
        case 3: bf16_all_rows<3>(s, count, w, panel, y, out); break;
        case 2: bf16_all_rows<2>(s, count, w, panel, y, out); break;
        default: bf16_all_rows<1>(s, count, w, panel, y, out);
      }
    }
  }
}
