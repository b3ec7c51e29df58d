// A group of 256 activations to 8 bits in plain loops: the specification of Kernels::quantize. Included inside an
// unnamed namespace.

/// The `width` inputs of one scale, of which `count` are there: quants and the scale.
inline float quantize_part(const float* x, std::size_t count, std::size_t width, std::int8_t* q) {
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
  for (std::size_t i = count; i < width; ++i) q[i] = 0;
  return peak / 127.0f;
}

/// One group of one row: quants, scales, sums.
inline void quantize_group(const float* x, std::size_t count, const Rows& rows, std::size_t at, bool prompt) {
  std::int8_t* q = rows.quants + at * group_width;
  float total = 0;
  const std::size_t width = prompt ? prompt_scale_width : scale_width;
  for (std::size_t begin = 0; begin < group_width; begin += width) {
    const std::size_t here = count < begin ? 0 : (count - begin < width ? count - begin : width);
    const float unit = quantize_part(x + begin, here, width, q + begin);
    for (std::size_t i = begin; i < begin + width; i += scale_width) {
      std::int32_t sum = 0;
      for (std::size_t k = 0; k < scale_width; ++k) sum += q[i + k];
      rows.scales[at * group_scales + i / scale_width] = unit;
      total += unit * static_cast<float>(sum);
    }
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
