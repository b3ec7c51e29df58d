// Kernels::matmul_exact over a set's vectors. Included inside an unnamed namespace after exact.h and floats.h.

void matmul_exact(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last,
                  std::byte* scratch) {
  if (is_float(w.format)) return floats(rows, w, out, first, last);
  with_format(w.format, [&](auto f) { exact<decltype(f)>(rows, w, out, first, last, scratch); });
}
