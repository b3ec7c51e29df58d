// matmul_prompt on AMX: 32 rows × 32 outputs a block, a product of depth 64 (one activation scale) for each of its four
// C tiles, A streamed from L2, the strip from L1 (docs/decisions/prompt-kernel.md). Included inside an unnamed
// namespace.

constexpr std::size_t tile_rows = 16;

/// part[row] of one C tile over a group: += the products of one activation scale, or = for the first.
inline void add_unit(const Rows& rows, std::size_t first, std::size_t count, std::size_t group, int unit,
                     const std::int32_t* c, float* part) {
  const float* scale = rows.scales + (group * rows.stride + first) * group_scales + unit * unit_scales;
  for (std::size_t r = 0; r < count; ++r) {
    const auto products = _mm512_cvtepi32_ps(_mm512_load_si512(c + r * 16));
    const auto factor = _mm512_set1_ps(scale[r * group_scales]);
    float* at = part + r * 16;
    _mm512_store_ps(
        at, unit == 0 ? _mm512_mul_ps(products, factor) : _mm512_fmadd_ps(products, factor, _mm512_load_ps(at)));
  }
}

/// sums[row][outputs] of up to 16 rows of one C tile: += or, for the first group, =.
inline void add_group(const Rows& rows, std::size_t first, std::size_t count, std::size_t group, const Strip& strip,
                      std::size_t p, const float* part, float* sums) {
  const auto step = _mm512_load_ps(strip.scale[p]), low = _mm512_load_ps(strip.low[p]);
  for (std::size_t r = 0; r < count; ++r) {
    float* y = sums + ((first + r) * strip_panels + p) * panel_width;
    auto value = group == 0 ? _mm512_setzero_ps() : _mm512_load_ps(y);
    value = _mm512_fmadd_ps(_mm512_load_ps(part + r * 16), step, value);
    value = _mm512_fmadd_ps(low, _mm512_set1_ps(rows.totals[group * rows.stride + first + r]), value);
    _mm512_store_ps(y, value);
  }
}

/// Where the 16 rows of an A tile lie: in place, or copied with zeros after the last row.
struct RowTile {
  const std::int8_t* at;
  std::size_t count;
};
inline RowTile row_tile(const Rows& rows, std::size_t first, std::size_t group, std::int8_t* copy) {
  const std::int8_t* in_place = rows.quants + (group * rows.stride + first) * group_width;
  if (first + tile_rows <= rows.rows) return {in_place, tile_rows};
  const std::size_t count = first < rows.rows ? rows.rows - first : 0;
  std::memset(copy, 0, tile_rows * group_width);
  if (count > 0) std::memcpy(copy, in_place, count * group_width);
  return {copy, count};
}

template <class Tiles>
inline void tile_strip(const Rows& rows, std::size_t group, const Strip& strip, std::size_t panels, int quads,
                       float* sums) {
  Tiles tiles;
  alignas(64) std::int8_t copies[2][tile_rows * group_width];
  alignas(64) std::int32_t c[4][256];
  alignas(64) float part[4][256];
  const int units = (quads + scale_quads - 1) / scale_quads;  // inputs past the matrix are zeros in rows and strip
  for (std::size_t first = 0; first < rows.rows; first += 2 * tile_rows) {
    const RowTile upper = row_tile(rows, first, group, copies[0]);
    const RowTile lower = row_tile(rows, first + tile_rows, group, copies[1]);
    for (std::size_t p = 0; p < panels; p += 2) {
      for (int unit = 0; unit < units; ++unit) {
        const std::uint8_t* b = strip.bytes + p * strip_panel_bytes + unit * 1024;
        tiles.template zero<0>(), tiles.template zero<1>(), tiles.template zero<2>(), tiles.template zero<3>();
        tiles.template load<6>(b, 64);
        tiles.template load_once<4>(upper.at + 64 * unit, group_width);
        tiles.template multiply<0, 4, 6>();
        tiles.template load<7>(b + strip_panel_bytes, 64);
        tiles.template multiply<1, 4, 7>();
        tiles.template store<0>(c[0], 64), tiles.template store<1>(c[1], 64);
        if (lower.count > 0) {
          tiles.template load_once<5>(lower.at + 64 * unit, group_width);
          tiles.template multiply<2, 5, 6>();
          tiles.template multiply<3, 5, 7>();
        }
        add_unit(rows, first, upper.count, group, unit, c[0], part[0]);
        add_unit(rows, first, upper.count, group, unit, c[1], part[1]);
        if (lower.count == 0) continue;
        tiles.template store<2>(c[2], 64), tiles.template store<3>(c[3], 64);
        add_unit(rows, first + tile_rows, lower.count, group, unit, c[2], part[2]);
        add_unit(rows, first + tile_rows, lower.count, group, unit, c[3], part[3]);
      }
      for (std::size_t i = 0; i < 2 && p + i < panels; ++i) {
        add_group(rows, first, upper.count, group, strip, p + i, part[i], sums);
        if (lower.count > 0) add_group(rows, first + tile_rows, lower.count, group, strip, p + i, part[2 + i], sums);
      }
    }
  }
}
