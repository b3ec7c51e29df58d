// matmul_exact on AMX for quantized formats: 16 rows × 16 outputs, a product for every granule of the format (16 or 32
// inputs), then the very float operations of generic/exact.h in their order, so that the two give the same bits.
// Included inside an unnamed namespace after formats.h and tiles.h.

/// Products of four sub-blocks: two are made while those before are turned to floats.
template <class F>
using ExactProducts = std::int32_t[4][32 / F::granule][tile_rows * panel_width];

/// A sub-block of a panel's weights without their offset, [quad][16 columns × 4 inputs]: a granule is a B tile.
template <class F>
[[gnu::always_inline]] inline void unpack_signed(const Panels& w, std::size_t panel, std::size_t sub, std::int8_t* to) {
  const std::byte* record =
      w.quants + panel * w.quant_stride() + sub / F::record_subs * traits(w.format).quant_bytes;
  unroll<8>([&](auto q) {
    const auto u = F::template unpack<q>(record, static_cast<int>(sub % F::record_subs));
    _mm512_store_si512(to + (sub * 8 + q) * 64, F::offset == 0 ? u : _mm512_sub_epi8(u, _mm512_set1_epi8(F::offset)));
  });
}

/// 16 rows from `first` against one unpacked panel.
template <class F, class Tiles>
struct ExactTile {
  static constexpr int per_sub = 32 / F::granule, per_group = group_width / F::granule;

  Tiles& tiles;
  const Rows& rows;
  const Panels& w;
  std::size_t first;
  const std::int8_t* weights;
  std::int8_t* next;  ///< where the next panel is unpacked meanwhile, or null
  ExactProducts<F>& products;

  std::size_t at(std::size_t sub) const { return sub / group_scales * rows.stride + first; }

  template <int parity>
  void multiply(std::size_t sub) {
    const std::int8_t* x = rows.quants + at(sub) * group_width + sub % group_scales * 32;
    constexpr int b = 2 * parity, c = 2 * parity + 1;
    unroll<per_sub>([&](auto half) {
      constexpr int a = 4 + 2 * parity + half;
      tiles.template load<a>(x + half * F::granule, group_width);
      tiles.template load<b>(weights + (sub * 32 + half * F::granule) * panel_width, 64);
      tiles.template zero<c>();
      tiles.template multiply_signed<c, a, b>();
      tiles.template store<c>(products[sub % 4][half], 64);
    });
  }

  void add(std::size_t sub, const std::byte* scales, __m512 (&total)[tile_rows]) const {
    const std::byte* record = scales + sub / F::record_subs * traits(w.format).scale_bytes;
    const auto head = F::head(record);
    const int granule = static_cast<int>(sub % F::record_subs) * per_sub;
    __m512 scale[per_sub], base[per_sub];
    unroll<per_sub>([&](auto half) {
      scale[half] = F::scale(head, record, granule + half);
      if constexpr (F::has_base) base[half] = F::base(head, record, granule + half);
    });
    const float* units = rows.scales + at(sub) * group_scales + sub % group_scales;
    const float* sums =
        (F::granule == 32 ? rows.sums32 : rows.sums16) + at(sub) * per_group + sub % group_scales * per_sub;
    unroll<tile_rows>([&](auto r) {
      __m512 part;
      unroll<per_sub>([&](auto half) {
        const auto product = _mm512_cvtepi32_ps(_mm512_load_si512(products[sub % 4][half] + r * panel_width));
        part = half == 0 ? _mm512_mul_ps(product, scale[half]) : _mm512_fmadd_ps(product, scale[half], part);
        if constexpr (F::has_base) part = _mm512_fmadd_ps(base[half], _mm512_set1_ps(sums[r * per_group + half]), part);
      });
      total[r] = _mm512_fmadd_ps(part, _mm512_set1_ps(units[r * group_scales]), total[r]);
    });
  }

  [[gnu::flatten]] void panel(std::size_t index, const Output& out) {
    const std::byte* scales = w.scales + index * w.scale_stride();
    const std::size_t subs = w.inputs / 32;
    __m512 total[tile_rows];
    unroll<tile_rows>([&](auto r) { total[r] = _mm512_setzero_ps(); });
    multiply<0>(0);
    if (subs > 1) multiply<1>(1);
    for (std::size_t sub = 0; sub < subs; sub += 2)
      unroll<2>([&](auto i) {
        if (sub + i >= subs) return;
        if (sub + i + 2 < subs) multiply<i>(sub + i + 2);
        if (next != nullptr) unpack_signed<F>(w, index + 1, sub + i, next);
        add(sub + i, scales, total);
      });
    const std::size_t columns = std::min(panel_width, w.outputs - index * panel_width);
    unroll<tile_rows>([&](auto r) {
      if (first + r < rows.rows)
        store_outputs<S>(out.y + (first + r) * out.stride + index * panel_width, total[r], columns, out.accumulate);
    });
  }
};

/// Rows are taken by 16: those behind the last one are computed too (Rows has room) and dropped.
template <class F, class Tiles>
inline void tile_exact(const Rows& rows, const Panels& w, const Output& out, std::size_t from, std::size_t to,
                       std::byte* scratch) {
  Tiles tiles(F::granule);
  auto& products = *reinterpret_cast<ExactProducts<F>*>(scratch);
  auto* weights = reinterpret_cast<std::int8_t*>(scratch + sizeof products);
  auto* next = weights + w.inputs * panel_width;
  for (std::size_t sub = 0; sub < w.inputs / 32; ++sub) unpack_signed<F>(w, from, sub, weights);
  for (std::size_t panel = from; panel < to; ++panel, std::swap(weights, next))
    for (std::size_t first = 0; first < rows.rows; first += tile_rows) {
      const bool last = panel + 1 == to || first > 0;
      ExactTile<F, Tiles>{tiles, rows, w, first, weights, last ? nullptr : next, products}.panel(panel, out);
    }
}
