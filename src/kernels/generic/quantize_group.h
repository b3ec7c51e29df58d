// A group of 256 activations to 8 bits in plain loops: the specification of Kernels::quantize. Included inside an
// unnamed namespace.

/// The inputs of one scale: quants and the scale.
inline float quantize_part(const float* x, std::size_t count, std::int8_t* q) {
  float peak = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const float magnitude = __builtin_fabsf(x[i]);
    peak = magnitude > peak ? magnitude : peak;
  }
  const float inverse = peak > 0 ? 127.0f / peak : 0.0f;
  for (std::size_t i = 0; i < count; ++i) {
    // Adding and taking away 1.5 · 2^23 rounds to nearest, ties to even.
    const float rounded = (x[i] * inverse + 12582912.0f) - 12582912.0f;
    q[i] = static_cast<std::int8_t>(static_cast<std::int32_t>(rounded));
  }
  for (std::size_t i = count; i < scale_width; ++i) q[i] = 0;
  return peak / 127.0f;
}

/// One group of one row: quants, scales, sums.
inline void quantize_group(const float* x, std::size_t count, const Rows& rows, std::size_t at) {
  std::int8_t* q = rows.quants + at * group_width;
  float total = 0;
  for (std::size_t part = 0; part < group_scales; ++part) {
    const std::size_t begin = part * scale_width;
    const std::size_t here = count < begin ? 0 : (count - begin < scale_width ? count - begin : scale_width);
    const float unit = quantize_part(x + begin, here, q + begin);
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < scale_width; ++i) sum += q[begin + i];
    rows.scales[at * group_scales + part] = unit;
    total += unit * static_cast<float>(sum);
  }
  for (std::size_t i = 0; i < 16; ++i) {
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < 16; ++k) sum += q[16 * i + k];
    rows.sums16[at * 16 + i] = static_cast<float>(sum);
  }
  for (std::size_t i = 0; i < 8; ++i)
    rows.sums32[at * 8 + i] = rows.sums16[at * 16 + 2 * i] + rows.sums16[at * 16 + 2 * i + 1];
  rows.totals[at] = total;
}
