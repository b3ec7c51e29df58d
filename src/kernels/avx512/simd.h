// Vectors of 16 columns in AVX-512 (F, BW, VL, DQ, VNNI). Included inside an unnamed namespace.

struct S {
  using Bytes = __m512i;  ///< 16 columns × 4 bytes
  using Ints = __m512i;   ///< 16 × i32
  using Floats = __m512;  ///< 16 × f32

  static constexpr int exact_rows = 8, exact_chains = 4;
  static constexpr bool few_registers = false;
  static constexpr int float_rows = 6, float_panels = 4;
  static constexpr std::size_t attention_rows = 6;

  static Bytes load_bytes(const std::byte* at) { return _mm512_loadu_si512(at); }
  static void store_bytes(std::byte* at, Bytes x) { _mm512_storeu_si512(at, x); }
  static Bytes and_byte(Bytes a, int mask) { return _mm512_and_si512(a, _mm512_set1_epi8(static_cast<char>(mask))); }
  static Bytes or_(Bytes a, Bytes b) { return _mm512_or_si512(a, b); }
  /// Shifts move bits across bytes; callers mask what they want afterwards.
  template <int n>
  static Bytes shift_right(Bytes a) {
    return _mm512_srli_epi32(a, n);
  }
  template <int n>
  static Bytes shift_left(Bytes a) {
    return _mm512_slli_epi32(a, n);
  }
  static Bytes shift_right(Bytes a, int n) { return _mm512_srlv_epi32(a, _mm512_set1_epi32(n)); }
  /// table[index] for indices 0…15.
  static Bytes lookup(const std::uint8_t (&table)[16], Bytes index) {
    const auto t = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
    return _mm512_shuffle_epi8(t, index);
  }

  static Floats zero() { return _mm512_setzero_ps(); }
  static Ints zero_ints() { return _mm512_setzero_si512(); }
  static Floats broadcast(float x) { return _mm512_set1_ps(x); }
  static Ints broadcast(std::int32_t x) { return _mm512_set1_epi32(x); }
  static Floats load_floats(const float* at) { return _mm512_loadu_ps(at); }
  static Floats load_half(const std::byte* at) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
  }
  static std::uint16_t to_half(float x) { return _cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT); }
  static Floats load_bf16(const std::byte* at) {
    const auto wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
  }
  static __m128i load_16(const std::byte* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
  static Floats load_u8(const std::byte* at) { return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(load_16(at))); }
  static Floats load_i8(const std::byte* at) { return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(load_16(at))); }
  static Floats load_low_nibble(const std::byte* at) {
    return _mm512_cvtepi32_ps(_mm512_and_si512(_mm512_cvtepu8_epi32(load_16(at)), _mm512_set1_epi32(15)));
  }
  static Floats load_high_nibble(const std::byte* at) {
    return _mm512_cvtepi32_ps(_mm512_srli_epi32(_mm512_cvtepu8_epi32(load_16(at)), 4));
  }
  /// 2^(e − 128) of MXFP4's shared exponents (its values are doubled).
  static Floats load_exponent(const std::byte* at) {
    const auto e = _mm512_cvtepu8_epi32(load_16(at));
    const auto normal = _mm512_slli_epi32(_mm512_sub_epi32(e, _mm512_set1_epi32(1)), 23);
    const auto small = _mm512_srlv_epi32(_mm512_set1_epi32(0x400000), _mm512_sub_epi32(_mm512_set1_epi32(1), e));
    return _mm512_castsi512_ps(
        _mm512_mask_blend_epi32(_mm512_cmplt_epi32_mask(e, _mm512_set1_epi32(2)), normal, small));
  }

  static Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
  static Floats mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
  static Floats negate(Floats a) { return _mm512_sub_ps(_mm512_set1_ps(-0.0f), a); }
  static Floats to_floats(Ints a) { return _mm512_cvtepi32_ps(a); }
  /// sum + Σ of 4 products u · x for each column. By assembler, as add_products, and with x broadcast by the
  /// load itself: the front end is what 16 rows wait for.
  static Ints add_dot(Ints sum, Bytes u, const std::int8_t* x) {
    asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(u), "m"(*reinterpret_cast<const std::int32_t*>(x)));
    return sum;
  }
  /// Σ u · x of a granule's quads for each column.
  template <class F>
  struct Dots {
    static constexpr int offset = F::offset;
    Ints sum;
    void start(Ints from) { sum = from; }
    template <int>
    void add(Bytes u, const std::int8_t* x) {
      sum = add_dot(sum, u, x);
    }
    Ints total() const { return sum; }
  };
  /// Four neighbouring activations for every column.
  static Bytes broadcast(const std::int8_t* x) {
    std::int32_t four;
    std::memcpy(&four, x, 4);
    return _mm512_set1_epi32(four);
  }
  /// VPDPBUSD in place. By assembler: GCC 12's register allocator copies the sums of its intrinsic and spills.
  static Ints add_products(Ints sum, Bytes u, Bytes x) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(u), "v"(x));
    return sum;
  }
  static void store(float* at, Floats x) { _mm512_storeu_ps(at, x); }

  static void prefetch(const std::byte* quants) {
    for (int line = 0; line < 4; ++line)
      _mm_prefetch(reinterpret_cast<const char*>(quants + prefetch_ahead + 64 * line), _MM_HINT_T0);
  }
  static constexpr int prefetch_ahead = 4096;
};
