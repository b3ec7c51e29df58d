// matmul_prompt on AMX: the four A tiles of a group of 256 inputs stay in registers while panel after panel passes by;
// each product of depth 64 has an activation scale of its own (docs/decisions/prompt-kernel.md). Included inside an
// unnamed namespace.

constexpr std::size_t tile_rows = 16;
/// Panels that all rows pass over before the next ones: activations come from L2 or beyond once for all of them.
constexpr std::size_t tile_panels = 32;

/// Products of tiles, [activation scale][row][output]: one half is written while the other is read, and both lie in one
/// page of memory, so that no read takes a write in flight for its own (the processor compares 12 bits of addresses).
using TileProducts = std::int32_t[4][tile_rows * panel_width];

/// Activation scales `unit` and `unit + 1` of the group against a panel. A tiles are 4…7.
template <int unit, class Tiles>
inline void two_products(Tiles& tiles, const StripPanel& strip, TileProducts& c) {
  tiles.template load<0>(strip.bytes + unit * 1024, 64);
  tiles.template zero<1>();
  tiles.template multiply<1, 4 + unit, 0>();
  tiles.template load<2>(strip.bytes + (unit + 1) * 1024, 64);
  tiles.template zero<3>();
  tiles.template multiply<3, 5 + unit, 2>();
  tiles.template store<1>(c[unit], 64);
  tiles.template store<3>(c[unit + 1], 64);
}

/// part[row] += products of two activation scales, or = for the first; `scale` are those of row 0.
template <int unit>
[[gnu::always_inline]] inline void add_two(const TileProducts& c, const float* scale, __m512 (&part)[tile_rows]) {
  unroll<2>([&](auto i) {
    unroll<tile_rows>([&](auto r) {
      const auto product = _mm512_cvtepi32_ps(_mm512_load_si512(c[unit + i] + r * panel_width));
      const auto factor = _mm512_set1_ps(scale[r * group_scales + (unit + i) * unit_scales]);
      part[r] = unit + i == 0 ? _mm512_mul_ps(product, factor) : _mm512_fmadd_ps(product, factor, part[r]);
    });
  });
}

/// 16 rows from `first` against the strips of one group: sums[panel][row][output] += or, for the first group, =.
/// `whole`: more than half of the group's inputs are there.
template <class Tiles>
[[gnu::flatten]] inline void tile_group(Tiles& tiles, const Rows& rows, std::size_t first, std::size_t group,
                                        bool whole, const StripPanel* strip, std::size_t panels, TileProducts& c,
                                        float* sums) {
  const std::size_t at = group * rows.stride + first;
  const std::int8_t* x = rows.quants + at * group_width;
  const float *scale = rows.scales + at * group_scales, *totals = rows.totals + at;
  tiles.template load<4>(x, group_width), tiles.template load<5>(x + 64, group_width);
  tiles.template load<6>(x + 128, group_width), tiles.template load<7>(x + 192, group_width);
  two_products<0>(tiles, strip[0], c);
  for (std::size_t p = 0; p < panels; ++p, sums += tile_rows * panel_width) {
    if (whole) two_products<2>(tiles, strip[p], c);
    __m512 part[tile_rows];
    add_two<0>(c, scale, part);
    if (p + 1 < panels) two_products<0>(tiles, strip[p + 1], c);
    if (whole) add_two<2>(c, scale, part);
    const auto step = _mm512_load_ps(strip[p].scale), low = _mm512_load_ps(strip[p].low);
    unroll<tile_rows>([&](auto r) {
      const auto before = group == 0 ? _mm512_setzero_ps() : _mm512_load_ps(sums + r * panel_width);
      const auto sum = _mm512_fmadd_ps(low, _mm512_set1_ps(totals[r]), _mm512_fmadd_ps(part[r], step, before));
      _mm512_store_ps(sums + r * panel_width, sum);
    });
  }
}

/// Panels [from, to). Rows are taken by 16: those behind the last one are computed too (Rows has room) and dropped.
template <class F, class Tiles>
inline void tile_prompt(const Rows& rows, const Panels& w, const Output& out, std::size_t from, std::size_t to,
                        std::byte* scratch) {
  Tiles tiles(64);
  auto& c = *reinterpret_cast<TileProducts*>(scratch);
  auto* strip = reinterpret_cast<StripPanel*>(scratch + sizeof(TileProducts));
  auto* sums = reinterpret_cast<float*>(strip + tile_panels);
  for (std::size_t panel = from; panel < to; panel += tile_panels) {
    const std::size_t panels = std::min(tile_panels, to - panel);
    for (std::size_t group = 0; group < rows.groups(); ++group) {
      for (std::size_t p = 0; p < panels; ++p) requantise<F>(w, panel + p, group, strip[p]);
      const bool whole = w.inputs - group * group_width > group_width / 2;
      for (std::size_t r = 0; r < rows.rows; r += tile_rows)
        tile_group(tiles, rows, r, group, whole, strip, panels, c, sums + r * panels * panel_width);
    }
    for (std::size_t r = 0; r < rows.rows; ++r)
      for (std::size_t p = 0; p < panels; ++p)
        store_outputs<S>(
            out.y + r * out.stride + (panel + p) * panel_width,
            _mm512_load_ps(sums + ((r - r % tile_rows) * panels + p * tile_rows + r % tile_rows) * panel_width),
            std::min(panel_width, w.outputs - (panel + p) * panel_width), out.accumulate);
  }
}
