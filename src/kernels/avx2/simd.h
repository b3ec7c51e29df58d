// Vectors of 16 columns as two AVX2 registers (AVX2, FMA, F16C). Included inside an unnamed namespace.

struct S {
  struct Bytes {
    __m256i a, b;
  };
  using Ints = Bytes;
  struct Floats {
    __m256 a, b;
  };

  static constexpr int exact_rows = 4, exact_chains = 4;
  static constexpr bool few_registers = true;
  static constexpr int float_rows = 2, float_panels = 2;
  static constexpr std::size_t attention_rows = 1;

  static Bytes load_bytes(const std::byte* at) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)),
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32))};
  }
  static void store_bytes(std::byte* at, Bytes x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), x.a);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(at + 32), x.b);
  }
  static Bytes and_byte(Bytes x, int mask) {
    const auto m = _mm256_set1_epi8(static_cast<char>(mask));
    return {_mm256_and_si256(x.a, m), _mm256_and_si256(x.b, m)};
  }
  static Bytes or_(Bytes x, Bytes y) { return {_mm256_or_si256(x.a, y.a), _mm256_or_si256(x.b, y.b)}; }
  template <int n>
  static Bytes shift_right(Bytes x) {
    return {_mm256_srli_epi32(x.a, n), _mm256_srli_epi32(x.b, n)};
  }
  template <int n>
  static Bytes shift_left(Bytes x) {
    return {_mm256_slli_epi32(x.a, n), _mm256_slli_epi32(x.b, n)};
  }
  static Bytes shift_right(Bytes x, int n) {
    const auto count = _mm_cvtsi32_si128(n);
    return {_mm256_srl_epi32(x.a, count), _mm256_srl_epi32(x.b, count)};
  }
  static Bytes lookup(const std::uint8_t (&table)[16], Bytes index) {
    const auto t = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
    return {_mm256_shuffle_epi8(t, index.a), _mm256_shuffle_epi8(t, index.b)};
  }

  static Floats zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
  static Ints zero_ints() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
  static Floats broadcast(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
  static Ints broadcast(std::int32_t x) { return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }
  static Floats load_floats(const float* at) { return {_mm256_loadu_ps(at), _mm256_loadu_ps(at + 8)}; }
  static __m128i load_16(const std::byte* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
  static __m128i load_8(const std::byte* at) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at)); }
  static Floats load_half(const std::byte* at) {
    return {_mm256_cvtph_ps(load_16(at)), _mm256_cvtph_ps(load_16(at + 16))};
  }
  static std::uint16_t to_half(float x) { return _cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT); }
  static Floats load_bf16(const std::byte* at) {
    const auto wide = [](__m128i x) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16)); };
    return {wide(load_16(at)), wide(load_16(at + 16))};
  }
  static Ints widen(const std::byte* at) {
    return {_mm256_cvtepu8_epi32(load_8(at)), _mm256_cvtepu8_epi32(load_8(at + 8))};
  }
  static Floats load_u8(const std::byte* at) { return to_floats(widen(at)); }
  static Floats load_i8(const std::byte* at) {
    return to_floats({_mm256_cvtepi8_epi32(load_8(at)), _mm256_cvtepi8_epi32(load_8(at + 8))});
  }
  static Floats load_low_nibble(const std::byte* at) { return to_floats(and_byte(widen(at), 15)); }
  static Floats load_high_nibble(const std::byte* at) { return to_floats(shift_right<4>(widen(at))); }
  /// 2^(e − 128) of MXFP4's shared exponents (its values are doubled).
  static Floats load_exponent(const std::byte* at) {
    const auto one = [](__m256i e) {
      const auto normal = _mm256_slli_epi32(_mm256_sub_epi32(e, _mm256_set1_epi32(1)), 23);
      const auto small = _mm256_srlv_epi32(_mm256_set1_epi32(0x400000), _mm256_sub_epi32(_mm256_set1_epi32(1), e));
      return _mm256_castsi256_ps(_mm256_blendv_epi8(normal, small, _mm256_cmpgt_epi32(_mm256_set1_epi32(2), e)));
    };
    const auto e = widen(at);
    return {one(e.a), one(e.b)};
  }

  static Floats add(Floats x, Floats y) { return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
  static Floats mul(Floats x, Floats y) { return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)}; }
  static Floats fma(Floats x, Floats y, Floats z) {
    return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
  }
  static Floats negate(Floats x) {
    const auto sign = _mm256_set1_ps(-0.0f);
    return {_mm256_xor_ps(x.a, sign), _mm256_xor_ps(x.b, sign)};
  }
  static Floats to_floats(Ints x) { return {_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)}; }

  /// Σ u · x of a granule's quads for each column, x broadcast to all of them. Pairs of products are summed in 16 bits,
  /// as many of them as fit, before they are widened. Bytes of formats with an offset of 128 are multiplied as signed
  /// ones, without it.
  template <class F>
  struct Dots {
    static constexpr int offset = F::offset == 128 ? 0 : F::offset;
    static constexpr int most = F::offset == 128 ? (F::high > 255 - F::low ? F::high - 128 : 128 - F::low) : F::high;
    static constexpr int fit = 32767 / (2 * 127 * most);  ///< quads whose sums fit 16 bits
    static_assert(fit > 0);
    Ints wide, narrow;

    void start(Ints from) { wide = from; }
    template <int q>
    void add(Bytes u, const std::int8_t* x) {
      std::int32_t four;
      std::memcpy(&four, x, 4);
      const auto v = _mm256_set1_epi32(four);
      const Ints pairs{products(u.a, v), products(u.b, v)};
      if constexpr (q % fit == 0) {
        if constexpr (q > 0) widen();
        narrow = pairs;
      } else {
        narrow = {add_pairs(narrow.a, pairs.a), add_pairs(narrow.b, pairs.b)};
      }
    }
    Ints total() {
      widen();
      return wide;
    }

   private:
    /// VPADDW and VPADDD in place. By assembler: GCC 12 makes a tree of a chain of its intrinsics, and spills its
    /// leaves.
    static __m256i add_pairs(__m256i sum, __m256i x) {
      asm("vpaddw %1, %0, %0" : "+x"(sum) : "x"(x));
      return sum;
    }
    static __m256i add_wide(__m256i sum, __m256i x) {
      asm("vpaddd %1, %0, %0" : "+x"(sum) : "x"(x));
      return sum;
    }
    static __m256i products(__m256i u, __m256i x) {
      if constexpr (F::offset != 128) return _mm256_maddubs_epi16(u, x);
      const auto w = _mm256_xor_si256(u, _mm256_set1_epi8(static_cast<char>(128)));
      return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
    }
    void widen() {
      const auto ones = _mm256_set1_epi16(1);
      wide = {add_wide(wide.a, _mm256_madd_epi16(narrow.a, ones)), add_wide(wide.b, _mm256_madd_epi16(narrow.b, ones))};
    }
  };
  static void store(float* at, Floats x) {
    _mm256_storeu_ps(at, x.a);
    _mm256_storeu_ps(at + 8, x.b);
  }
  static void prefetch(const std::byte* quants) {
    for (int line = 0; line < 4; ++line)
      _mm_prefetch(reinterpret_cast<const char*>(quants + 4096 + 64 * line), _MM_HINT_T0);
  }
};
