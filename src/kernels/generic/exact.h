// matmul_exact for quantized formats: 16 outputs × up to S::exact_rows rows at a time, every vector of weights unpacked
// once for all rows. Included inside an unnamed namespace after formats.h.
//
// One order of accumulation for any number of rows:
//   32 inputs:  part = Σ over granules of  scale · int(Σ u·x − offset·Σ x) + base · Σ x      (fma, in order)
//   row:        y = Σ over 32 inputs of  part · activation scale                             (fma, in order)

/// −offset · Σ x of every granule of R rows: [row][granule], where the integer sums start.
template <class F, int R>
inline const std::int32_t* offset_starts(const Rows& rows, std::byte* scratch) {
  constexpr std::size_t per_group = group_width / F::granule;
  auto* starts = reinterpret_cast<std::int32_t*>(scratch);
  const float* sums = F::granule == 32 ? rows.sums32 : rows.sums16;
  for (std::size_t r = 0; r < R; ++r)
    for (std::size_t g = 0; g < rows.groups(); ++g)
      for (std::size_t i = 0; i < per_group; ++i)
        starts[(g * R + r) * per_group + i] =
            -F::offset * static_cast<std::int32_t>(sums[(g * rows.stride + r) * per_group + i]);
  return starts;
}

/// A sub-block of 32 inputs of a panel, where a pass reads it.
template <class F>
struct SubBlock {
  const std::byte *quants, *scales;  ///< its record
  const typename F::Head& head;
  int sub;            ///< which of the record
  std::size_t group;  ///< of 256 inputs
  int within;         ///< which of the group
};

/// Calls step with every sub-block of a panel, in order.
template <class F, class Step>
[[gnu::always_inline]] inline void each_sub_block(const Panels& w, std::size_t panel, Step&& step) {
  const auto& t = traits(w.format);
  const std::byte* quants = w.quants + panel * w.quant_stride();
  const std::byte* scales = w.scales + panel * w.scale_stride();
  const std::size_t subs = w.inputs / 32;
  for (std::size_t g = 0, done = 0; done < subs; ++g) {
    const int count = static_cast<int>(std::min<std::size_t>(8, subs - done));
    if constexpr (F::record_subs == 8) {
      const auto head = F::head(scales);
      for (int sub = 0; sub < 8; sub += 2)
        unroll<2>([&](auto i) {
          S::prefetch(quants + (sub + i) * (t.quant_bytes / 8));
          step(SubBlock<F>{quants, scales, head, sub + i, g, sub + i});
        });
      quants += t.quant_bytes;
      scales += t.scale_bytes;
    } else {
      for (int sub = 0; sub < count; ++sub, quants += t.quant_bytes, scales += t.scale_bytes) {
        S::prefetch(quants);
        step(SubBlock<F>{quants, scales, F::head(scales), 0, g, sub});
      }
    }
    done += count;
  }
}

/// The first `rows.rows` ≤ R rows against one panel. Rows past them are computed too (Rows has room) and dropped.
template <class F, int R>
struct ExactPass {
  static constexpr int per_group = group_width / F::granule;
  static constexpr int per_sub = 32 / F::granule;
  static constexpr int side_by_side = R < S::exact_chains ? R : S::exact_chains;  ///< rows whose sums run interleaved
  using Dots = typename S::template Dots<F>;
  /// Vectors and scales are read when their turn comes, where registers are few and no other rows wait for them.
  static constexpr bool late = S::few_registers && R == side_by_side;

  const Rows& rows;
  const Panels& w;
  const std::int32_t* starts;  ///< unused where Dots::offset is 0

  /// Adds a sub-block to total[R].
  inline void sub_block(const SubBlock<F>& b, typename S::Floats (&total)[R]) const {
    typename S::Bytes u[8];
    if constexpr (!late) unroll<8>([&](auto q) { u[q] = F::template unpack<q>(b.quants, b.sub); });
    const std::size_t at = b.group * rows.stride;
    const int granule = b.within * per_sub;
    const float* sums = (F::granule == 32 ? rows.sums32 : rows.sums16) + at * per_group + granule;
    const float* units = rows.scales + at * group_scales + b.within;
    const std::int32_t* start = starts + b.group * R * per_group + granule;
    const std::int8_t* x = rows.quants + at * group_width + b.within * 32;
    typename S::Floats scale[per_sub], base[per_sub];
    const auto read_scales = [&](auto half) {
      scale[half] = F::scale(b.head, b.scales, b.sub * per_sub + half);
      if constexpr (F::has_base) base[half] = F::base(b.head, b.scales, b.sub * per_sub + half);
    };
    if constexpr (!late) unroll<per_sub>(read_scales);
    unroll<R / side_by_side>([&](auto block) {
      constexpr int r = block * side_by_side;
      typename S::Floats part[side_by_side];
      unroll<per_sub>([&](auto half) {
        constexpr int quads = 8 / per_sub;
        Dots sum[side_by_side];
        unroll<side_by_side>([&](auto i) {
          sum[i].start(Dots::offset == 0 ? S::zero_ints() : S::broadcast(start[(r + i) * per_group + half]));
        });
        unroll<quads>([&](auto q) {
          if constexpr (late) u[half * quads + q] = F::template unpack<half * quads + q>(b.quants, b.sub);
          unroll<side_by_side>([&](auto i) {
            sum[i].template add<q>(u[half * quads + q], x + (r + i) * group_width + half * F::granule + 4 * q);
          });
        });
        if constexpr (late) read_scales(half);
        unroll<side_by_side>([&](auto i) {
          const auto product = S::to_floats(sum[i].total());
          part[i] = half == 0 ? S::mul(product, scale[half]) : S::fma(product, scale[half], part[i]);
          if constexpr (F::has_base)
            part[i] = S::fma(base[half], S::broadcast(sums[(r + i) * per_group + half]), part[i]);
        });
      });
      unroll<side_by_side>(
          [&](auto i) { total[r + i] = S::fma(part[i], S::broadcast(units[(r + i) * group_scales]), total[r + i]); });
    });
  }

  [[gnu::flatten]] void panel(std::size_t index, const Output& out) const {
    typename S::Floats total[R];
    unroll<R>([&](auto r) { total[r] = S::zero(); });
    each_sub_block<F>(w, index, [&](const SubBlock<F>& b) { sub_block(b, total); });
    const std::size_t columns = std::min(panel_width, w.outputs - index * panel_width);
    unroll<R>([&](auto r) {
      if (r < static_cast<int>(rows.rows))
        store_outputs<S>(out.y + r * out.stride + index * panel_width, total[r], columns, out.accumulate);
    });
  }
};

template <class F, int R>
inline void exact_rows(const Rows& rows, const Panels& w, const Output& out, std::size_t from, std::size_t to,
                       std::byte* scratch) {
  constexpr bool no_starts = S::template Dots<F>::offset == 0;
  const ExactPass<F, R> pass{rows, w, no_starts ? nullptr : offset_starts<F, R>(rows, scratch)};
  for (std::size_t panel = from; panel < to; ++panel) pass.panel(panel, out);
}

/// Panels that stay in cache while all rows pass over them.
constexpr std::size_t cached_panels = 4;

/// The smallest pass that holds all rows.
template <class F, int R = 1>
inline void exact_any(const Rows& rows, const Panels& w, const Output& out, std::size_t from, std::size_t to,
                      std::byte* scratch) {
  if constexpr (R < S::exact_rows) {
    if (rows.rows > R) return exact_any<F, 2 * R>(rows, w, out, from, to, scratch);
  }
  exact_rows<F, R>(rows, w, out, from, to, scratch);
}

template <class F>
inline void exact(const Rows& rows, const Panels& w, const Output& out, std::size_t from, std::size_t to,
                  std::byte* scratch) {
  if (rows.rows <= S::exact_rows) return exact_any<F>(rows, w, out, from, to, scratch);
  for (std::size_t panel = from; panel < to; panel += cached_panels)
    for (std::size_t r = 0; r < rows.rows; r += S::exact_rows)
      exact_any<F>(rows.slice(r, std::min<std::size_t>(S::exact_rows, rows.rows - r)), w,
                   {out.y + r * out.stride, out.stride, out.accumulate}, panel, std::min(to, panel + cached_panels),
                   scratch);
}
