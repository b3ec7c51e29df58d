// What `cofre bench` measures a processor's limit of products with. Included inside an unnamed namespace after
// unroll.h.

/// `rounds` rounds of a product instruction that does `operations` of them.
template <class Product>
[[gnu::always_inline]] inline std::uint64_t spin(std::size_t rounds, Product product, std::uint64_t operations) {
  constexpr int chains = 16;
  int32x4_t sum[chains];
  unroll<chains>([&](auto k) { sum[k] = vdupq_n_s32(0x01020304 * (k + 1)); });
  const auto u = vreinterpretq_s8_s32(vdupq_n_s32(0x0b0d0305)), x = vreinterpretq_s8_s32(vdupq_n_s32(0x17f12a81));
  for (std::size_t i = 0; i < rounds; ++i) unroll<chains>([&](auto k) { sum[k] = product(sum[k], u, x); });
  auto all = vdupq_n_s32(0);
  unroll<chains>([&](auto k) { all = vaddq_s32(all, sum[k]); });
  volatile int keep = vaddvq_s32(all);
  static_cast<void>(keep);
  return rounds * chains * operations;
}
