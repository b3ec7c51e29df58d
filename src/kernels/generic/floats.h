// Products with float weights (F32, F16, BF16), for generated and for prompt rows alike: one fma per input, in order,
// so that a row's result does not depend on its neighbours. Included inside an unnamed namespace.

template <Format format>
inline S::Floats load_weights(const std::byte* at) {
  if constexpr (format == Format::f32) return S::load_floats(reinterpret_cast<const float*>(at));
  if constexpr (format == Format::f16) return S::load_half(at);
  return S::load_bf16(at);
}

template <Format format, int R, int P>
[[gnu::flatten]] inline void float_tile(const Rows& rows, const Panels& w, const Output& out, std::size_t first,
                                        std::size_t panel) {
  constexpr std::size_t step = format == Format::f32 ? 64 : 32;
  typename S::Floats sum[R][P];
  unroll<R>([&](auto r) { unroll<P>([&](auto p) { sum[r][p] = S::zero(); }); });
  const std::size_t panel_bytes = w.quant_stride(), row_floats = rows.value_stride;
  const std::byte* weights = w.quants + panel * panel_bytes;
  const float* values = rows.values + first * row_floats;
  for (std::size_t i = 0; i < w.inputs; ++i, weights += step) {
    typename S::Floats v[P];
    unroll<P>([&](auto p) { v[p] = load_weights<format>(weights + p * panel_bytes); });
    unroll<R>([&](auto r) {
      const auto x = S::broadcast(values[r * row_floats + i]);
      unroll<P>([&](auto p) { sum[r][p] = S::fma(v[p], x, sum[r][p]); });
    });
  }
  unroll<R>([&](auto r) {
    unroll<P>([&](auto p) {
      store_outputs<S>(out.y + (first + r) * out.stride + (panel + p) * panel_width, sum[r][p],
                       std::min(panel_width, w.outputs - (panel + p) * panel_width), out.accumulate);
    });
  });
}

template <Format format, int P>
inline void float_panels(const Rows& rows, const Panels& w, const Output& out, std::size_t panel) {
  constexpr std::size_t most = S::float_rows;
  std::size_t r = 0;
  for (; r + most <= rows.rows; r += most) float_tile<format, most, P>(rows, w, out, r, panel);
  for (; r < rows.rows; ++r) float_tile<format, 1, P>(rows, w, out, r, panel);
}

template <Format format>
inline void float_product(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last) {
  std::size_t panel = first;
  for (; panel + S::float_panels <= last; panel += S::float_panels)
    float_panels<format, S::float_panels>(rows, w, out, panel);
  for (; panel < last; ++panel) float_panels<format, 1>(rows, w, out, panel);
}

inline void floats(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last) {
  switch (w.format) {
    case Format::f32: return float_product<Format::f32>(rows, w, out, first, last);
    case Format::f16: return float_product<Format::f16>(rows, w, out, first, last);
    default: return float_product<Format::bf16>(rows, w, out, first, last);
  }
}
