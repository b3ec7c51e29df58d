// Pairs of bf16 for generic/bf16.h: what AVX512_BF16 and AMX do alike, then the product of AVX512_BF16. Included inside
// an unnamed namespace after simd.h.

inline __m512i upper_half(__m512i x) { return _mm512_and_si512(x, _mm512_set1_epi32(static_cast<int>(0xffff0000u))); }
/// To the nearest bf16, in the upper half of each lane.
inline __m512i rounded(__m512 x) {
  return upper_half(_mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x8000)));
}
/// Sixteen bf16 from the upper halves of a vector.
inline void store_upper(std::uint16_t* to, __m512i x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(_mm512_srli_epi32(x, 16)));
}

/// The nearest bf16 of both, `first` in the lower half of each lane.
inline S::Bytes round_pair(S::Floats first, S::Floats second) {
  return _mm512_or_si512(_mm512_srli_epi32(rounded(first), 16), rounded(second));
}

/// VDPBF16PS in place: sum += w₀ · x₀ + w₁ · x₁. By assembler, as add_products.
inline __m512 add_pair(__m512 sum, __m512i w, __m512i x) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(w), "v"(x));
  return sum;
}
