// Attention of prompt rows on AMX's bf16 products, page by page with a running maximum as generic/attention.h does it.
// A page is turned into tiles once for all rows of the task: it pays to hand over all heads that share it. Included
// inside an unnamed namespace after tiles.h, avx512/bf16.h and generic/scores.h.
//
// Operands are split into two bf16 numbers, x = high + low, and three of the four products are summed: an f16 key or
// value (11 bits) is split exactly, a query or weight to 16 bits, so that scores stay as exact as in f32, which bf16
// alone does not give (keys of some models reach hundreds; weights and values in bf16 cost 0.4 % of perplexity). An
// 8-bit key or value is a bf16 number as it is.

/// A matrix as two of bf16, in the order in which tiles are loaded.
struct Split {
  std::uint16_t* high;
  std::uint16_t* low;
};

struct SplitVector {
  __m512i high, low;  ///< bf16 in the upper half of each lane
};
inline SplitVector split(__m512 x, __m512i high) {
  return {high, _mm512_castps_si512(_mm512_sub_ps(x, _mm512_castsi512_ps(high)))};
}

/// A tiles from floats: `count` rows of `width` values, `stride` bf16 apart; up to a multiple of 16 rows the rest is
/// zeros, and so is what follows `width` (a NaN read from behind a row would outlive its product with a zero).
inline void split_rows(const float* from, std::size_t from_stride, std::size_t count, std::size_t width, Split to,
                       std::size_t stride) {
  for (std::size_t r = 0; r < (count + tile_rows - 1) / tile_rows * tile_rows; ++r)
    for (std::size_t i = 0; i < stride; i += 16) {
      const std::size_t inside = r < count && i < width ? std::min<std::size_t>(width - i, 16) : 0;
      const auto mask = static_cast<__mmask16>((1u << inside) - 1);
      const auto x = _mm512_maskz_loadu_ps(mask, from + r * from_stride + i);
      const auto parts = split(x, rounded(x));
      store_upper(to.high + r * stride + i, parts.high);
      store_upper(to.low + r * stride + i, parts.low);
    }
}

/// B tiles from rows of a page: pairs of rows (2k, 2k + 1), 16 columns each, tile after tile down the rows, then the
/// next columns. `rows` is made up to a multiple of 32 with zeros; rows from `filled` on count as zeros. Values of 8
/// bits have no low part.
template <KvFormat format>
inline void split_pairs(const std::byte* from, std::size_t rows, std::size_t filled, std::size_t columns, Split to) {
  const std::size_t pairs = (rows + 31) / 32 * 16;
  const auto load = [&](std::size_t row, std::size_t column) {
    const auto x = row < filled ? load_kv<format>(from, row * columns + column) : _mm512_setzero_ps();
    return split(x, upper_half(_mm512_castps_si512(x)));
  };
  const auto store = [&](std::uint16_t* at, __m512i even, __m512i odd) {
    _mm512_store_si512(at, _mm512_or_si512(_mm512_srli_epi32(even, 16), upper_half(odd)));
  };
  for (std::size_t column = 0; column < columns; column += 16)
    for (std::size_t k = 0; k < pairs; ++k) {
      const auto even = load(2 * k, column), odd = load(2 * k + 1, column);
      const std::size_t at = (column / 16 * pairs + k) * 32;
      store(to.high + at, even.high, odd.high);
      if constexpr (format == KvFormat::f16) store(to.low + at, even.low, odd.low);
    }
}

/// fast_exp of sixteen numbers.
inline __m512 fast_exp(__m512 x) {
  const auto inside = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-87.0f), _CMP_GE_OQ);
  const auto n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT);
  const auto r =
      _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x));
  auto p = _mm512_set1_ps(1.9875691500e-4f);
  for (const float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(c));
  const auto value = _mm512_add_ps(_mm512_fmadd_ps(_mm512_mul_ps(p, r), r, r), _mm512_set1_ps(1));
  return _mm512_maskz_scalef_ps(inside, value, n);
}

/// Attention of all rows of a task, attention_rows_max at most. Memory is cut from the scratch.
template <KvFormat format, class Tiles>
class TileAttention {
  static constexpr bool exact_pages = format != KvFormat::f16;  ///< keys and values have no low part
  static constexpr std::size_t row_vectors = page_tokens / 16;

 public:
  TileAttention(const AttentionTask& task, std::byte* scratch)
      : t_(task),
        rows_((task.rows + tile_rows - 1) / tile_rows * tile_rows),
        width_(padded_head(task.head_width)),
        depth_((task.head_width + 31) / 32 * 32) {
    const auto take = [&](std::size_t bytes) { return std::exchange(scratch, scratch + bytes); };
    const auto take_bf16 = [&](std::size_t count) { return reinterpret_cast<std::uint16_t*>(take(2 * count)); };
    const auto take_floats = [&](std::size_t count) { return reinterpret_cast<float*>(take(4 * count)); };
    query_ = {take_bf16(rows_ * depth_), take_bf16(rows_ * depth_)};
    keys_ = {take_bf16(depth_ * page_tokens), take_bf16(depth_ * page_tokens)};
    values_ = {take_bf16(page_tokens * width_), take_bf16(page_tokens * width_)};
    weights_ = {take_bf16(tile_rows * page_tokens), take_bf16(tile_rows * page_tokens)};
    scores_ = take_floats(tile_rows * page_tokens);
    sums_ = take_floats(rows_ * width_);
    lanes_ = take_floats(rows_ * 16);
    peaks_ = take_floats(rows_);
  }

  void run() {
    split_rows(t_.query, t_.query_stride, t_.rows, t_.head_width, query_, depth_);
    std::memset(sums_, 0, rows_ * width_ * sizeof(float));
    std::memset(lanes_, 0, rows_ * 16 * sizeof(float));
    for (std::size_t r = 0; r < rows_; ++r) peaks_[r] = -INFINITY;
    for (std::size_t p = t_.first_page; p < t_.last_page; ++p) {
      const std::size_t visible = visible_tokens(t_, 0, t_.rows, p * page_tokens);
      if (visible == 0) continue;
      const Page page = page_parts(format, t_.pages[p], t_.head_width);
      split_pairs<format>(page.keys, t_.head_width, t_.head_width, page_tokens, keys_);
      split_pairs<format>(page.values, page_tokens, visible, width_, values_);
      for (std::size_t r = 0; r < t_.rows; r += tile_rows)
        tile(page, r, std::min(tile_rows, t_.rows - r), p * page_tokens);
    }
    for (std::size_t r = 0; r < t_.rows; ++r) {
      std::memcpy(t_.out + r * t_.out_stride, sums_ + r * width_, width_ * sizeof(float));
      t_.peak[r] = peaks_[r];
      t_.weight[r] = _mm512_reduce_add_ps(_mm512_load_ps(lanes_ + r * 16));
    }
  }

 private:
  /// `count` ≤ 16 rows from `row` against one page.
  void tile(const Page& page, std::size_t row, std::size_t count, std::size_t token) {
    if (visible_tokens(t_, row, count, token) == 0) return;
    tiles_.template zero<0>(), tiles_.template zero<1>(), tiles_.template zero<2>(), tiles_.template zero<3>();
    for (std::size_t k = 0; k < depth_; k += 32) add_scores(row, k);
    store_tiles(scores_, page_tokens, row_vectors);
    weigh(page, row, count, token);
    for (std::size_t column = 0; column < width_; column += 64) {
      const std::size_t columns = std::min<std::size_t>(4, (width_ - column) / 16);
      float* sums = sums_ + row * width_ + column;
      load_tiles(sums, width_, columns);
      for (std::size_t k = 0; k < page_tokens; k += 32) add_values(column, columns, k);
      store_tiles(sums, width_, columns);
    }
  }

  /// C tiles 0…3 += queries · keys over inputs [k, k + 32).
  void add_scores(std::size_t row, std::size_t k) {
    tiles_.template load<4>(query_.high + row * depth_ + k, depth_ * 2);
    tiles_.template load<5>(query_.low + row * depth_ + k, depth_ * 2);
    unroll<row_vectors>([&](auto c) {
      const std::size_t at = c * depth_ * 16 + k * 16;
      add_split<c>(keys_, at);
    });
  }

  /// C tile c += A · B, A in tiles 4 (high) and 5 (low).
  template <int c>
  void add_split(Split b, std::size_t at) {
    tiles_.template load<6>(b.high + at, 64);
    if constexpr (!exact_pages) tiles_.template load<7>(b.low + at, 64);
    tiles_.template multiply_bf16<c, 4, 6>();
    tiles_.template multiply_bf16<c, 5, 6>();
    if constexpr (!exact_pages) tiles_.template multiply_bf16<c, 4, 7>();
  }

  /// C tiles += weights · values of tokens [k, k + 32).
  void add_values(std::size_t column, std::size_t columns, std::size_t k) {
    tiles_.template load<4>(weights_.high + k, page_tokens * 2);
    tiles_.template load<5>(weights_.low + k, page_tokens * 2);
    unroll<row_vectors>([&](auto c) {
      if (c >= columns) return;
      const std::size_t at = (column + c * 16) * page_tokens + k * 16;
      add_split<c>(values_, at);
    });
  }

  /// Scores of the tile become weights in bf16; peaks, sums and weights so far are moved to the new peaks.
  void weigh(const Page& page, std::size_t row, std::size_t count, std::size_t token) {
    alignas(64) float highest[tile_rows] = {}, factor[tile_rows];
    for (std::size_t r = 0; r < count; ++r) highest[r] = finish_scores(page, row + r, token, scores_ + r * page_tokens);
    const auto before = _mm512_load_ps(peaks_ + row);
    const auto peak = _mm512_max_ps(before, _mm512_load_ps(highest));
    _mm512_store_ps(peaks_ + row, peak);
    // A row that has seen nothing yet has nothing to move: its peak counts as 0, so that no ∞ − ∞ comes up.
    const auto base = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(peak, _mm512_set1_ps(-INFINITY), _CMP_GT_OQ), peak);
    _mm512_store_ps(factor, fast_exp(_mm512_sub_ps(before, base)));
    _mm512_store_ps(highest, base);
    for (std::size_t r = 0; r < count; ++r) {
      float *sums = sums_ + (row + r) * width_, *lanes = lanes_ + (row + r) * 16;
      const auto f = _mm512_set1_ps(factor[r]);
      if (factor[r] != 1.0f)
        for (std::size_t i = 0; i < width_; i += 16)
          _mm512_store_ps(sums + i, _mm512_mul_ps(_mm512_load_ps(sums + i), f));
      const auto added = soften_row(page, r, _mm512_set1_ps(highest[r]));
      _mm512_store_ps(lanes, _mm512_fmadd_ps(_mm512_load_ps(lanes), f, added));
    }
  }

  /// Scale, cap and mask; returns the highest.
  float finish_scores(const Page& page, std::size_t row, std::size_t token, float* scores) const {
    const auto behind = [&](std::uint32_t bound) {  // bits of the tokens from `bound` on
      const std::size_t i = bound > token ? bound - token : 0;
      return i < page_tokens ? ~std::uint64_t{0} << i : 0;
    };
    const std::uint64_t seen = behind(t_.begin[row]) & ~behind(t_.end[row]);
    auto highest = _mm512_set1_ps(-INFINITY);
    unroll<row_vectors>([&](auto v) {
      auto s = _mm512_mul_ps(_mm512_load_ps(scores + 16 * v), _mm512_set1_ps(t_.scale));
      if constexpr (format == KvFormat::q8) s = _mm512_mul_ps(s, _mm512_loadu_ps(page.key_scales + 16 * v));
      if (t_.soft_cap > 0) s = capped(s);
      s = _mm512_mask_mov_ps(_mm512_set1_ps(-INFINITY), static_cast<__mmask16>(seen >> (16 * v)), s);
      _mm512_store_ps(scores + 16 * v, s);
      highest = _mm512_max_ps(highest, s);
    });
    return _mm512_reduce_max_ps(highest);
  }

  /// cap · tanh(s / cap), tanh u = 1 − 2 / (e^2u + 1).
  __m512 capped(__m512 s) const {
    const auto one = _mm512_set1_ps(1), cap = _mm512_set1_ps(t_.soft_cap);
    const auto u = _mm512_min_ps(_mm512_div_ps(_mm512_add_ps(s, s), cap), _mm512_set1_ps(80));
    return _mm512_mul_ps(cap, _mm512_sub_ps(one, _mm512_div_ps(_mm512_set1_ps(2), _mm512_add_ps(fast_exp(u), one))));
  }

  /// Weights e^(s − peak) of a row of the tile, split, q8: times the scales of the values; returns their sums, without
  /// the scales.
  __m512 soften_row(const Page& page, std::size_t r, __m512 peak) {
    auto sum = _mm512_setzero_ps();
    unroll<row_vectors>([&](auto v) {
      const std::size_t at = r * page_tokens + 16 * v;
      auto weight = fast_exp(_mm512_sub_ps(_mm512_load_ps(scores_ + at), peak));
      sum = _mm512_add_ps(sum, weight);
      if constexpr (format == KvFormat::q8) {  // a token not written yet has weight 0, whatever its scale is
        const auto some = _mm512_cmp_ps_mask(weight, _mm512_setzero_ps(), _CMP_NEQ_OQ);
        weight = _mm512_maskz_mul_ps(some, weight, _mm512_loadu_ps(page.value_scales + 16 * v));
      }
      const auto parts = split(weight, rounded(weight));
      store_upper(weights_.high + at, parts.high);
      store_upper(weights_.low + at, parts.low);
    });
    return sum;
  }

  void load_tiles(const float* from, std::size_t stride, std::size_t columns) {
    unroll<row_vectors>([&](auto c) {
      if (c < columns) tiles_.template load<c>(from + 16 * c, stride * 4);
    });
  }
  void store_tiles(float* to, std::size_t stride, std::size_t columns) {
    unroll<row_vectors>([&](auto c) {
      if (c < columns) tiles_.template store<c>(to + 16 * c, stride * 4);
    });
  }

  const AttentionTask& t_;
  std::size_t rows_, width_, depth_;
  Split query_, keys_, values_, weights_;
  float *scores_, *sums_;
  float *lanes_, *peaks_;  ///< of each row: sixteen sums of weights, the highest score
  Tiles tiles_{64};
};

/// Prompt rows on tiles, all others, and where values are in the keys, as AVX-512 does it: which of the two a row gets
/// never depends on its neighbours.
template <class Tiles>
void tile_attention(const AttentionTask& task, std::byte* scratch) {
  if (!task.prompt || task.format == KvFormat::f32 || task.latent > 0) return avx512_kernels.attention(task, scratch);
  if (task.format == KvFormat::f16) {
    TileAttention<KvFormat::f16, Tiles>(task, scratch).run();
  } else {
    TileAttention<KvFormat::q8, Tiles>(task, scratch).run();
  }
}
