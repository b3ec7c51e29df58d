// matmul_prompt of 16-bit float weights: both factors are rounded to bf16 (of F16 weights three bits go), sums are in
// f32. Included inside an unnamed namespace after floats.h and a set's round_pair and add_pair.

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
  const std::size_t padded = (count + bf16_rows - 1) / bf16_rows * bf16_rows;
  std::fill_n(to.rows, padded * to.depth, std::uint16_t{0});
  for (std::size_t r = 0; r < count; ++r) {
    const float* x = rows.values + (first + r) * rows.value_stride;
    std::uint16_t* y = to.rows + r * to.depth;
    for (std::size_t i = 0; i < rows.inputs; ++i) {
      std::uint32_t bits;
      std::memcpy(&bits, x + i, sizeof bits);
      y[i] = static_cast<std::uint16_t>((bits + 0x8000) >> 16);
    }
  }
}

/// Pairs of inputs (2k, 2k + 1) of a panel's 16 outputs.
template <Format format>
inline void round_panel(const Panels& w, std::size_t panel, std::uint16_t* to, std::size_t depth) {
  const std::byte* weights = w.quants + panel * w.quant_stride();
  const auto load = [&](std::size_t input) {
    return input < w.inputs ? load_weights<format>(weights + input * 2 * panel_width) : S::zero();
  };
  for (std::size_t k = 0; k < depth; k += 2)
    S::store_bytes(reinterpret_cast<std::byte*>(to + k * panel_width), round_pair(load(k), load(k + 1)));
}

/// R rows from `row` on against P panels of the scratch, from `first` on: panels `panel` … of w. Each row's sums run in
/// the order of its inputs.
template <int R, int P>
[[gnu::flatten]] inline void bf16_tile(const Bf16Scratch& s, std::size_t row, std::size_t first, const Panels& w,
                                       std::size_t panel, const Output& out) {
  typename S::Floats sum[R][P];
  unroll<R>([&](auto r) { unroll<P>([&](auto p) { sum[r][p] = S::zero(); }); });
  const std::uint16_t *x = s.rows + row * s.depth, *weights = s.panel(first);
  for (std::size_t k = 0; k < s.depth; k += 2) {
    typename S::Bytes v[P];
    unroll<P>([&](auto p) {
      v[p] = S::load_bytes(reinterpret_cast<const std::byte*>(weights + (p * s.depth + k) * panel_width));
    });
    unroll<R>([&](auto r) {
      const auto both = S::broadcast(reinterpret_cast<const std::int8_t*>(x + r * s.depth + k));
      unroll<P>([&](auto p) { sum[r][p] = add_pair(sum[r][p], v[p], both); });
    });
  }
  unroll<R>([&](auto r) {
    unroll<P>([&](auto p) {
      store_outputs<S>(out.y + (row + r) * out.stride + (panel + p) * panel_width, sum[r][p],
                       std::min(panel_width, w.outputs - (panel + p) * panel_width), out.accumulate);
    });
  });
}

template <int P>
inline void bf16_all_rows(const Bf16Scratch& s, std::size_t count, std::size_t first, const Panels& w,
                          std::size_t panel, const Output& out) {
  constexpr std::size_t most = S::float_rows;
  std::size_t r = 0;
  for (; r + most <= count; r += most) bf16_tile<most, P>(s, r, first, w, panel, out);
  for (; r < count; ++r) bf16_tile<1, P>(s, r, first, w, panel, out);
}

/// Panels [from, to).
template <Format format>
inline void bf16_product(const Rows& rows, const Panels& w, const Output& out, std::size_t from, std::size_t to,
                         std::byte* scratch) {
  constexpr std::size_t together = S::float_panels;
  const Bf16Scratch s(w.inputs, scratch);
  for (std::size_t first = 0; first < rows.rows; first += s.block) {
    const std::size_t count = std::min(s.block, rows.rows - first);
    const Output there{out.y + first * out.stride, out.stride, out.accumulate};
    round_rows(rows, first, count, s);
    for (std::size_t panel = from; panel < to; panel += bf16_panels) {
      const std::size_t panels = std::min(bf16_panels, to - panel);
      for (std::size_t p = 0; p < panels; ++p) round_panel<format>(w, panel + p, s.panel(p), s.depth);
      std::size_t p = 0;
      for (; p + together <= panels; p += together) bf16_all_rows<together>(s, count, p, w, panel + p, there);
      for (; p < panels; ++p) bf16_all_rows<1>(s, count, p, w, panel + p, there);
    }
  }
}
