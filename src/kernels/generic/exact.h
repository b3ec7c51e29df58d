// matmul_exact for quantized formats: 16 outputs × up to S::exact_rows rows at a time, every vector of weights unpacked
// once for all rows. Included inside an unnamed namespace after formats.h.
//
// One order of accumulation for any number of rows:
//   group (256 inputs):  part = Σ over granules of  scale · int(Σ u·x − offset·Σ x) + base · Σ x      (fma, in order)
//   row:                 y = Σ over groups of  part · activation scale                                (fma, in order)

/// −offset · Σ x of every granule of `count` rows: [row][granule], where the integer sums start.
template <class F>
inline const std::int32_t* offset_starts(const Rows& rows, std::size_t first, std::size_t count, std::byte* scratch) {
  constexpr std::size_t per_group = group_width / F::granule;
  auto* starts = reinterpret_cast<std::int32_t*>(scratch);
  const float* sums = F::granule == 32 ? rows.sums32 : rows.sums16;
  for (std::size_t r = 0; r < count; ++r)
    for (std::size_t g = 0; g < rows.groups(); ++g)
      for (std::size_t i = 0; i < per_group; ++i)
        starts[(r * rows.groups() + g) * per_group + i] =
            -F::offset * static_cast<std::int32_t>(sums[(g * rows.stride + first + r) * per_group + i]);
  return starts;
}

template <class F, int R>
struct ExactPass {
  static constexpr int per_group = group_width / F::granule;
  static constexpr int per_sub = 32 / F::granule;

  const Rows& rows;
  const Panels& w;
  const std::int32_t* starts;       ///< unused where F::offset is 0
  std::size_t row[R];               ///< which rows; the last one may stand several times

  /// Adds sub-block `sub` of a record to part[R]; `granule` is its first granule within the group.
  inline void sub_block(const std::byte* quants, const std::byte* scales, const typename F::Head& head, int sub, std::size_t g,
                        int granule, typename S::Floats (&part)[R]) const {
    typename S::Bytes u[8] = {F::template unpack<0>(quants, sub), F::template unpack<1>(quants, sub),
                              F::template unpack<2>(quants, sub), F::template unpack<3>(quants, sub),
                              F::template unpack<4>(quants, sub), F::template unpack<5>(quants, sub),
                              F::template unpack<6>(quants, sub), F::template unpack<7>(quants, sub)};
    const float* sums = F::granule == 32 ? rows.sums32 : rows.sums16;
#pragma GCC unroll 2
    for (int half = 0; half < per_sub; ++half) {
      const auto scale = F::scale(head, scales, sub * per_sub + half);
      const auto base = F::has_base ? F::base(head, scales, sub * per_sub + half) : S::zero();
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const std::size_t at = g * rows.stride + row[r];
        const std::int8_t* x = rows.quants + at * group_width + (granule + half) * F::granule;
        auto sum = F::offset == 0 ? S::zero_ints()
                                  : S::broadcast(starts[(r * rows.groups() + g) * per_group + granule + half]);
#pragma GCC unroll 8
        for (int q = 0; q < 8 / per_sub; ++q)
          sum = S::template dot<F::high>(sum, u[half * (8 / per_sub) + q], x + 4 * q);
        part[r] = S::fma(S::to_floats(sum), scale, part[r]);
        if constexpr (F::has_base) part[r] = S::fma(base, S::broadcast(sums[at * per_group + granule + half]), part[r]);
      }
    }
  }

  void panel(std::size_t index, const Output& out) const {
    const auto& t = traits(w.format);
    const std::byte* quants = w.quants + index * w.quant_stride();
    const std::byte* scales = w.scales + index * w.scale_stride();
    typename S::Floats total[R];
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) total[r] = S::zero();
    const std::size_t subs = w.inputs / 32;
    for (std::size_t g = 0, done = 0; done < subs; ++g) {
      typename S::Floats part[R];
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) part[r] = S::zero();
      const int count = static_cast<int>(std::min<std::size_t>(8, subs - done));
      if constexpr (F::record_subs == 8) {
        const auto head = F::head(scales);
        for (int sub = 0; sub < 8; ++sub) {
          S::prefetch(quants + sub * (t.quant_bytes / 8));
          sub_block(quants, scales, head, sub, g, sub * per_sub, part);
        }
        quants += t.quant_bytes;
        scales += t.scale_bytes;
      } else {
        for (int sub = 0; sub < count; ++sub, quants += t.quant_bytes, scales += t.scale_bytes) {
          S::prefetch(quants);
          sub_block(quants, scales, F::head(scales), 0, g, sub * per_sub, part);
        }
      }
      done += count;
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r)
        total[r] = S::fma(part[r], S::broadcast(rows.scales[g * rows.stride + row[r]]), total[r]);
    }
    const std::size_t columns = std::min(panel_width, w.outputs - index * panel_width);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      if (r > 0 && row[r] == row[r - 1]) break;
      store_outputs<S>(out.y + row[r] * out.stride + index * panel_width, total[r], columns, out.accumulate);
    }
  }
};

/// `count` ≤ R rows from `first` through panels [from, to).
template <class F, int R>
inline void exact_rows(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t count,
                       std::size_t from, std::size_t to, std::byte* scratch) {
  ExactPass<F, R> pass{rows, w, nullptr, {}};
  for (int r = 0; r < R; ++r) pass.row[r] = first + std::min<std::size_t>(r, count - 1);
  if constexpr (F::offset != 0) {
    pass.starts = offset_starts<F>(rows, first, count, scratch);
    // Rows that stand twice read the starts of the row they repeat.
    if (count < R) {
      auto* starts = reinterpret_cast<std::int32_t*>(scratch);
      const std::size_t width = rows.groups() * (group_width / F::granule);
      for (std::size_t r = count; r < R; ++r)
        std::memcpy(starts + r * width, starts + (count - 1) * width, width * sizeof(std::int32_t));
    }
  }
  for (std::size_t panel = from; panel < to; ++panel) pass.panel(panel, out);
}

template <class F>
inline void exact(const Rows& rows, const Panels& w, const Output& out, std::size_t from, std::size_t to,
                  std::byte* scratch) {
  constexpr std::size_t most = S::exact_rows;
  // A few panels stay in cache while all rows pass over them.
  for (std::size_t panel = from; panel < to; panel += 4) {
    const std::size_t end = std::min(to, panel + 4);
    for (std::size_t r = 0; r < rows.rows; r += most) {
      const std::size_t count = std::min(most, rows.rows - r);
      if (count == 1) {
        exact_rows<F, 1>(rows, w, out, r, count, panel, end, scratch);
      } else if (count == 2) {
        exact_rows<F, 2>(rows, w, out, r, count, panel, end, scratch);
      } else if (count <= 4) {
        exact_rows<F, 4>(rows, w, out, r, count, panel, end, scratch);
      } else if constexpr (most >= 8) {
        if (count <= 8) {
          exact_rows<F, 8>(rows, w, out, r, count, panel, end, scratch);
        } else if constexpr (most >= 16) {
          exact_rows<F, 16>(rows, w, out, r, count, panel, end, scratch);
        }
      }
    }
  }
}
