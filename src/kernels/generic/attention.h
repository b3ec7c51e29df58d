// Attention over KV pages, page by page with a running maximum (FlashAttention, arXiv:2205.14135, §3.1). Every row
// takes the same steps in the same order however rows and pages are shared out between calls with the same page range.
// Included inside an unnamed namespace after scores.h.

/// scores[row][64] = scale · q·k, capped, −inf where the row may not look.
template <KvFormat format, int R>
[[gnu::flatten]] inline void score_rows(const AttentionTask& t, const Page& page, std::size_t first,
                                        std::size_t first_token, float (*scores)[page_tokens]) {
  S::Floats sum[R][4];
  unroll<R>([&](auto r) { unroll<4>([&](auto v) { sum[r][v] = S::zero(); }); });
  const float* query = t.query + first * t.query_stride;
  for (std::size_t d = 0; d < t.head_width; ++d) {
    S::Floats k[4];
    unroll<4>([&](auto v) { k[v] = load_kv<format>(page.keys, d * page_tokens + 16 * v); });
    unroll<R>([&](auto r) {
      const auto q = S::broadcast(query[r * t.query_stride + d]);
      unroll<4>([&](auto v) { sum[r][v] = S::fma(k[v], q, sum[r][v]); });
    });
  }
  unroll<R>([&](auto r) {
    unroll<4>([&](auto v) {
      auto s = S::mul(sum[r][v], S::broadcast(t.scale));
      if constexpr (format == KvFormat::q8) s = S::mul(s, S::load_floats(page.key_scales + 16 * v));
      S::store(scores[r] + 16 * v, s);
    });
  });
  for (int r = 0; r < R; ++r) cap_and_mask(t, first + r, first_token, scores[r]);
}

/// out[row][16·V values from `column`] = out · factor + Σ weights · values.
template <KvFormat format, int R, int V>
[[gnu::flatten]] inline void add_values(const AttentionTask& t, const Page& page, std::size_t first, std::size_t column,
                                        const float (*weights)[page_tokens], const float* factor, std::size_t tokens) {
  S::Floats sum[R][V];
  float* out = t.out + first * t.out_stride + column;
  unroll<R>([&](auto r) {
    unroll<V>(
        [&](auto v) { sum[r][v] = S::mul(S::load_floats(out + r * t.out_stride + 16 * v), S::broadcast(factor[r])); });
  });
  const std::size_t padded = padded_head(t.value_width());
  for (std::size_t i = 0; i < tokens; ++i) {
    S::Floats x[V];
    unroll<V>([&](auto v) { x[v] = load_kv<format>(page.values, i * padded + column + 16 * v); });
    unroll<R>([&](auto r) {
      const auto w = S::broadcast(weights[r][i]);
      unroll<V>([&](auto v) { sum[r][v] = S::fma(x[v], w, sum[r][v]); });
    });
  }
  unroll<R>([&](auto r) { unroll<V>([&](auto v) { S::store(out + r * t.out_stride + 16 * v, sum[r][v]); }); });
}

template <KvFormat format, int R>
inline void attend_rows(const AttentionTask& t, const Page& page, std::size_t first, std::size_t first_token) {
  const std::size_t tokens = visible_tokens(t, first, R, first_token);
  if (tokens == 0) return;
  alignas(64) float scores[R][page_tokens];
  float factor[R];
  score_rows<format, R>(t, page, first, first_token, scores);
  for (int r = 0; r < R; ++r) {
    factor[r] = soften(scores[r], t.peak[first + r], t.weight[first + r]);
    if constexpr (format == KvFormat::q8)
      for (std::size_t i = 0; i < page_tokens; ++i) scores[r][i] *= page.value_scales[i];
  }
  const std::size_t vectors = padded_head(t.value_width()) / 16;
  std::size_t v = 0;
  for (; v + 4 <= vectors; v += 4) add_values<format, R, 4>(t, page, first, 16 * v, scores, factor, tokens);
  for (; v < vectors; ++v) add_values<format, R, 1>(t, page, first, 16 * v, scores, factor, tokens);
}

/// Rows that are left after the full tiles: `left` < R of them.
template <KvFormat format, int R>
inline void attend_rest(const AttentionTask& t, const Page& page, std::size_t first, std::size_t first_token,
                        std::size_t left) {
  if constexpr (R > 0) {
    if (left == R) return attend_rows<format, R>(t, page, first, first_token);
    attend_rest<format, R - 1>(t, page, first, first_token, left);
  }
}

template <KvFormat format>
inline void attend_page(const AttentionTask& t, const Page& page, std::size_t first_token) {
  constexpr std::size_t most = S::attention_rows;
  std::size_t r = 0;
  for (; r + most <= t.rows; r += most) attend_rows<format, most>(t, page, r, first_token);
  attend_rest<format, most - 1>(t, page, r, first_token, t.rows - r);
}

/// A 16-bit or 8-bit page as floats, for tasks whose many rows would each convert it again.
template <KvFormat format>
inline Page expand(const Page& page, std::size_t head_width, float* to) {
  const std::size_t count = padded_head(head_width) * page_tokens;
  for (std::size_t i = 0; i < head_width * page_tokens; i += 16) S::store(to + i, load_kv<format>(page.keys, i));
  for (std::size_t i = 0; i < count; i += 16) S::store(to + count + i, load_kv<format>(page.values, i));
  return {reinterpret_cast<const std::byte*>(to), reinterpret_cast<const std::byte*>(to + count), nullptr, nullptr};
}

/// A page of keys alone as floats, with the values that are in them beside it.
template <KvFormat format>
inline Page expand_latent(const Page& page, const AttentionTask& t, float* to) {
  float* values = to + t.head_width * page_tokens;
  const std::size_t padded = padded_head(t.latent);
  for (std::size_t i = 0; i < t.head_width * page_tokens; i += 16) {
    auto x = load_kv<format>(page.keys, i);
    if constexpr (format == KvFormat::q8) x = S::mul(x, S::load_floats(page.key_scales + i % page_tokens));
    S::store(to + i, x);
  }
  for (std::size_t first = 0; first < padded; first += 16)
    for (std::size_t i = 0; i < page_tokens; ++i)
      for (std::size_t d = first; d < first + 16; ++d)
        values[i * padded + d] = d < t.latent ? to[d * page_tokens + i] : 0.0f;
  return {reinterpret_cast<const std::byte*>(to), reinterpret_cast<const std::byte*>(values), nullptr, nullptr};
}

inline Page expand_latent(const std::byte* data, const AttentionTask& t, float* to) {
  const Page page = page_parts(t.format, data, t.head_width, true);
  if (t.format == KvFormat::f32) return expand_latent<KvFormat::f32>(page, t, to);
  if (t.format == KvFormat::q8) return expand_latent<KvFormat::q8>(page, t, to);
  return expand_latent<KvFormat::f16>(page, t, to);
}

void attention(const AttentionTask& t, std::byte* scratch) {
  constexpr std::size_t many = 4 * S::attention_rows;
  for (std::size_t r = 0; r < t.rows; ++r) {
    t.peak[r] = -INFINITY;
    t.weight[r] = 0;
    for (std::size_t i = 0; i < padded_head(t.value_width()); ++i) t.out[r * t.out_stride + i] = 0;
  }
  for (std::size_t p = t.first_page; p < t.last_page; ++p) {
    const std::size_t token = p * page_tokens;
    if (t.latent > 0) {
      attend_page<KvFormat::f32>(t, expand_latent(t.pages[p], t, reinterpret_cast<float*>(scratch)), token);
      continue;
    }
    const Page page = page_parts(t.format, t.pages[p], t.head_width);
    if (t.format == KvFormat::f32) {
      attend_page<KvFormat::f32>(t, page, token);
    } else if (t.format == KvFormat::q8) {
      attend_page<KvFormat::q8>(t, page, token);
    } else if (t.rows >= many) {
      const Page wide = expand<KvFormat::f16>(page, t.head_width, reinterpret_cast<float*>(scratch));
      attend_page<KvFormat::f32>(t, wide, token);
    } else {
      attend_page<KvFormat::f16>(t, page, token);
    }
  }
}

inline float peak_of(const float* x, std::size_t count) {
  float peak = 0;
  for (std::size_t i = 0; i < count; ++i) peak = std::max(peak, std::fabs(x[i]));
  return peak;
}

/// One token's key, element d at keys[64 d + slot].
inline void write_key(KvFormat format, const Page& page, std::size_t slot, const float* key, std::size_t head_width) {
  auto* keys = const_cast<std::byte*>(page.keys);
  if (format == KvFormat::f32) {
    for (std::size_t d = 0; d < head_width; ++d) reinterpret_cast<float*>(keys)[d * page_tokens + slot] = key[d];
  } else if (format == KvFormat::f16) {
    auto* k = reinterpret_cast<std::uint16_t*>(keys);
    for (std::size_t d = 0; d < head_width; ++d) k[d * page_tokens + slot] = S::to_half(key[d]);
  } else {
    const float peak = peak_of(key, head_width), factor = peak > 0 ? 127.0f / peak : 0;
    const_cast<float*>(page.key_scales)[slot] = peak / 127.0f;
    auto* k = reinterpret_cast<std::int8_t*>(keys);
    for (std::size_t d = 0; d < head_width; ++d)
      k[d * page_tokens + slot] = static_cast<std::int8_t>(std::lrintf(key[d] * factor));
  }
}

void write_kv(KvFormat format, std::byte* page, std::size_t slot, const float* key, const float* value,
              std::size_t head_width) {
  const Page parts = page_parts(format, page, head_width, value == nullptr);
  write_key(format, parts, slot, key, head_width);
  if (value == nullptr) return;
  auto* values = const_cast<std::byte*>(parts.values);
  const std::size_t padded = padded_head(head_width);
  if (format == KvFormat::f32) {
    for (std::size_t d = 0; d < head_width; ++d) reinterpret_cast<float*>(values)[slot * padded + d] = value[d];
  } else if (format == KvFormat::f16) {
    auto* v = reinterpret_cast<std::uint16_t*>(values) + slot * padded;
    for (std::size_t d = 0; d < head_width; ++d) v[d] = S::to_half(value[d]);
  } else {
    const float peak = peak_of(value, head_width), factor = peak > 0 ? 127.0f / peak : 0;
    const_cast<float*>(parts.value_scales)[slot] = peak / 127.0f;
    auto* v = reinterpret_cast<std::int8_t*>(values) + slot * padded;
    for (std::size_t d = 0; d < head_width; ++d) v[d] = static_cast<std::int8_t>(std::lrintf(value[d] * factor));
  }
}
