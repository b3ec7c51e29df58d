// Everything between the products, written once in plain loops that the compiler turns into each set's vectors.
// Included inside an unnamed namespace after fast_exp.h. No loop reorders a sum by the number of rows or threads.

/// Sixteen lanes added pairwise: the same order on every instruction set.
inline float sum_of_lanes(float (&lanes)[16]) {
  for (std::size_t half = 8; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) lanes[k] += lanes[k + half];
  return lanes[0];
}

inline float sum_of(const float* x, std::size_t width) {
  float lanes[16] = {};
  std::size_t i = 0;
  for (; i + 16 <= width; i += 16)
    for (std::size_t k = 0; k < 16; ++k) lanes[k] += x[i + k];
  for (std::size_t k = 0; i + k < width; ++k) lanes[k] += x[i + k];
  return sum_of_lanes(lanes);
}

/// Σ (x − mean)².
inline float sum_of_squares(const float* x, std::size_t width, float mean) {
  float lanes[16] = {};
  std::size_t i = 0;
  for (; i + 16 <= width; i += 16)
    for (std::size_t k = 0; k < 16; ++k) lanes[k] += (x[i + k] - mean) * (x[i + k] - mean);
  for (std::size_t k = 0; i + k < width; ++k) lanes[k] += (x[i + k] - mean) * (x[i + k] - mean);
  return sum_of_lanes(lanes);
}

void rms_norm(const float* x, const float* weight, std::size_t width, float eps, float* out) {
  const float factor = 1.0f / __builtin_sqrtf(sum_of_squares(x, width, 0.0f) / static_cast<float>(width) + eps);
  for (std::size_t i = 0; i < width; ++i) out[i] = x[i] * factor * weight[i];
}

void layer_norm(const float* x, const float* weight, const float* bias, std::size_t width, float eps, float* out) {
  const float mean = sum_of(x, width) / static_cast<float>(width);
  const float factor = 1.0f / __builtin_sqrtf(sum_of_squares(x, width, mean) / static_cast<float>(width) + eps);
  for (std::size_t i = 0; i < width; ++i) out[i] = (x[i] - mean) * factor * weight[i] + bias[i];
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

void gelu(float* x, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const float u = __builtin_fabsf(x[i]) * 0.7071067812f;
    const float t = 1.0f / (1.0f + 0.3275911f * u);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    const float outside = 0.5f * p * t * fast_exp(-u * u);  // Φ(−|x|) = ½ (1 − erf u)
    x[i] *= x[i] < 0.0f ? outside : 1.0f - outside;
  }
}

void add(float* x, const float* y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) x[i] += y[i];
}

void scale(float* x, float factor, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) x[i] *= factor;
}
