// matmul_prompt of 16-bit float weights on AMX's bf16 products. All rows take it, however few they are. Included inside
// an unnamed namespace after avx512/bf16.h and tiles.h.

/// Up to 32 rows against up to two panels: A tiles 4 and 5, B tiles 6 and 7, C tiles 0…3 [rows][panel].
template <class Tiles>
struct Bf16Square {
  Tiles& tiles;
  const std::uint16_t *a, *b;
  std::size_t depth;

  template <bool two_rows, bool two_panels>
  [[gnu::flatten]] void multiply() {
    tiles.template zero<0>(), tiles.template zero<1>(), tiles.template zero<2>(), tiles.template zero<3>();
    for (std::size_t k = 0; k < depth; k += 32) {
      tiles.template load<4>(a + k, depth * 2);
      if constexpr (two_rows) tiles.template load<5>(a + tile_rows * depth + k, depth * 2);
      tiles.template load<6>(b + k * panel_width, 64);
      tiles.template multiply_bf16<0, 4, 6>();
      if constexpr (two_rows) tiles.template multiply_bf16<2, 5, 6>();
      if constexpr (two_panels) {
        tiles.template load<7>(b + panel_width * (depth + k), 64);
        tiles.template multiply_bf16<1, 4, 7>();
        if constexpr (two_rows) tiles.template multiply_bf16<3, 5, 7>();
      }
    }
  }

  void run(bool two_rows, bool two_panels) {
    if (two_rows) return two_panels ? multiply<true, true>() : multiply<true, false>();
    two_panels ? multiply<false, true>() : multiply<false, false>();
  }

  /// c [rows][panel][row][output].
  void store(float* c) {
    tiles.template store<0>(c, 64), tiles.template store<1>(c + 256, 64);
    tiles.template store<2>(c + 512, 64), tiles.template store<3>(c + 768, 64);
  }
};

/// Panels [from, to).
template <Format format, class Tiles>
inline void tile_bf16(const Rows& rows, const Panels& w, const Output& out, std::size_t from, std::size_t to,
                      std::byte* scratch) {
  const Bf16Scratch s(w.inputs, scratch);
  auto* c = reinterpret_cast<float*>(s.panel(bf16_panels));
  Tiles tiles(64);
  for (std::size_t first = 0; first < rows.rows; first += s.block) {
    const std::size_t count = std::min(s.block, rows.rows - first);
    round_rows(rows, first, count, s);
    for (std::size_t panel = from; panel < to; panel += 2) {
      const std::size_t panels = std::min<std::size_t>(2, to - panel);
      for (std::size_t p = 0; p < panels; ++p) round_panel<format>(w, panel + p, s.panel(p), s.depth);
      for (std::size_t r = 0; r < count; r += 2 * tile_rows) {
        Bf16Square<Tiles> square{tiles, s.rows + r * s.depth, s.panels, s.depth};
        square.run(count - r > tile_rows, panels == 2);
        square.store(c);
        for (std::size_t i = 0; i < std::min(2 * tile_rows, count - r); ++i)
          for (std::size_t p = 0; p < panels; ++p)
            store_outputs<S>(out.y + (first + r + i) * out.stride + (panel + p) * panel_width,
                             _mm512_loadu_ps(c + (i / tile_rows * 2 + p) * 256 + i % tile_rows * panel_width),
                             std::min(panel_width, w.outputs - (panel + p) * panel_width), out.accumulate);
      }
    }
  }
}
