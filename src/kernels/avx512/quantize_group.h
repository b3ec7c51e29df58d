// Activations to 8 bits, a group of 256 in sixteen vectors; bit-equal to generic/quantize_group.h: peaks and sums of
// whole numbers have no order, rounding is to nearest, ties to even, in both. Included inside an unnamed namespace.

/// Neighbouring lanes of a and b added: a0+a1, a2+a3, … b14+b15.
inline __m512i add_neighbours(__m512i a, __m512i b) {
  const auto even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const auto odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
  return _mm512_add_epi32(_mm512_permutex2var_epi32(a, even, b), _mm512_permutex2var_epi32(a, odd, b));
}

/// `count` of 16 inputs, zeros behind them.
inline __m512 load_inputs(const float* x, std::size_t count) {
  const std::size_t here = std::min<std::size_t>(16, count);
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << here) - 1), x);
}

inline void quantize_group(const float* x, std::size_t count, const Rows& rows, std::size_t at, bool prompt) {
  __m512 v[16];
  float peak[group_scales];
  unroll<16>([&](auto i) { v[i] = load_inputs(x + 16 * i, count < 16 * i ? 0 : count - 16 * i); });
  unroll<8>([&](auto i) {
    peak[i] = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(v[2 * i]), _mm512_abs_ps(v[2 * i + 1])));
  });
  if (prompt) {
    constexpr std::size_t together = prompt_scale_width / scale_width;
    for (std::size_t i = 0; i < group_scales; i += together)
      std::fill_n(peak + i, together, *std::max_element(peak + i, peak + i + together));
  }
  std::int8_t* q = rows.quants + at * group_width;
  float* scales = rows.scales + at * group_scales;
  unroll<8>([&](auto i) {
    scales[i] = peak[i] / 127.0f;
    const auto inverse = _mm512_set1_ps(peak[i] > 0 ? 127.0f / peak[i] : 0.0f);
    unroll<2>([&](auto half) {
      const auto whole = _mm512_cvtps_epi32(_mm512_mul_ps(v[2 * i + half], inverse));
      _mm_store_si128(reinterpret_cast<__m128i*>(q + 32 * i + 16 * half), _mm512_cvtepi32_epi8(whole));
    });
  });
  __m512i fours[4];
  unroll<4>([&](auto i) {
    fours[i] = S::add_products(_mm512_setzero_si512(), _mm512_set1_epi8(1), _mm512_load_si512(q + 64 * i));
  });
  const auto sums16 = add_neighbours(add_neighbours(fours[0], fours[1]), add_neighbours(fours[2], fours[3]));
  const auto sums32 = add_neighbours(sums16, sums16);
  _mm512_storeu_ps(rows.sums16 + at * 16, _mm512_cvtepi32_ps(sums16));
  _mm256_storeu_ps(rows.sums32 + at * 8, _mm256_cvtepi32_ps(_mm512_castsi512_si256(sums32)));
  alignas(32) std::int32_t sum[group_scales];
  _mm256_store_si256(reinterpret_cast<__m256i*>(sum), _mm512_castsi512_si256(sums32));
  float total = 0;
  for (std::size_t part = 0; part < group_scales; ++part) total += scales[part] * static_cast<float>(sum[part]);
  rows.totals[at] = total;
}
