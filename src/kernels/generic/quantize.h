// Kernels::quantize over a set's own quantize_group. Included inside an unnamed namespace after it.

[[gnu::flatten]] void quantize(const Rows& rows, std::size_t first, std::size_t last, bool prompt) {
  for (std::size_t r = first; r < last; ++r)
    for (std::size_t g = 0; g < rows.groups(); ++g) {
      const std::size_t begin = g * group_width;
      quantize_group(rows.values + r * rows.value_stride + begin, std::min(group_width, rows.inputs - begin), rows,
                     g * rows.stride + r, prompt);
    }
}
