// matmul_exact on SMMLA (Armv8.6-A, FEAT_I8MM): two rows × two columns × eight inputs an instruction. Every row and
// column takes the steps of ExactPass in their order: its bits are those of a row alone. Included inside an unnamed
// namespace after generic/exact.h.

/// Columns 2c and 2c + 1 of 16, twice: for the two rows of a pair.
template <int c>
inline float32x4_t two_columns(const S::Floats& x) {
  const auto both = vreinterpretq_f64_f32(x.v[c / 2]);
  return vreinterpretq_f32_f64(c % 2 == 0 ? vzip1q_f64(both, both) : vzip2q_f64(both, both));
}

/// The first `rows.rows` ≤ 2 P rows against one panel. Rows past them are computed too (Rows has room) and dropped.
template <class F, int P>
struct PairPass {
  static constexpr int per_group = group_width / F::granule;
  static constexpr int per_sub = 32 / F::granule;
  static constexpr int octets = 4 / per_sub;  ///< eights of inputs in a granule
  static constexpr int offset = S::template Dots<F>::offset;

  const Rows& rows;
  const Panels& w;
  const std::int32_t* starts;  ///< unused where offset is 0

  /// What two rows bring to a sub-block.
  struct Pair {
    int8x16_t x[4];  ///< [octet][row][8 inputs]
    float32x4_t unit, sums[per_sub];
    int32x4_t start[per_sub];
  };

  template <int p>
  Pair pair_at(std::size_t g, int within) const {
    const std::size_t at = g * rows.stride + 2 * p;
    const int granule = within * per_sub;
    const std::int8_t* quants = rows.quants + at * group_width + within * 32;
    const float* sums = (F::granule == 32 ? rows.sums32 : rows.sums16) + at * per_group + granule;
    const float* units = rows.scales + at * group_scales + within;
    Pair pair;
    unroll<2>([&](auto half) {
      const auto one = vreinterpretq_s64_s8(vld1q_s8(quants + 16 * half));
      const auto other = vreinterpretq_s64_s8(vld1q_s8(quants + group_width + 16 * half));
      pair.x[2 * half] = vreinterpretq_s8_s64(vzip1q_s64(one, other));
      pair.x[2 * half + 1] = vreinterpretq_s8_s64(vzip2q_s64(one, other));
    });
    pair.unit = vcombine_f32(vdup_n_f32(units[0]), vdup_n_f32(units[group_scales]));
    unroll<per_sub>([&](auto i) {
      pair.sums[i] = vcombine_f32(vdup_n_f32(sums[i]), vdup_n_f32(sums[per_group + i]));
      if constexpr (offset == 0) {
        pair.start[i] = vdupq_n_s32(0);
      } else {
        const std::int32_t* start = starts + (g * 2 * P + 2 * p) * per_group + granule;
        pair.start[i] = vcombine_s32(vdup_n_s32(start[i]), vdup_n_s32(start[per_group + i]));
      }
    });
    return pair;
  }

  [[gnu::always_inline]] inline void sub_block(const SubBlock<F>& b, float32x4_t (&total)[P][8]) const {
    int8x16_t weights[8][4];  // [pair of columns][octet][column][8 inputs]
    unroll<4>([&](auto o) {
      const auto low = F::template unpack<2 * o>(b.quants, b.sub),
                 high = F::template unpack<2 * o + 1>(b.quants, b.sub);
      unroll<4>([&](auto v) {
        const auto x = vreinterpretq_s32_s8(S::as_signed<F>(low.v[v]));
        const auto y = vreinterpretq_s32_s8(S::as_signed<F>(high.v[v]));
        weights[2 * v][o] = vreinterpretq_s8_s32(vzip1q_s32(x, y));
        weights[2 * v + 1][o] = vreinterpretq_s8_s32(vzip2q_s32(x, y));
      });
    });
    S::Floats scale[per_sub], base[per_sub];
    unroll<per_sub>([&](auto i) {
      scale[i] = F::scale(b.head, b.scales, b.sub * per_sub + i);
      if constexpr (F::has_base) base[i] = F::base(b.head, b.scales, b.sub * per_sub + i);
    });
    unroll<P>([&](auto p) {
      const Pair pair = pair_at<p>(b.group, b.within);
      unroll<8>([&](auto c) {
        float32x4_t part;
        unroll<per_sub>([&](auto half) {
          auto sum = pair.start[half];
          unroll<octets>(
              [&](auto o) { sum = vmmlaq_s32(sum, pair.x[half * octets + o], weights[c][half * octets + o]); });
          const auto product = vcvtq_f32_s32(sum), unit = two_columns<c>(scale[half]);
          part = half == 0 ? vmulq_f32(product, unit) : vfmaq_f32(part, product, unit);
          if constexpr (F::has_base) part = vfmaq_f32(part, two_columns<c>(base[half]), pair.sums[half]);
        });
        total[p][c] = vfmaq_f32(total[p][c], part, pair.unit);
      });
    });
  }

  [[gnu::flatten]] void panel(std::size_t index, const Output& out) const {
    float32x4_t total[P][8];
    unroll<P>([&](auto p) { unroll<8>([&](auto c) { total[p][c] = vdupq_n_f32(0); }); });
    each_sub_block<F>(w, index, [&](const SubBlock<F>& b) { sub_block(b, total); });
    const std::size_t columns = std::min(panel_width, w.outputs - index * panel_width);
    unroll<2 * P>([&](auto r) {
      if (r >= static_cast<int>(rows.rows)) return;
      const auto y = four<float32x4_t>([&](auto v) {
        const auto a = vreinterpretq_f64_f32(total[r / 2][2 * v]), b = vreinterpretq_f64_f32(total[r / 2][2 * v + 1]);
        return vreinterpretq_f32_f64(r % 2 == 0 ? vzip1q_f64(a, b) : vzip2q_f64(a, b));
      });
      store_outputs<S>(out.y + r * out.stride + index * panel_width, y, columns, out.accumulate);
    });
  }
};

template <class F, int P>
inline void pair_rows(const Rows& rows, const Panels& w, const Output& out, std::size_t from, std::size_t to,
                      std::byte* scratch) {
  using Pass = PairPass<F, P>;
  const Pass pass{rows, w, Pass::offset == 0 ? nullptr : offset_starts<F, 2 * P>(rows, scratch)};
  for (std::size_t panel = from; panel < to; ++panel) pass.panel(panel, out);
}

/// Panels [from, to); all rows pass over a few of them while they are in cache.
template <class F>
inline void exact_pairs(const Rows& rows, const Panels& w, const Output& out, std::size_t from, std::size_t to,
                        std::byte* scratch) {
  if (rows.rows == 1) return exact_rows<F, 1>(rows, w, out, from, to, scratch);
  for (std::size_t panel = from; panel < to; panel += cached_panels)
    for (std::size_t r = 0; r < rows.rows; r += 4) {
      const Rows some = rows.slice(r, std::min<std::size_t>(4, rows.rows - r));
      const Output there{out.y + r * out.stride, out.stride, out.accumulate};
      const std::size_t end = std::min(to, panel + cached_panels);
      if (some.rows <= 2) {
        pair_rows<F, 1>(some, w, there, panel, end, scratch);
      } else {
        pair_rows<F, 2>(some, w, there, panel, end, scratch);
      }
    }
}
