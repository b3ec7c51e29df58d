// matmul_prompt on VNNI: 6 rows × 64 outputs in 24 registers over a strip that stays in L1, partial sums in a scratch
// that stays in L2. Included inside an unnamed namespace after requantise.h.

constexpr std::size_t prompt_rows = 6, strip_panels = 4;
constexpr int scale_quads = prompt_scale_width / 4;
constexpr int unit_scales = prompt_scale_width / scale_width;

/// part[row][outputs] += rows · strip over the inputs of one activation scale, `unit` of the group, or = for the first.
template <int R, int P>
[[gnu::always_inline]] inline void vnni_part(const Rows& rows, std::size_t at, const StripPanel* strip, int unit,
                                             int quads, __m512 (&part)[R][P]) {
  __m512i sum[R][P];
  unroll<R>([&](auto r) { unroll<P>([&](auto p) { sum[r][p] = _mm512_setzero_si512(); }); });
  const std::int8_t* x = rows.quants + at * group_width + unit * prompt_scale_width;
  std::size_t byte = unit * prompt_scale_width * panel_width;
  for (int q = 0; q < quads; ++q, x += 4, byte += 64) {
    __m512i w[P];
    unroll<P>([&](auto p) { w[p] = _mm512_load_si512(strip[p].bytes + byte); });
    unroll<R>([&](auto r) {
      const auto four = S::broadcast(x + r * group_width);
      unroll<P>([&](auto p) { sum[r][p] = S::add_products(sum[r][p], w[p], four); });
    });
  }
  unroll<R>([&](auto r) {
    const auto scale = _mm512_set1_ps(rows.scales[(at + r) * group_scales + unit * unit_scales]);
    unroll<P>([&](auto p) { part[r][p] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r][p]), scale, part[r][p]); });
  });
}

/// sums[row][64 outputs] += rows · strip, or = for the first group.
template <int R, int P>
[[gnu::flatten]] inline void vnni_tile(const Rows& rows, std::size_t first, std::size_t group, const StripPanel* strip,
                                       int quads, float* sums) {
  __m512 part[R][P];
  unroll<R>([&](auto r) { unroll<P>([&](auto p) { part[r][p] = _mm512_setzero_ps(); }); });
  const std::size_t at = group * rows.stride + first;
  for (int unit = 0; unit * scale_quads < quads; ++unit)
    vnni_part<R, P>(rows, at, strip, unit, std::min(scale_quads, quads - unit * scale_quads), part);
  unroll<R>([&](auto r) {
    const auto total = _mm512_set1_ps(rows.totals[at + r]);
    unroll<P>([&](auto p) {
      float* y = sums + (r * strip_panels + p) * panel_width;
      auto value = group == 0 ? _mm512_setzero_ps() : _mm512_load_ps(y);
      value = _mm512_fmadd_ps(part[r][p], _mm512_load_ps(strip[p].scale), value);
      value = _mm512_fmadd_ps(_mm512_load_ps(strip[p].low), total, value);
      _mm512_store_ps(y, value);
    });
  });
}

template <int P>
inline void vnni_rows(const Rows& rows, std::size_t group, const StripPanel* strip, int quads, float* sums) {
  constexpr std::size_t row_floats = strip_panels * panel_width;
  std::size_t r = 0;
  for (; r + prompt_rows <= rows.rows; r += prompt_rows)
    vnni_tile<prompt_rows, P>(rows, r, group, strip, quads, sums + r * row_floats);
  switch (rows.rows - r) {
    case 5: return vnni_tile<5, P>(rows, r, group, strip, quads, sums + r * row_floats);
    case 4: return vnni_tile<4, P>(rows, r, group, strip, quads, sums + r * row_floats);
    case 3: return vnni_tile<3, P>(rows, r, group, strip, quads, sums + r * row_floats);
    case 2: return vnni_tile<2, P>(rows, r, group, strip, quads, sums + r * row_floats);
    case 1: return vnni_tile<1, P>(rows, r, group, strip, quads, sums + r * row_floats);
    default: return;
  }
}

inline void vnni_strip(const Rows& rows, std::size_t group, const StripPanel* strip, std::size_t panels, int quads,
                       float* sums) {
  switch (panels) {
    case 1: return vnni_rows<1>(rows, group, strip, quads, sums);
    case 2: return vnni_rows<2>(rows, group, strip, quads, sums);
    case 3: return vnni_rows<3>(rows, group, strip, quads, sums);
    default: return vnni_rows<4>(rows, group, strip, quads, sums);
  }
}

/// Panels [from, to) in strips of four.
template <class F>
inline void prompt(const Rows& rows, const Panels& w, const Output& out, std::size_t from, std::size_t to,
                   std::byte* scratch) {
  constexpr std::size_t row_floats = strip_panels * panel_width;
  auto* strip = reinterpret_cast<StripPanel*>(scratch);
  auto* sums = reinterpret_cast<float*>(strip + strip_panels);
  for (std::size_t panel = from; panel < to; panel += strip_panels) {
    const std::size_t panels = std::min(strip_panels, to - panel);
    for (std::size_t group = 0; group < rows.groups(); ++group) {
      for (std::size_t p = 0; p < panels; ++p) requantise<F>(w, panel + p, group, strip[p]);
      const int quads = static_cast<int>(std::min(group_width, w.inputs - group * group_width) / 4);
      vnni_strip(rows, group, strip, panels, quads, sums);
    }
    for (std::size_t r = 0; r < rows.rows; ++r)
      for (std::size_t p = 0; p < panels; ++p)
        store_outputs<S>(out.y + r * out.stride + (panel + p) * panel_width,
                         _mm512_load_ps(sums + r * row_floats + p * panel_width),
                         std::min(panel_width, w.outputs - (panel + p) * panel_width), out.accumulate);
  }
}
