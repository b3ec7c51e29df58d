// Vectors of 16 columns as four NEON registers. Included inside an unnamed namespace after add_dot(sum, w, x), a set's
// way to add the products of four signed bytes to each of four sums.

/// Four registers: columns 4v … 4v + 3 in v[v].
template <class Register>
struct Four {
  Register v[4];
};

template <class Register, class F>
inline Four<Register> four(F&& f) {
  return {{f(std::integral_constant<int, 0>{}), f(std::integral_constant<int, 1>{}),
           f(std::integral_constant<int, 2>{}), f(std::integral_constant<int, 3>{})}};
}

struct S {
  using Bytes = Four<uint8x16_t>;
  using Ints = Four<int32x4_t>;
  using Floats = Four<float32x4_t>;

  static constexpr int exact_rows = 4, exact_chains = 2;
  static constexpr bool few_registers = true;
  static constexpr int float_rows = 4, float_panels = 1;
  static constexpr std::size_t attention_rows = 1;

  static const std::uint8_t* bytes(const std::byte* at) { return reinterpret_cast<const std::uint8_t*>(at); }

  static Bytes load_bytes(const std::byte* at) {
    return four<uint8x16_t>([&](auto i) { return vld1q_u8(bytes(at) + 16 * i); });
  }
  static void store_bytes(std::byte* at, Bytes x) {
    for (int i = 0; i < 4; ++i) vst1q_u8(reinterpret_cast<std::uint8_t*>(at) + 16 * i, x.v[i]);
  }
  static Bytes and_byte(Bytes x, int mask) {
    const auto m = vdupq_n_u8(static_cast<std::uint8_t>(mask));
    return four<uint8x16_t>([&](auto i) { return vandq_u8(x.v[i], m); });
  }
  static Bytes or_(Bytes x, Bytes y) {
    return four<uint8x16_t>([&](auto i) { return vorrq_u8(x.v[i], y.v[i]); });
  }
  template <int n>
  static Bytes shift_right(Bytes x) {
    return four<uint8x16_t>([&](auto i) { return vshrq_n_u8(x.v[i], n); });
  }
  template <int n>
  static Bytes shift_left(Bytes x) {
    return four<uint8x16_t>([&](auto i) { return vshlq_n_u8(x.v[i], n); });
  }
  static Bytes shift_right(Bytes x, int n) {
    const auto count = vdupq_n_s8(static_cast<std::int8_t>(-n));
    return four<uint8x16_t>([&](auto i) { return vshlq_u8(x.v[i], count); });
  }
  static Bytes lookup(const std::uint8_t (&table)[16], Bytes index) {
    const auto t = vld1q_u8(table);
    return four<uint8x16_t>([&](auto i) { return vqtbl1q_u8(t, index.v[i]); });
  }

  static Floats zero() { return broadcast(0.0f); }
  static Ints zero_ints() { return broadcast(std::int32_t{0}); }
  static Floats broadcast(float x) {
    return four<float32x4_t>([&](auto) { return vdupq_n_f32(x); });
  }
  static Ints broadcast(std::int32_t x) {
    return four<int32x4_t>([&](auto) { return vdupq_n_s32(x); });
  }
  static Floats load_floats(const float* at) {
    return four<float32x4_t>([&](auto i) { return vld1q_f32(at + 4 * i); });
  }
  static Floats load_half(const std::byte* at) {
    return four<float32x4_t>([&](auto i) { return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(bytes(at) + 8 * i))); });
  }
  static std::uint16_t to_half(float x) { return vget_lane_u16(vreinterpret_u16_f16(vcvt_f16_f32(vdupq_n_f32(x))), 0); }
  static Floats load_bf16(const std::byte* at) {
    return four<float32x4_t>([&](auto i) {
      return vreinterpretq_f32_u32(vshll_n_u16(vreinterpret_u16_u8(vld1_u8(bytes(at) + 8 * i)), 16));
    });
  }
  static Four<uint32x4_t> widen(uint8x16_t x) {
    const auto low = vmovl_u8(vget_low_u8(x)), high = vmovl_high_u8(x);
    return {{vmovl_u16(vget_low_u16(low)), vmovl_high_u16(low), vmovl_u16(vget_low_u16(high)), vmovl_high_u16(high)}};
  }
  static Floats unsigned_floats(uint8x16_t x) {
    const auto wide = widen(x);
    return four<float32x4_t>([&](auto i) { return vcvtq_f32_u32(wide.v[i]); });
  }
  static Floats load_u8(const std::byte* at) { return unsigned_floats(vld1q_u8(bytes(at))); }
  static Floats load_i8(const std::byte* at) {
    const auto x = vreinterpretq_s8_u8(vld1q_u8(bytes(at)));
    const auto low = vmovl_s8(vget_low_s8(x)), high = vmovl_high_s8(x);
    return to_floats(
        {{vmovl_s16(vget_low_s16(low)), vmovl_high_s16(low), vmovl_s16(vget_low_s16(high)), vmovl_high_s16(high)}});
  }
  static Floats load_low_nibble(const std::byte* at) {
    return unsigned_floats(vandq_u8(vld1q_u8(bytes(at)), vdupq_n_u8(15)));
  }
  static Floats load_high_nibble(const std::byte* at) { return unsigned_floats(vshrq_n_u8(vld1q_u8(bytes(at)), 4)); }
  /// 2^(e − 128) of MXFP4's shared exponents (its values are doubled).
  static Floats load_exponent(const std::byte* at) {
    const auto e = widen(vld1q_u8(bytes(at)));
    return four<float32x4_t>([&](auto i) {
      const auto above = vsubq_s32(vreinterpretq_s32_u32(e.v[i]), vdupq_n_s32(1));
      const auto normal = vshlq_n_u32(vreinterpretq_u32_s32(above), 23);
      const auto small = vshlq_u32(vdupq_n_u32(0x400000), above);  // to the right where e is 0
      return vreinterpretq_f32_u32(vbslq_u32(vcltq_u32(e.v[i], vdupq_n_u32(2)), small, normal));
    });
  }

  static Floats add(Floats x, Floats y) {
    return four<float32x4_t>([&](auto i) { return vaddq_f32(x.v[i], y.v[i]); });
  }
  static Floats mul(Floats x, Floats y) {
    return four<float32x4_t>([&](auto i) { return vmulq_f32(x.v[i], y.v[i]); });
  }
  static Floats fma(Floats x, Floats y, Floats z) {
    return four<float32x4_t>([&](auto i) { return vfmaq_f32(z.v[i], x.v[i], y.v[i]); });
  }
  static Floats negate(Floats x) {
    return four<float32x4_t>([&](auto i) { return vnegq_f32(x.v[i]); });
  }
  static Floats to_floats(Ints x) {
    return four<float32x4_t>([&](auto i) { return vcvtq_f32_s32(x.v[i]); });
  }

  /// Four neighbouring bytes for every column.
  static Bytes broadcast(const std::int8_t* x) {
    std::uint32_t quad;
    std::memcpy(&quad, x, 4);
    return four<uint8x16_t>([&](auto) { return vreinterpretq_u8_u32(vdupq_n_u32(quad)); });
  }
  /// Weights as signed bytes: those of formats with an offset of 128 without it, others as they are.
  template <class F>
  static int8x16_t as_signed(uint8x16_t u) {
    static_assert(F::offset == 128 || F::high < 128);
    return vreinterpretq_s8_u8(F::offset == 128 ? veorq_u8(u, vdupq_n_u8(128)) : u);
  }
  /// Σ u · x of a granule's quads for each column, x broadcast to all of them.
  template <class F>
  struct Dots {
    static constexpr int offset = F::offset == 128 ? 0 : F::offset;
    Ints sum;
    void start(Ints from) { sum = from; }
    template <int>
    void add(Bytes u, const std::int8_t* x) {
      const Bytes all = broadcast(x);
      sum = four<int32x4_t>(
          [&](auto i) { return add_dot(sum.v[i], as_signed<F>(u.v[i]), vreinterpretq_s8_u8(all.v[i])); });
    }
    Ints total() const { return sum; }
  };
  static void store(float* at, Floats x) {
    for (int i = 0; i < 4; ++i) vst1q_f32(at + 4 * i, x.v[i]);
  }
  static void prefetch(const std::byte* quants) {
    for (int line = 0; line < 4; ++line) __builtin_prefetch(quants + 4096 + 64 * line);
  }
};
