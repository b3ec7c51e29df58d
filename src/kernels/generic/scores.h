// What every attention kernel does with a page and its scores. Included inside an unnamed namespace after fast_exp.h.

/// Where one page's parts lie.
struct Page {
  const std::byte* keys;    ///< [head_width, 64]
  const std::byte* values;  ///< [64, padded]; null where the page holds keys alone
  const float* key_scales;  ///< [64], q8 only
  const float* value_scales;
};

inline std::size_t padded_head(std::size_t head_width) { return (head_width + 15) / 16 * 16; }

constexpr std::size_t kv_element(KvFormat format) {
  return format == KvFormat::f32 ? 4 : format == KvFormat::f16 ? 2 : 1;
}

inline Page page_parts(KvFormat format, const std::byte* page, std::size_t head_width, bool keys_alone = false) {
  const std::size_t bytes = padded_head(head_width) * page_tokens * kv_element(format);
  const auto* scales = reinterpret_cast<const float*>(page + (keys_alone ? 1 : 2) * bytes);
  return {page, keys_alone ? nullptr : page + bytes, scales, keys_alone ? nullptr : scales + page_tokens};
}

template <KvFormat format>
inline S::Floats load_kv(const std::byte* base, std::size_t index) {
  if constexpr (format == KvFormat::f32) return S::load_floats(reinterpret_cast<const float*>(base) + index);
  if constexpr (format == KvFormat::f16) return S::load_half(base + 2 * index);
  return S::load_i8(base + index);
}

/// Soft cap, then −inf where the row may not look, of the scores of one page that begins at `first_token`.
inline void cap_and_mask(const AttentionTask& t, std::size_t row, std::size_t first_token, float* scores) {
  if (t.soft_cap > 0) {
    for (std::size_t i = 0; i < page_tokens; ++i) {  // tanh u = 1 − 2 / (e^2u + 1)
      scores[i] = t.soft_cap * (1.0f - 2.0f / (fast_exp(2.0f * scores[i] / t.soft_cap) + 1.0f));
    }
  }
  const std::size_t begin = t.begin[row], end = t.end[row];
  if (begin <= first_token && end >= first_token + page_tokens) return;
  for (std::size_t i = 0; i < page_tokens; ++i) {
    const std::size_t token = first_token + i;
    scores[i] = token < begin || token >= end ? -INFINITY : scores[i];
  }
}

/// How many tokens of a page the rows [first, first + count) have to look at: weights behind them are zero for all.
inline std::size_t visible_tokens(const AttentionTask& t, std::size_t first, std::size_t count,
                                  std::size_t first_token) {
  std::size_t tokens = 0;
  for (std::size_t r = first; r < first + count; ++r) {
    const std::size_t end = std::min<std::size_t>(t.end[r], first_token + page_tokens);
    if (end > first_token && t.begin[r] < first_token + page_tokens) tokens = std::max(tokens, end - first_token);
  }
  return tokens;
}

/// Turns scores into weights e^(s − peak), moves peak and weight on, returns what earlier sums are multiplied by.
inline float soften(float* scores, float& peak, float& weight) {
  float lanes[16];
  for (int k = 0; k < 16; ++k) lanes[k] = scores[k];
  for (std::size_t i = 16; i < page_tokens; i += 16)
    for (int k = 0; k < 16; ++k) lanes[k] = scores[i + k] > lanes[k] ? scores[i + k] : lanes[k];
  float highest = peak;
  for (float lane : lanes) highest = lane > highest ? lane : highest;
  if (highest == -INFINITY) {
    for (std::size_t i = 0; i < page_tokens; ++i) scores[i] = 0;
    return 1.0f;
  }
  const float factor = fast_exp(peak - highest);
  for (int k = 0; k < 16; ++k) lanes[k] = 0;
  for (std::size_t i = 0; i < page_tokens; i += 16)
    for (int k = 0; k < 16; ++k) {
      scores[i + k] = fast_exp(scores[i + k] - highest);
      lanes[k] += scores[i + k];
    }
  float sum = 0;
  for (float lane : lanes) sum += lane;
  weight = weight * factor + sum;
  peak = highest;
  return factor;
}
