// Writing 16 results of which the last ones may lie past the matrix. Included inside an unnamed namespace.

template <class V>
inline void store_outputs(float* y, typename V::Floats x, std::size_t columns, bool accumulate) {
  if (columns == panel_width) {
    V::store(y, accumulate ? V::add(V::load_floats(y), x) : x);
    return;
  }
  alignas(64) float all[panel_width];
  V::store(all, x);
  for (std::size_t i = 0; i < columns; ++i) y[i] = accumulate ? y[i] + all[i] : all[i];
}

constexpr std::uint8_t iq4_table[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
constexpr std::uint8_t mxfp4_table[16] = {128, 129, 130, 131, 132, 134, 136, 140,
                                          128, 127, 126, 125, 124, 122, 120, 116};
