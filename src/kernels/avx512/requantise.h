// Strips: panels × 256 inputs requantised to unsigned bytes with one scale and one offset for an output and group, the
// form that the prompt kernels (VNNI, AMX) multiply. Included inside an unnamed namespace after formats.h.
//
//   bytes [quad 0…63][16 columns × 4 inputs]: exactly the rows of AMX B tiles
//   w ≈ scale · u + low

struct StripPanel {
  alignas(64) std::uint8_t bytes[group_width * panel_width];
  alignas(64) float scale[panel_width];
  alignas(64) float low[panel_width];
};

/// What turns the bytes u of each granule into strip bytes: (u · mul + off) >> 8 in 16-bit lanes, modulo 2^16.
template <class F>
struct Multipliers {
  static constexpr int count = group_width / F::granule;
  __m512i mul[count];
  __m512i off[count];
};

/// One scale and offset for 16 columns over `granules` granules of a group, from what u can be at most and at least.
template <class F>
inline void fit(const std::byte* scales, std::size_t scale_bytes, int granules, Multipliers<F>& out, float* strip_scale,
                float* strip_low) {
  constexpr int per_record = F::record_subs * 32 / F::granule;
  __m512 scale[Multipliers<F>::count], base[Multipliers<F>::count];
  __m512 low = _mm512_set1_ps(INFINITY), high = _mm512_set1_ps(-INFINITY);
  for (int i = 0; i < granules; ++i) {
    const std::byte* record = scales + i / per_record * scale_bytes;
    const auto head = F::head(record);
    scale[i] = F::scale(head, record, i % per_record);
    base[i] = _mm512_mul_ps(scale[i], _mm512_set1_ps(-F::offset));
    if constexpr (F::has_base) base[i] = _mm512_add_ps(base[i], F::base(head, record, i % per_record));
    const auto one = _mm512_fmadd_ps(scale[i], _mm512_set1_ps(F::low), base[i]);
    const auto other = _mm512_fmadd_ps(scale[i], _mm512_set1_ps(F::high), base[i]);
    low = _mm512_min_ps(low, _mm512_min_ps(one, other));
    high = _mm512_max_ps(high, _mm512_max_ps(one, other));
  }
  const auto step = _mm512_mul_ps(_mm512_sub_ps(high, low), _mm512_set1_ps(1.0f / 255));
  const auto some = _mm512_cmp_ps_mask(step, _mm512_set1_ps(1e-30f), _CMP_GT_OQ);
  const auto inverse = _mm512_maskz_div_ps(some, _mm512_set1_ps(256), step);
  _mm512_storeu_ps(strip_scale, step);
  _mm512_storeu_ps(strip_low, low);
  // The middle of the range is met exactly, so that rounding `mul` to 1/256 costs at most a quarter of a step.
  constexpr int middle = (F::low + F::high + 1) / 2;
  for (int i = 0; i < granules; ++i) {
    const auto mul = _mm512_cvtps_epi32(_mm512_mul_ps(scale[i], inverse));
    const auto at_middle = _mm512_fmadd_ps(scale[i], _mm512_set1_ps(middle), _mm512_sub_ps(base[i], low));
    auto off = _mm512_cvtps_epi32(_mm512_mul_ps(at_middle, inverse));
    off = _mm512_sub_epi32(off, _mm512_mullo_epi32(mul, _mm512_set1_epi32(middle)));
    off = _mm512_add_epi32(off, _mm512_set1_epi32(128));
    const auto twice = [](__m512i x) {
      return _mm512_or_si512(_mm512_slli_epi32(x, 16), _mm512_and_si512(x, _mm512_set1_epi32(0xffff)));
    };
    out.mul[i] = twice(mul);
    out.off[i] = twice(off);
  }
}

inline __m512i requantised(__m512i u, __m512i mul, __m512i off) {
  const auto bytes = _mm512_set1_epi16(0xff);
  const auto even = _mm512_srli_epi16(_mm512_add_epi16(_mm512_mullo_epi16(_mm512_and_si512(u, bytes), mul), off), 8);
  const auto odd = _mm512_add_epi16(_mm512_mullo_epi16(_mm512_srli_epi16(u, 8), mul), off);
  return _mm512_ternarylogic_epi32(bytes, even, odd, 0xca);  // bytes ? even : odd
}

/// Group `group` of a panel; inputs past the matrix become u = 0.
template <class F>
inline void requantise(const Panels& w, std::size_t panel, std::size_t group, StripPanel& strip) {
  const auto& t = traits(w.format);
  constexpr int per_sub = 32 / F::granule;
  const auto [quants, scales, subs] = group_records(w, panel, group);
  Multipliers<F> m;
  fit<F>(scales, t.scale_bytes, subs * per_sub, m, strip.scale, strip.low);
  auto* to = reinterpret_cast<__m512i*>(strip.bytes);
  for (int sub = 0; sub < subs; ++sub, to += 8) {
    const std::byte* record = F::record_subs == 8 ? quants : quants + sub * t.quant_bytes;
    const int within = F::record_subs == 8 ? sub : 0;
    const __m512i u[8] = {F::template unpack<0>(record, within), F::template unpack<1>(record, within),
                          F::template unpack<2>(record, within), F::template unpack<3>(record, within),
                          F::template unpack<4>(record, within), F::template unpack<5>(record, within),
                          F::template unpack<6>(record, within), F::template unpack<7>(record, within)};
#pragma GCC unroll 8
    for (int q = 0; q < 8; ++q) {
      const int granule = sub * per_sub + q / (8 / per_sub);
      to[q] = requantised(u[q], m.mul[granule], m.off[granule]);
    }
  }
  // Padding activations are zero, so these bytes only have to be initialised.
  for (int q = subs * 8; q < 64; ++q, ++to) *to = _mm512_setzero_si512();
}
