// Attention of prompt rows on AMX's bf16 products, page by page as generic/attention.h does it. Included inside an
// unnamed namespace after tiles.h and generic/scores.h.
//
// Operands are split into two bf16 numbers, x = high + low, and three of the four products are summed: an f16 key or
// value (11 bits) is split exactly, a query or weight to 16 bits, so that scores stay as exact as in f32, which bf16
// alone does not give (keys of some models reach hundreds). An 8-bit key or value is a bf16 number as it is.

/// Rows of a block: what the decoder passes at most, so that a page is split once for all of them.
constexpr std::size_t block_rows = 64;

/// A matrix as two of bf16, in the order in which tiles are loaded.
struct Split {
  std::uint16_t* high;
  std::uint16_t* low;
};

struct SplitVector {
  __m512i high, low;  ///< bf16 in the upper half of each lane
};
/// high: the upper 16 bits, rounded where `rounded`; low: what is left, in bf16.
template <bool rounded>
inline SplitVector split(__m512 x) {
  const auto upper = _mm512_set1_epi32(static_cast<int>(0xffff0000u));
  const auto bits = _mm512_castps_si512(x);
  const auto high = _mm512_and_si512(rounded ? _mm512_add_epi32(bits, _mm512_set1_epi32(0x8000)) : bits, upper);
  return {high, _mm512_castps_si512(_mm512_sub_ps(x, _mm512_castsi512_ps(high)))};
}

/// Sixteen bf16 from the upper halves of a vector.
inline void store_upper(std::uint16_t* to, __m512i x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(_mm512_srli_epi32(x, 16)));
}

/// A tiles from floats: `count` rows of `width` values, `stride` bf16 apart; up to a multiple of 16 rows the rest is
/// zeros, and so is what follows `width` (a NaN read from behind a row would outlive its product with a zero).
inline void split_rows(const float* from, std::size_t from_stride, std::size_t count, std::size_t width, Split to,
                       std::size_t stride) {
  for (std::size_t r = 0; r < (count + tile_rows - 1) / tile_rows * tile_rows; ++r)
    for (std::size_t i = 0; i < stride; i += 16) {
      const std::size_t inside = r < count && i < width ? std::min<std::size_t>(width - i, 16) : 0;
      const auto mask = static_cast<__mmask16>((1u << inside) - 1);
      const auto parts = split<true>(_mm512_maskz_loadu_ps(mask, from + r * from_stride + i));
      store_upper(to.high + r * stride + i, parts.high);
      store_upper(to.low + r * stride + i, parts.low);
    }
}

/// B tiles from rows of a page: pairs of rows (2k, 2k + 1), 16 columns each, tile after tile down the rows, then the
/// next columns. `rows` is made up to a multiple of 32 with zeros; rows from `filled` on count as zeros.
template <KvFormat format>
inline void split_pairs(const std::byte* from, std::size_t rows, std::size_t filled, std::size_t columns, Split to) {
  const std::size_t pairs = (rows + 31) / 32 * 16;
  const auto upper = _mm512_set1_epi32(static_cast<int>(0xffff0000u));
  const auto load = [&](std::size_t row, std::size_t column) {
    return row < filled ? load_kv<format>(from, row * columns + column) : _mm512_setzero_ps();
  };
  const auto store = [&](std::uint16_t* at, __m512i even, __m512i odd) {
    _mm512_store_si512(at, _mm512_or_si512(_mm512_srli_epi32(even, 16), _mm512_and_si512(odd, upper)));
  };
  for (std::size_t column = 0; column < columns; column += 16)
    for (std::size_t k = 0; k < pairs; ++k) {
      const auto even = split<false>(load(2 * k, column)), odd = split<false>(load(2 * k + 1, column));
      const std::size_t at = (column / 16 * pairs + k) * 32;
      store(to.high + at, even.high, odd.high);
      if constexpr (format == KvFormat::f16) store(to.low + at, even.low, odd.low);
    }
}

/// Four C tiles side by side, each += A · B over `depth` (a multiple of 32): A rows `stride` bf16 apart, B as
/// split_pairs made it, its columns of 16 `depth` · 16 bf16 apart; the first `columns` of the four.
template <KvFormat format, class Tiles>
inline void add_split_products(Tiles& tiles, Split a, std::size_t stride, Split b, std::size_t depth,
                               std::size_t columns) {
  constexpr bool exact = format != KvFormat::f16;  // B has no low part
  const auto column = [&](auto c, std::size_t k) {
    const std::size_t at = c * depth * 16 + k * 16;
    tiles.template load<6>(b.high + at, 64);
    tiles.template multiply_bf16<c, 4, 6>();
    tiles.template multiply_bf16<c, 5, 6>();
    if constexpr (!exact) {
      tiles.template load<7>(b.low + at, 64);
      tiles.template multiply_bf16<c, 4, 7>();
    }
  };
  for (std::size_t k = 0; k < depth; k += 32) {
    tiles.template load<4>(a.high + k, stride * 2);
    tiles.template load<5>(a.low + k, stride * 2);
    column(std::integral_constant<int, 0>{}, k);
    if (columns > 1) column(std::integral_constant<int, 1>{}, k);
    if (columns > 2) column(std::integral_constant<int, 2>{}, k);
    if (columns > 3) column(std::integral_constant<int, 3>{}, k);
  }
}

/// Attention of up to 64 rows of a task. Memory is cut from the scratch: tile_attention_bytes.
template <class Tiles>
class TileAttention {
 public:
  TileAttention(const AttentionTask& task, std::byte* scratch)
      : t_(task), width_(padded_head(task.head_width)), depth_((task.head_width + 31) / 32 * 32) {
    const auto take = [&](std::size_t bytes) { return std::exchange(scratch, scratch + bytes); };
    const auto take_split = [&](std::size_t count) {
      auto* high = reinterpret_cast<std::uint16_t*>(take(2 * count));
      return Split{high, reinterpret_cast<std::uint16_t*>(take(2 * count))};
    };
    query_ = take_split(block_rows * depth_);
    keys_ = take_split(depth_ * page_tokens);
    values_ = take_split(page_tokens * width_);
    weights_ = take_split(tile_rows * page_tokens);
    scores_ = reinterpret_cast<float(*)[page_tokens]>(take(tile_rows * page_tokens * sizeof(float)));
    sums_ = reinterpret_cast<float*>(take(block_rows * width_ * sizeof(float)));
  }

  /// Rows [first, first + count).
  template <KvFormat format>
  void block(std::size_t first, std::size_t count) {
    split_rows(t_.query + first * t_.query_stride, t_.query_stride, count, t_.head_width, query_, depth_);
    std::memset(sums_, 0, block_rows * width_ * sizeof(float));
    for (std::size_t r = first; r < first + count; ++r) t_.peak[r] = -INFINITY, t_.weight[r] = 0;
    for (std::size_t p = t_.first_page; p < t_.last_page; ++p) {
      const std::size_t visible = visible_tokens(t_, first, count, p * page_tokens);
      if (visible == 0) continue;
      const Page page = page_parts(format, t_.pages[p], t_.head_width);
      split_pairs<format>(page.keys, t_.head_width, t_.head_width, page_tokens, keys_);
      split_pairs<format>(page.values, page_tokens, visible, width_, values_);
      for (std::size_t r = 0; r < count; r += tile_rows)
        tile<format>(page, first + r, r, std::min(tile_rows, count - r), p * page_tokens);
    }
    for (std::size_t r = 0; r < count; ++r)
      std::memcpy(t_.out + (first + r) * t_.out_stride, sums_ + r * width_, width_ * sizeof(float));
  }

 private:
  /// `count` ≤ 16 rows from `row` of the task, `within` of the block, against one page.
  template <KvFormat format>
  void tile(const Page& page, std::size_t row, std::size_t within, std::size_t count, std::size_t token) {
    if (visible_tokens(t_, row, count, token) == 0) return;
    tiles_.template zero<0>(), tiles_.template zero<1>(), tiles_.template zero<2>(), tiles_.template zero<3>();
    add_split_products<format>(tiles_, {query_.high + within * depth_, query_.low + within * depth_}, depth_, keys_,
                               depth_, 4);
    store_tiles(scores_[0], page_tokens, 4);
    for (std::size_t r = 0; r < count; ++r) {
      float* sums = sums_ + (within + r) * width_;
      const float factor = weigh<format>(page, row + r, token, scores_[r]);
      if (factor != 1.0f)
        for (std::size_t i = 0; i < width_; i += 16)
          _mm512_store_ps(sums + i, _mm512_mul_ps(_mm512_load_ps(sums + i), _mm512_set1_ps(factor)));
    }
    split_rows(scores_[0], page_tokens, count, page_tokens, weights_, page_tokens);
    for (std::size_t column = 0; column < width_; column += 64) {
      const std::size_t columns = std::min<std::size_t>(4, (width_ - column) / 16);
      float* sums = sums_ + within * width_ + column;
      load_tiles(sums, width_, columns);
      add_split_products<format>(tiles_, weights_, page_tokens,
                                 {values_.high + column * page_tokens, values_.low + column * page_tokens}, page_tokens,
                                 columns);
      store_tiles(sums, width_, columns);
    }
  }

  /// Scores of a row become weights; returns what its earlier sums are multiplied by.
  template <KvFormat format>
  float weigh(const Page& page, std::size_t row, std::size_t token, float* scores) {
    for (std::size_t i = 0; i < page_tokens; ++i) {
      scores[i] *= t_.scale;
      if constexpr (format == KvFormat::q8) scores[i] *= page.key_scales[i];
    }
    cap_and_mask(t_, row, token, scores);
    const float factor = soften(scores, t_.peak[row], t_.weight[row]);
    if constexpr (format == KvFormat::q8)
      for (std::size_t i = 0; i < page_tokens; ++i)  // a token not written yet has weight 0, whatever its scale is
        scores[i] = scores[i] == 0 ? 0 : scores[i] * page.value_scales[i];
    return factor;
  }

  void load_tiles(const float* from, std::size_t stride, std::size_t columns) {
    tiles_.template load<0>(from, stride * 4);
    if (columns > 1) tiles_.template load<1>(from + 16, stride * 4);
    if (columns > 2) tiles_.template load<2>(from + 32, stride * 4);
    if (columns > 3) tiles_.template load<3>(from + 48, stride * 4);
  }
  void store_tiles(float* to, std::size_t stride, std::size_t columns) {
    tiles_.template store<0>(to, stride * 4);
    if (columns > 1) tiles_.template store<1>(to + 16, stride * 4);
    if (columns > 2) tiles_.template store<2>(to + 32, stride * 4);
    if (columns > 3) tiles_.template store<3>(to + 48, stride * 4);
  }

  const AttentionTask& t_;
  std::size_t width_, depth_;
  Split query_, keys_, values_, weights_;
  float (*scores_)[page_tokens];
  float* sums_;
  Tiles tiles_{64};
};

/// Prompt rows on tiles, all others as AVX-512 does it: which of the two a row gets never depends on its neighbours.
template <class Tiles>
void tile_attention(const AttentionTask& task, std::byte* scratch) {
  if (!task.prompt || task.format == KvFormat::f32) return avx512_kernels.attention(task, scratch);
  TileAttention<Tiles> attention(task, scratch);
  for (std::size_t first = 0; first < task.rows; first += block_rows) {
    const std::size_t count = std::min(block_rows, task.rows - first);
    if (task.format == KvFormat::f16) {
      attention.template block<KvFormat::f16>(first, count);
    } else {
      attention.template block<KvFormat::q8>(first, count);
    }
  }
}
