// matmul_prompt on AVX2: 256 inputs of a panel are unpacked once for all rows and stay in L1, four rows pass over them
// at a time; partial sums lie in a scratch. Products are exact, as matmul_exact's. Included inside an unnamed namespace
// after generic/formats.h.

constexpr std::size_t prompt_rows = 4;

/// A group of a panel: w = scale · u + base of its granule.
struct UnpackedGroup {
  alignas(64) std::byte bytes[group_width * panel_width];  ///< [quad][16 columns × 4 inputs]
  alignas(64) float scale[group_width / 16][panel_width];
  alignas(64) float base[group_width / 16][panel_width];
};

template <class F>
constexpr bool has_any_base = F::has_base || S::Dots<F>::offset != 0;

/// Returns how many sub-blocks of 32 the group has.
template <class F>
[[gnu::flatten]] inline int unpack_group(const Panels& w, std::size_t panel, std::size_t group, UnpackedGroup& to) {
  const auto& t = traits(w.format);
  constexpr int per_sub = 32 / F::granule;
  const auto [quants, scales, subs] = group_records(w, panel, group);
  for (int sub = 0; sub < subs; ++sub) {
    const bool whole = F::record_subs == 8;
    const std::byte* record = whole ? quants : quants + sub * t.quant_bytes;
    const std::byte* record_scales = whole ? scales : scales + sub * t.scale_bytes;
    const int within = whole ? sub : 0;
    unroll<8>([&](auto q) { S::store_bytes(to.bytes + (8 * sub + q) * 64, F::template unpack<q>(record, within)); });
    const auto head = F::head(record_scales);
    unroll<per_sub>([&](auto i) {
      const auto scale = F::scale(head, record_scales, within * per_sub + i);
      S::store(to.scale[sub * per_sub + i], scale);
      if constexpr (has_any_base<F>) {
        auto base = S::mul(scale, S::broadcast(static_cast<float>(-S::Dots<F>::offset)));
        if constexpr (F::has_base) base = S::add(base, F::base(head, record_scales, within * per_sub + i));
        S::store(to.base[sub * per_sub + i], base);
      }
    });
  }
  return subs;
}

/// sums[4 rows][16 outputs] += rows · group. Rows past the last one are computed too (Rows has room).
template <class F>
[[gnu::flatten]] inline void prompt_tile(const Rows& rows, std::size_t first, std::size_t group, const UnpackedGroup& w,
                                         int subs, float* sums) {
  constexpr int per_sub = 32 / F::granule, quads = F::granule / 4;
  const std::size_t at = group * rows.stride + first;
  const std::int8_t* x = rows.quants + at * group_width;
  const float* x_sums = (F::granule == 32 ? rows.sums32 : rows.sums16) + at * (group_width / F::granule);
  const float* units = rows.scales + at * group_scales;
  const std::byte* u = w.bytes;
  for (int i = 0; i < subs * per_sub; ++i, u += 64 * quads, x += F::granule) {
    typename S::Dots<F> sum[prompt_rows];
    unroll<prompt_rows>([&](auto r) { sum[r].start(S::zero_ints()); });
    unroll<quads>([&](auto q) {
      const auto bytes = S::load_bytes(u + 64 * q);
      unroll<prompt_rows>([&](auto r) { sum[r].template add<q>(bytes, x + r * group_width + 4 * q); });
    });
    unroll<prompt_rows>([&](auto r) {
      auto part = S::mul(S::to_floats(sum[r].total()), S::load_floats(w.scale[i]));
      if constexpr (has_any_base<F>)
        part = S::fma(S::load_floats(w.base[i]), S::broadcast(x_sums[r * (group_width / F::granule) + i]), part);
      float* y = sums + r * panel_width;
      S::store(y, S::fma(part, S::broadcast(units[r * group_scales + i / per_sub]), S::load_floats(y)));
    });
  }
}

/// Panels [from, to).
template <class F>
inline void prompt(const Rows& rows, const Panels& w, const Output& out, std::size_t from, std::size_t to,
                   std::byte* scratch) {
  auto& unpacked = *reinterpret_cast<UnpackedGroup*>(scratch);
  auto* sums = reinterpret_cast<float*>(&unpacked + 1);
  for (std::size_t panel = from; panel < to; ++panel) {
    std::fill_n(sums, (rows.rows + prompt_rows) * panel_width, 0.0f);
    for (std::size_t group = 0; group < rows.groups(); ++group) {
      const int subs = unpack_group<F>(w, panel, group, unpacked);
      for (std::size_t r = 0; r < rows.rows; r += prompt_rows)
        prompt_tile<F>(rows, r, group, unpacked, subs, sums + r * panel_width);
    }
    const std::size_t columns = std::min(panel_width, w.outputs - panel * panel_width);
    for (std::size_t r = 0; r < rows.rows; ++r)
      store_outputs<S>(out.y + r * out.stride + panel * panel_width, S::load_floats(sums + r * panel_width), columns,
                       out.accumulate);
  }
}
