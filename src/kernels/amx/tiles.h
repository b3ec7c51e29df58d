// The AMX tile unit (Intel SDM vol. 1, ch. 18), and a stand-in for it in plain loops, so that the kernel's arithmetic
// is tested on processors without one. Both offer the same verbs. Included inside an unnamed namespace.
//
//   C [16 rows][16 columns] i32 or f32
//   A [16 rows][depth ≤ 64 bytes], signed         quads of bytes, or pairs of bf16
//   B [depth / 4 rows][16 columns × 4 bytes]      unsigned in multiply, signed in multiply_signed
//
// Tiles are made for products of one depth. At 64 bytes any tile holds any of the three; at less, 1 and 3 hold C, 4…7
// A, 0 and 2 B.

struct TileConfig {
  alignas(64) std::uint8_t bytes[64] = {};
  explicit TileConfig(int depth) {
    bytes[0] = 1;  // palette 1
    for (int tile = 0; tile < 8; ++tile) {
      bytes[16 + 2 * tile] = static_cast<std::uint8_t>(tile >= 4 ? depth : 64);               // bytes a row
      bytes[48 + tile] = static_cast<std::uint8_t>(tile == 0 || tile == 2 ? depth / 4 : 16);  // rows
    }
  }
};

#if defined(__AMX_INT8__)
struct HardwareTiles {
  explicit HardwareTiles(int depth) {
    const TileConfig config(depth);
    _tile_loadconfig(config.bytes);
  }
  ~HardwareTiles() { _tile_release(); }
  // By assembler: GCC 12's intrinsics are macros that take literal tile numbers only.
  template <int tile>
  void zero() {
    asm volatile("tilezero %%tmm%c0" ::"i"(tile));
  }
  template <int tile>
  void load(const void* at, std::size_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(at), "r"(stride), "i"(tile) : "memory");
  }
  template <int tile>
  void store(void* at, std::size_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(at), "r"(stride), "i"(tile) : "memory");
  }
  template <int c, int a, int b>
  void multiply() {
    asm volatile("tdpbsud %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(c), "i"(a), "i"(b));
  }
  template <int c, int a, int b>
  void multiply_signed() {
    asm volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(c), "i"(a), "i"(b));
  }
  template <int c, int a, int b>
  void multiply_bf16() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(c), "i"(a), "i"(b));
  }
};
#endif

struct EmulatedTiles {
  TileConfig config;
  std::uint8_t tile[8][16][64];

  explicit EmulatedTiles(int depth) : config(depth) {}
  int row_bytes(int t) const { return config.bytes[16 + 2 * t]; }
  int rows(int t) const { return config.bytes[48 + t]; }

  template <int t>
  void zero() {
    std::memset(tile[t], 0, sizeof tile[t]);
  }
  template <int t>
  void load(const void* at, std::size_t stride) {
    for (int row = 0; row < rows(t); ++row)
      std::memcpy(tile[t][row], static_cast<const std::uint8_t*>(at) + row * stride, row_bytes(t));
  }
  template <int t>
  void store(void* at, std::size_t stride) {
    for (int row = 0; row < 16; ++row) std::memcpy(static_cast<std::uint8_t*>(at) + row * stride, tile[t][row], 64);
  }
  /// C[m][n] += Σ_k Σ_i A[m][4k + i] · B[k][4n + i].
  template <int c, int a, int b, class OfB>
  void multiply_bytes() {
    for (int m = 0; m < 16; ++m)
      for (int n = 0; n < 16; ++n) {
        std::int32_t sum;
        std::memcpy(&sum, &tile[c][m][4 * n], 4);
        for (int k = 0; k < rows(b); ++k)
          for (int i = 0; i < 4; ++i)
            sum += static_cast<std::int8_t>(tile[a][m][4 * k + i]) * static_cast<OfB>(tile[b][k][4 * n + i]);
        std::memcpy(&tile[c][m][4 * n], &sum, 4);
      }
  }
  template <int c, int a, int b>
  void multiply() {  // TDPBSUD
    multiply_bytes<c, a, b, std::uint8_t>();
  }
  template <int c, int a, int b>
  void multiply_signed() {  // TDPBSSD
    multiply_bytes<c, a, b, std::int8_t>();
  }
  /// TDPBF16PS: C[m][n] += Σ_k A[m][2k] · B[k][2n] + A[m][2k + 1] · B[k][2n + 1].
  template <int c, int a, int b>
  void multiply_bf16() {
    const auto value = [](const std::uint8_t* at) {
      std::uint16_t bits;
      std::memcpy(&bits, at, 2);
      return bf16_to_float(bits);
    };
    for (int m = 0; m < 16; ++m)
      for (int n = 0; n < 16; ++n) {
        float sum;
        std::memcpy(&sum, &tile[c][m][4 * n], 4);
        for (int k = 0; k < 16; ++k)
          for (int i = 0; i < 2; ++i) sum += value(&tile[a][m][4 * k + 2 * i]) * value(&tile[b][k][4 * n + 2 * i]);
        std::memcpy(&tile[c][m][4 * n], &sum, 4);
      }
  }
};
