// matmul_prompt on AMX: the four A tiles of a group of 256 inputs stay in registers while panel after panel passes by;
// each product of depth 64 has an activation scale of its own (docs/decisions/prompt-kernel.md). Included inside an
// unnamed namespace.

constexpr std::size_t tile_rows = 16;
/// Panels that all rows pass over before the next ones: activations come from L2 or beyond once for all of them.
constexpr std::size_t tile_panels = 32;

/// Products of tiles, [activation scale][row][output]: one page of memory, of which one part is written while another
/// is read, so that no read takes a write in flight for its own (the processor compares 12 bits of addresses).
using TileProducts = std::int32_t[4][tile_rows * panel_width];

/// 16 rows against the strips of one group. A product takes as long to store as to make, and the processor does not do
/// both at once; so vectors of the product before last are worked on in between.
template <class Tiles>
class TileGroup {
 public:
  /// `sums` [panel][row][output]: += or, for the first group, =.
  TileGroup(Tiles& tiles, const Rows& rows, std::size_t first, std::size_t group, TileProducts& c, float* sums)
      : tiles_(tiles),
        x_(rows.quants + (group * rows.stride + first) * group_width),
        scale_(rows.scales + (group * rows.stride + first) * group_scales),
        totals_(rows.totals + group * rows.stride + first),
        first_group_(group == 0),
        c_(c),
        sums_(sums) {}

  [[gnu::flatten]] void all(const StripPanel* strip, std::size_t panels) {
    unroll<4>([&](auto unit) { tiles_.template load<4 + unit>(x_ + 64 * unit, group_width); });
    __m512 part[tile_rows];
    multiply<0>(strip[0]);
    multiply<1>(strip[0]);
    store<0>();
    for (std::size_t p = 0; p < panels; ++p) {
      multiply<2>(strip[p]);
      add<0>(part);
      store<1>();
      multiply<3>(strip[p]);
      add<1>(part);
      store<2>();
      const bool more = p + 1 < panels;
      if (more) multiply<0>(strip[p + 1]);
      add<2>(part);
      store<3>();
      if (more) multiply<1>(strip[p + 1]);
      add<3>(part);
      if (more) store<0>();
      finish(strip[p], p, part);
    }
  }

  /// As all(), where no more than two activation scales are left of a row.
  [[gnu::flatten]] void half(const StripPanel* strip, std::size_t panels) {
    unroll<2>([&](auto unit) { tiles_.template load<4 + unit>(x_ + 64 * unit, group_width); });
    for (std::size_t p = 0; p < panels; ++p) {
      __m512 part[tile_rows];
      multiply<0>(strip[p]);
      multiply<1>(strip[p]);
      store<0>(), store<1>();
      add<0>(part);
      add<1>(part);
      finish(strip[p], p, part);
    }
  }

 private:
  /// Tile 1 or 3 = products of inputs of one activation scale; A tiles are 4…7.
  template <int unit>
  void multiply(const StripPanel& strip) {
    constexpr int b = unit % 2 * 2, c = b + 1;
    tiles_.template load<b>(strip.bytes + unit * 1024, 64);
    tiles_.template zero<c>();
    tiles_.template multiply<c, 4 + unit, b>();
  }
  template <int unit>
  void store() {
    tiles_.template store<unit % 2 * 2 + 1>(c_[unit], 64);
  }
  /// part[row] += products · activation scale, or = for the first.
  template <int unit>
  void add(__m512 (&part)[tile_rows]) const {
    unroll<tile_rows>([&](auto r) {
      const auto product = _mm512_cvtepi32_ps(_mm512_load_si512(c_[unit] + r * panel_width));
      const auto factor = _mm512_set1_ps(scale_[r * group_scales + unit * unit_scales]);
      part[r] = unit == 0 ? _mm512_mul_ps(product, factor) : _mm512_fmadd_ps(product, factor, part[r]);
    });
  }
  void finish(const StripPanel& strip, std::size_t p, const __m512 (&part)[tile_rows]) {
    const auto step = _mm512_load_ps(strip.scale), low = _mm512_load_ps(strip.low);
    float* sums = sums_ + p * tile_rows * panel_width;
    unroll<tile_rows>([&](auto r) {
      const auto before = first_group_ ? _mm512_setzero_ps() : _mm512_load_ps(sums + r * panel_width);
      const auto sum = _mm512_fmadd_ps(low, _mm512_set1_ps(totals_[r]), _mm512_fmadd_ps(part[r], step, before));
      _mm512_store_ps(sums + r * panel_width, sum);
    });
  }

  Tiles& tiles_;
  const std::int8_t* x_;
  const float *scale_, *totals_;
  bool first_group_;
  TileProducts& c_;
  float* sums_;
};

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
      for (std::size_t r = 0; r < rows.rows; r += tile_rows) {
        TileGroup<Tiles> tile(tiles, rows, r, group, c, sums + r * panels * panel_width);
        if (w.inputs - group * group_width > group_width / 2) {
          tile.all(strip, panels);
        } else {
          tile.half(strip, panels);
        }
      }
    }
    for (std::size_t r = 0; r < rows.rows; ++r)
      for (std::size_t p = 0; p < panels; ++p)
        store_outputs<S>(
            out.y + r * out.stride + (panel + p) * panel_width,
            _mm512_load_ps(sums + ((r - r % tile_rows) * panels + p * tile_rows + r % tile_rows) * panel_width),
            std::min(panel_width, w.outputs - (panel + p) * panel_width), out.accumulate);
  }
}
