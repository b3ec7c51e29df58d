// How each quantized format's panel records become 16-column vectors. Included inside an unnamed namespace by one
// translation unit per instruction set, after `S`, its vectors of 16 columns (avx2/simd.h, avx512/simd.h, neon/simd.h).
//
// Every format is a struct of static members:
//   granule          inputs that share a scale: 32 or 16
//   record_subs      sub-blocks of 32 inputs in a record: 8 or 1
//   offset           w = scale · (u − offset) + base for the unsigned value u
//   low, high        smallest and largest u
//   has_base         whether base is not always 0
//   unpack<q>(record, sub)       u of inputs 4q…4q+3 of a sub-block, 16 columns × 4 bytes
//   head(record)                 what all scales of a record share
//   scale(head, record, i), base(head, record, i)    of granule i of the record

/// Two nibbles a byte; inside 32 inputs: low = quads 0…3, high = quads 4…7 (Q4_0's own order).
template <int q>
inline S::Bytes nibbles_within(const std::byte* quants) {
  const auto v = S::load_bytes(quants + 64 * (q % 4));
  if constexpr (q < 4) return S::and_byte(v, 15);
  return S::and_byte(S::template shift_right<4>(v), 15);
}

/// Two nibbles a byte; low = sub-block 2j, high = sub-block 2j + 1 (Q4_K's own order).
template <int q>
inline S::Bytes nibbles_across(const std::byte* quants, int vector, int shift) {
  return S::and_byte(S::shift_right(S::load_bytes(quants + 64 * (vector + q)), shift), 15);
}

/// Bit `bit` of every byte of a vector, moved to bit `to`.
template <int to>
inline S::Bytes one_bit(const std::byte* vector, int bit) {
  return S::and_byte(S::template shift_left<to>(S::and_byte(S::shift_right(S::load_bytes(vector), bit), 1)), 1 << to);
}

/// A group of 256 inputs of a panel: where its records begin, and how many sub-blocks of 32 it has.
struct GroupRecords {
  const std::byte *quants, *scales;
  int subs;
};

inline GroupRecords group_records(const Panels& w, std::size_t panel, std::size_t group) {
  const auto& t = traits(w.format);
  const std::size_t first = group * (group_width / t.record);
  return {w.quants + panel * w.quant_stride() + first * t.quant_bytes,
          w.scales + panel * w.scale_stride() + first * t.scale_bytes,
          static_cast<int>(std::min<std::size_t>(8, w.inputs / 32 - group * 8))};
}

struct NoHead {};
struct HalfHead {
  S::Floats d;
};
struct TwoHalvesHead {
  S::Floats d, dmin;
};

/// Scales of formats of 32 inputs a record: one half for each column, for some a second one, added.
template <int offset_, bool has_base_>
struct HalfScales {
  static constexpr int granule = 32, record_subs = 1, offset = offset_;
  static constexpr bool has_base = has_base_;
  using Head = NoHead;
  static Head head(const std::byte*) { return {}; }
  static S::Floats scale(const Head&, const std::byte* record, int) { return S::load_half(record); }
  static S::Floats base(const Head&, const std::byte* record, int) { return S::load_half(record + 32); }
};

struct Q4_0 : HalfScales<8, false> {
  static constexpr int low = 0, high = 15;
  template <int q>
  static S::Bytes unpack(const std::byte* r, int) {
    return nibbles_within<q>(r);
  }
};
struct Q4_1 : HalfScales<0, true> {
  static constexpr int low = 0, high = 15;
  template <int q>
  static S::Bytes unpack(const std::byte* r, int) {
    return nibbles_within<q>(r);
  }
};
template <class Scales>
struct Q5 : Scales {
  static constexpr int low = 0, high = 31;
  template <int q>
  static S::Bytes unpack(const std::byte* r, int) {
    return S::or_(nibbles_within<q>(r), one_bit<4>(r + 4 * 64, q));
  }
};
using Q5_0 = Q5<HalfScales<16, false>>;
using Q5_1 = Q5<HalfScales<0, true>>;
struct Q8_0 : HalfScales<128, false> {
  static constexpr int low = 0, high = 255;
  template <int q>
  static S::Bytes unpack(const std::byte* r, int) {
    return S::load_bytes(r + 64 * q);
  }
};
struct Iq4Nl : HalfScales<128, false> {
  static constexpr int low = 1, high = 241;
  template <int q>
  static S::Bytes unpack(const std::byte* r, int) {
    return S::lookup(iq4_table, nibbles_within<q>(r));
  }
};
struct Mxfp4 : HalfScales<128, false> {
  static constexpr int low = 116, high = 140;
  template <int q>
  static S::Bytes unpack(const std::byte* r, int) {
    return S::lookup(mxfp4_table, nibbles_within<q>(r));
  }
  static S::Floats scale(const Head&, const std::byte* record, int) { return S::load_exponent(record); }
};

/// Q4_K, Q5_K: eight byte scales and minima under two halves.
struct KScales {
  static constexpr int granule = 32, record_subs = 8, offset = 0;
  static constexpr bool has_base = true;
  using Head = TwoHalvesHead;
  static Head head(const std::byte* r) { return {S::load_half(r), S::negate(S::load_half(r + 32))}; }
  static S::Floats scale(const Head& h, const std::byte* r, int i) { return S::mul(h.d, S::load_u8(r + 64 + 32 * i)); }
  static S::Floats base(const Head& h, const std::byte* r, int i) {
    return S::mul(h.dmin, S::load_u8(r + 80 + 32 * i));
  }
};
struct Q4_K : KScales {
  static constexpr int low = 0, high = 15;
  template <int q>
  static S::Bytes unpack(const std::byte* r, int sub) {
    return nibbles_across<q>(r, sub / 2 * 8, sub % 2 * 4);
  }
};
struct Q5_K : KScales {
  static constexpr int low = 0, high = 31;
  template <int q>
  static S::Bytes unpack(const std::byte* r, int sub) {
    return S::or_(nibbles_across<q>(r, sub / 2 * 8, sub % 2 * 4), one_bit<4>(r + 64 * (32 + q), sub));
  }
};

/// Q3_K, Q6_K (granules of 16) and IQ4_XS (of 32): signed byte scales under one half.
template <int granule_, int offset_>
struct SignedScales {
  static constexpr int granule = granule_, record_subs = 8, offset = offset_;
  static constexpr bool has_base = false;
  using Head = HalfHead;
  static Head head(const std::byte* r) { return {S::load_half(r)}; }
  static S::Floats scale(const Head& h, const std::byte* r, int i) { return S::mul(h.d, S::load_i8(r + 32 + 16 * i)); }
  static S::Floats base(const Head&, const std::byte*, int) { return S::zero(); }
};
struct Q6_K : SignedScales<16, 32> {
  static constexpr int low = 0, high = 63;
  template <int q>
  static S::Bytes unpack(const std::byte* r, int sub) {
    const auto nibble = nibbles_across<q>(r, sub / 4 * 16 + sub % 2 * 8, sub % 4 / 2 * 4);
    const auto two = S::shift_right(S::load_bytes(r + 64 * (32 + sub / 4 * 8 + q)), sub % 4 * 2);
    return S::or_(nibble, S::template shift_left<4>(S::and_byte(two, 3)));
  }
};
struct Q3_K : SignedScales<16, 4> {
  static constexpr int low = 0, high = 7;
  template <int q>
  static S::Bytes unpack(const std::byte* r, int sub) {
    const auto two = S::shift_right(S::load_bytes(r + 64 * (sub / 4 * 8 + q)), sub % 4 * 2);
    return S::or_(S::and_byte(two, 3), one_bit<2>(r + 64 * (16 + q), sub));
  }
};
struct Iq4Xs : SignedScales<32, 128> {
  static constexpr int low = 1, high = 241;
  template <int q>
  static S::Bytes unpack(const std::byte* r, int sub) {
    return S::lookup(iq4_table, nibbles_within<q>(r + 256 * sub));
  }
};
struct Q2_K {
  static constexpr int granule = 16, record_subs = 8, offset = 0, low = 0, high = 3;
  static constexpr bool has_base = true;
  template <int q>
  static S::Bytes unpack(const std::byte* r, int sub) {
    return S::and_byte(S::shift_right(S::load_bytes(r + 64 * (sub / 4 * 8 + q)), sub % 4 * 2), 3);
  }
  using Head = TwoHalvesHead;
  static Head head(const std::byte* r) { return {S::load_half(r), S::negate(S::load_half(r + 32))}; }
  static S::Floats scale(const Head& h, const std::byte* r, int i) {
    return S::mul(h.d, S::load_low_nibble(r + 64 + 16 * i));
  }
  static S::Floats base(const Head& h, const std::byte* r, int i) {
    return S::mul(h.dmin, S::load_high_nibble(r + 64 + 16 * i));
  }
};

/// Calls f with the struct of a quantized format.
template <class F>
inline void with_format(Format format, F&& f) {
  switch (format) {
    case Format::q4_0: return f(Q4_0{});
    case Format::q4_1: return f(Q4_1{});
    case Format::q5_0: return f(Q5_0{});
    case Format::q5_1: return f(Q5_1{});
    case Format::q8_0: return f(Q8_0{});
    case Format::q2_k: return f(Q2_K{});
    case Format::q3_k: return f(Q3_K{});
    case Format::q4_k: return f(Q4_K{});
    case Format::q5_k: return f(Q5_K{});
    case Format::q6_k: return f(Q6_K{});
    case Format::iq4_nl: return f(Iq4Nl{});
    case Format::iq4_xs: return f(Iq4Xs{});
    case Format::mxfp4: return f(Mxfp4{});
    case Format::f32:
    case Format::f16:
    case Format::bf16: break;
  }
}
