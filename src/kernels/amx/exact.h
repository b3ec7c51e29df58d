// matmul_exact on AMX for formats with a scale for 32 inputs: 16 rows × 16 outputs, a product for every sub-block of
// 32, then the very float operations of generic/exact.h in their order, so that the two give the same bits. Included
// inside an unnamed namespace after formats.h and tiles.h.

/// Products of four sub-blocks: two are made while those before are turned to floats.
using ExactProducts = std::int32_t[4][tile_rows * panel_width];

/// A sub-block of a panel's weights without their offset, [quad][16 columns × 4 inputs]: a B tile.
template <class F>
[[gnu::always_inline]] inline void unpack_signed(const Panels& w, std::size_t panel, std::size_t sub, std::int8_t* to) {
  const std::byte* record = w.quants + panel * w.quant_stride() + sub / F::record_subs * traits(w.format).quant_bytes;
  unroll<8>([&](auto q) {
    const auto u = F::template unpack<q>(record, static_cast<int>(sub % F::record_subs));
    _mm512_store_si512(to + (sub * 8 + q) * 64, F::offset == 0 ? u : _mm512_sub_epi8(u, _mm512_set1_epi8(F::offset)));
  });
}

/// 16 rows from `first` against one unpacked panel.
template <class F, class Tiles>
struct ExactTile {
  Tiles& tiles;
  const Rows& rows;
  const Panels& w;
  std::size_t first;
  const std::int8_t* weights;
  std::int8_t* next;  ///< where the next panel is unpacked meanwhile, or null
  ExactProducts& products;

  /// Of a sub-block: its first row's place in the arrays that have one for every group.
  std::size_t at(std::size_t sub) const { return sub / group_scales * rows.stride + first; }

  template <int parity>
  void multiply(std::size_t sub) {
    constexpr int b = 2 * parity, c = b + 1, a = 4 + parity;
    tiles.template load<a>(rows.quants + at(sub) * group_width + sub % group_scales * 32, group_width);
    tiles.template load<b>(weights + sub * 32 * panel_width, 64);
    tiles.template zero<c>();
    tiles.template multiply_signed<c, a, b>();
  }
  template <int parity>
  void store(std::size_t sub) {
    tiles.template store<2 * parity + 1>(products[sub % 4], 64);
  }

  void add(std::size_t sub, const std::byte* scales, __m512 (&total)[tile_rows]) const {
    const std::byte* record = scales + sub / F::record_subs * traits(w.format).scale_bytes;
    const auto head = F::head(record);
    const int granule = static_cast<int>(sub % F::record_subs);
    const auto scale = F::scale(head, record, granule);
    const auto base = F::has_base ? F::base(head, record, granule) : S::zero();
    const float* units = rows.scales + at(sub) * group_scales + sub % group_scales;
    const float* sums = rows.sums32 + at(sub) * group_scales + sub % group_scales;
    unroll<tile_rows>([&](auto r) {
      auto part = S::mul(S::to_floats(_mm512_load_si512(products[sub % 4] + r * panel_width)), scale);
      if constexpr (F::has_base) part = S::fma(base, S::broadcast(sums[r * group_scales]), part);
      total[r] = S::fma(part, S::broadcast(units[r * group_scales]), total[r]);
    });
  }

  [[gnu::flatten]] void panel(std::size_t index, const Output& out) {
    const std::byte* scales = w.scales + index * w.scale_stride();
    const std::size_t subs = w.inputs / 32;
    __m512 total[tile_rows];
    unroll<tile_rows>([&](auto r) { total[r] = S::zero(); });
    multiply<0>(0);
    store<0>(0);
    if (subs > 1) multiply<1>(1), store<1>(1);
    for (std::size_t sub = 0; sub < subs; sub += 2)
      unroll<2>([&](auto i) {
        if (sub + i >= subs) return;
        if (sub + i + 2 < subs) multiply<i>(sub + i + 2);
        if (next != nullptr) unpack_signed<F>(w, index + 1, sub + i, next);
        add(sub + i, scales, total);
        if (sub + i + 2 < subs) store<i>(sub + i + 2);
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
  Tiles tiles(32);
  auto& products = *reinterpret_cast<ExactProducts*>(scratch);
  auto* weights = reinterpret_cast<std::int8_t*>(scratch + sizeof products);
  auto* next = weights + w.inputs * panel_width;
  for (std::size_t sub = 0; sub < w.inputs / 32; ++sub) unpack_signed<F>(w, from, sub, weights);
  for (std::size_t panel = from; panel < to; ++panel, std::swap(weights, next))
    for (std::size_t first = 0; first < rows.rows; first += tile_rows) {
      const bool last = panel + 1 == to || first > 0;
      ExactTile<F, Tiles>{tiles, rows, w, first, weights, last ? nullptr : next, products}.panel(panel, out);
    }
}
