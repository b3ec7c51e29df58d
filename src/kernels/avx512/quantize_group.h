// Activations to 8 bits, a group of 256 in sixteen vectors; bit-equal to generic/quantize_group.h: peaks and sums of
// whole numbers have no order, rounding is to nearest, ties to even, in both. Included inside an unnamed namespace.

/// Neighbouring lanes of a and b added: a0+a1, a2+a3, … b14+b15.
inline __m512i add_neighbours(__m512i a, __m512i b) {
  const auto even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const auto odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
  return _mm512_add_epi32(_mm512_permutex2var_epi32(a, even, b), _mm512_permutex2var_epi32(a, odd, b));
}

/// 64 inputs: quants, their two scales (equal where `prompt`), and the sums of every four quants.
inline __m512i quantize_part(const float* x, std::size_t count, std::int8_t* q, float* units, bool prompt) {
  __m512 v[4];
  unroll<4>([&](auto i) {
    const std::size_t left = count < 16 * i ? 0 : std::min<std::size_t>(16, count - 16 * i);
    v[i] = _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << left) - 1), x + 16 * i);
  });
  float peak[2];
  unroll<2>([&](auto half) {
    peak[half] = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(v[2 * half]), _mm512_abs_ps(v[2 * half + 1])));
  });
  if (prompt) peak[0] = peak[1] = std::max(peak[0], peak[1]);
  __m512 inverse[2];
  unroll<2>([&](auto half) {
    units[half] = peak[half] / 127.0f;
    inverse[half] = _mm512_set1_ps(peak[half] > 0 ? 127.0f / peak[half] : 0.0f);
  });
  unroll<4>([&](auto i) {
    const auto whole = _mm512_cvtps_epi32(_mm512_mul_ps(v[i], inverse[i / 2]));
    _mm_store_si128(reinterpret_cast<__m128i*>(q + 16 * i), _mm512_cvtepi32_epi8(whole));
  });
  return S::add_products(_mm512_setzero_si512(), _mm512_set1_epi8(1), _mm512_load_si512(q));
}

inline void quantize_group(const float* x, std::size_t count, const Rows& rows, std::size_t at, bool prompt) {
  std::int8_t* q = rows.quants + at * group_width;
  __m512i fours[4];
  unroll<4>([&](auto part) {
    const std::size_t begin = part * 64;
    const std::size_t here = count < begin ? 0 : std::min<std::size_t>(count - begin, 64);
    fours[part] = quantize_part(x + begin, here, q + begin, rows.scales + at * group_scales + 2 * part, prompt);
  });
  const auto sums16 = add_neighbours(add_neighbours(fours[0], fours[1]), add_neighbours(fours[2], fours[3]));
  const auto sums32 = add_neighbours(sums16, sums16);
  _mm512_storeu_ps(rows.sums16 + at * 16, _mm512_cvtepi32_ps(sums16));
  _mm256_storeu_ps(rows.sums32 + at * 8, _mm256_cvtepi32_ps(_mm512_castsi512_si256(sums32)));
  alignas(32) std::int32_t sum[group_scales];
  _mm256_store_si256(reinterpret_cast<__m256i*>(sum), _mm512_castsi512_si256(sums32));
  float total = 0;
  for (std::size_t part = 0; part < group_scales; ++part)
    total += rows.scales[at * group_scales + part] * static_cast<float>(sum[part]);
  rows.totals[at] = total;
}
