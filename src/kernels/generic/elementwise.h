// Everything between the products, written once in plain loops that the compiler turns into each set's vectors.
// Included inside an unnamed namespace after fast_exp.h. No loop reorders a sum by the number of rows or threads.

/// Σ x² in sixteen lanes, added pairwise at the end: the same order on every instruction set.
inline float sum_of_squares(const float* x, std::size_t width) {
  float lanes[16] = {};
  std::size_t i = 0;
  for (; i + 16 <= width; i += 16)
    for (std::size_t k = 0; k < 16; ++k) lanes[k] += x[i + k] * x[i + k];
  for (std::size_t k = 0; i + k < width; ++k) lanes[k] += x[i + k] * x[i + k];
  for (std::size_t half = 8; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) lanes[k] += lanes[k + half];
  return lanes[0];
}

void rms_norm(const float* x, const float* weight, std::size_t width, float eps, float* out) {
  const float factor = 1.0f / __builtin_sqrtf(sum_of_squares(x, width) / static_cast<float>(width) + eps);
  for (std::size_t i = 0; i < width; ++i) out[i] = x[i] * factor * weight[i];
}

void rope(float* head, const RopeTable& t) {
  const std::size_t half = t.width / 2;
  if (t.interleaved) {
    for (std::size_t i = 0; i < half; ++i) {
      const float a = head[2 * i], b = head[2 * i + 1];
      head[2 * i] = a * t.cosines[i] - b * t.sines[i];
      head[2 * i + 1] = a * t.sines[i] + b * t.cosines[i];
    }
    return;
  }
  for (std::size_t i = 0; i < half; ++i) {
    const float a = head[i], b = head[i + half];
    head[i] = a * t.cosines[i] - b * t.sines[i];
    head[i + half] = a * t.sines[i] + b * t.cosines[i];
  }
}

void silu_mul(float* gate, const float* up, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) gate[i] = gate[i] / (1.0f + fast_exp(-gate[i])) * up[i];
}

void gelu_mul(float* gate, const float* up, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float x = gate[i];
    const float u = 0.7978845608f * (x + 0.044715f * x * x * x);
    // tanh u = 1 − 2 / (e^2u + 1), so ½ x (1 + tanh u) = x − x / (e^2u + 1)
    gate[i] = (x - x / (fast_exp(2.0f * u) + 1.0f)) * up[i];
  }
}

void add(float* x, const float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) x[i] += y[i];
}

void scale(float* x, float factor, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) x[i] *= factor;
}
