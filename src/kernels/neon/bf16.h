// Pairs of bf16 for generic/bf16.h (Armv8.6-A, FEAT_BF16). Included inside an unnamed namespace after simd.h.

/// The nearest bf16 of both, `first` in the lower half of each lane.
inline S::Bytes round_pair(S::Floats first, S::Floats second) {
  const auto rounded = [](float32x4_t x) { return vaddq_u32(vreinterpretq_u32_f32(x), vdupq_n_u32(0x8000)); };
  return four<uint8x16_t>(
      [&](auto i) { return vreinterpretq_u8_u32(vsriq_n_u32(rounded(second.v[i]), rounded(first.v[i]), 16)); });
}

/// BFDOT: sum + w₀ · x₀ + w₁ · x₁ for each column.
inline S::Floats add_pair(S::Floats sum, S::Bytes w, S::Bytes x) {
  return four<float32x4_t>(
      [&](auto i) { return vbfdotq_f32(sum.v[i], vreinterpretq_bf16_u8(w.v[i]), vreinterpretq_bf16_u8(x.v[i])); });
}
