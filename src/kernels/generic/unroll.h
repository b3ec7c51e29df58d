// Loops unrolled by the language instead of the optimiser. Included inside an unnamed namespace.

/// f(0), f(1), … f(n − 1), every index a constant. An array that only such indices touch lives in registers; one that a
/// loop touches stays in memory even where the loop is unrolled later (GCC 12 replaces arrays before it unrolls).
/// Callers are [[gnu::flatten]], so that all of it is inlined before that.
template <int n, class F>
[[gnu::always_inline]] inline void unroll(F&& f) {
  [&]<int... i>(std::integer_sequence<int, i...>) { (f(std::integral_constant<int, i>{}), ...); }
  (std::make_integer_sequence<int, n>{});
}
