#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernels/panels.h"

namespace cofre::kernels {

/// Instruction sets, of a processor weakest first. Each has one table; the scalar table is the specification.
enum class Isa : std::uint8_t { scalar, avx2, avx512, amx, neon, dotprod, i8mm };

/// Rows behind the last one that kernels may read and whose results they drop.
inline constexpr std::size_t spare_rows = 16;

/// Activations as every matmul reads them. `quantize` fills all but `values`; float formats read `values` alone.
///
///   values   [rows, inputs] f32, rows `value_stride` floats apart
///   quants   [groups, stride, 256] int8: x ≈ quants · scales, a group = 256 inputs (the last one padded with zeros)
///   scales   [groups, stride, 8] f32, each for 32 quants; in prompt rows two neighbours are equal
///   totals   [groups, stride] f32: Σ scales · quants
///   sums32   [groups, stride, 8] f32: Σ of 32 quants; sums16 [groups, stride, 16]: Σ of 16
struct Rows {
  const float* values = nullptr;
  std::size_t value_stride = 0;
  std::size_t rows = 0;
  std::size_t inputs = 0;
  std::size_t stride = 0;  ///< rows that memory was laid out for: spare_rows more than may be used
  std::int8_t* quants = nullptr;
  float* scales = nullptr;
  float* totals = nullptr;
  float* sums32 = nullptr;
  float* sums16 = nullptr;

  std::size_t groups() const { return (inputs + group_width - 1) / group_width; }
  /// Rows [first, first + count) of these rows.
  Rows slice(std::size_t first, std::size_t count) const;
};

/// Bytes that bind_rows needs for `rows` rows of `inputs`.
std::size_t rows_bytes(std::size_t rows, std::size_t inputs);
/// Lays the arrays of Rows out in `memory` (64-byte aligned, rows_bytes long). `values` is left to the caller.
Rows bind_rows(std::byte* memory, std::size_t rows, std::size_t inputs);
/// Copies what quantize made of a row, not its values. Requires both to be of the same inputs.
void copy_row(const Rows& from, std::size_t row, const Rows& to, std::size_t to_row);

/// Where a product goes: y[r][o], rows `stride` floats apart; with `accumulate` it is added to what is there.
struct Output {
  float* y = nullptr;
  std::size_t stride = 0;
  bool accumulate = false;
};

/// How a head turns queries and keys by their position: pairs (i, i + half) or (2i, 2i + 1) of the first `width`
/// values.
struct RopeTable {
  const float* cosines = nullptr;  ///< [width / 2] for this position
  const float* sines = nullptr;
  std::size_t width = 0;
  bool interleaved = false;  ///< pairs (2i, 2i+1), as llama files have it; else (i, i + width/2), NeoX
};

/// Tokens of a KV page.
inline constexpr std::size_t page_tokens = 64;

/// How keys and values are kept. Both are written by write_kv and read by the attention kernels only.
enum class KvFormat : std::uint8_t { f32, f16, q8 };

/// One page of one KV head: keys [head_width, 64] (the order in which scores are computed), then values
/// [64, head_width] unless it holds keys alone; q8 has a scale for every token of each behind them.
std::size_t kv_page_bytes(KvFormat format, std::size_t head_width, bool keys_alone = false);

/// Most rows of one attention call.
inline constexpr std::size_t attention_rows_max = 512;

/// Attention of query rows that share one KV head over its pages.
///
///   query    [rows ≤ attention_rows_max, head_width] f32, rows `query_stride` floats apart; not yet scaled
///   visible  [rows]: row r sees tokens [begin[r], end[r])
///   pages    page p holds tokens [64p, 64p + 64)
struct AttentionTask {
  const float* query = nullptr;
  std::size_t query_stride = 0;
  std::size_t rows = 0;
  const std::uint32_t* begin = nullptr;
  const std::uint32_t* end = nullptr;
  const std::byte* const* pages = nullptr;
  std::size_t first_page = 0, last_page = 0;  ///< pages [first, last) are read
  std::size_t head_width = 0;
  /// Where > 0, pages hold keys alone: a token's value is the first `latent` numbers of its key (arXiv:2405.04434
  /// §2.1).
  std::size_t latent = 0;
  float scale = 1.0f;     ///< multiplies q·k
  float soft_cap = 0.0f;  ///< cap · tanh(s / cap) where > 0
  bool prompt = false;    ///< rows of a prompt: may be computed in another way than generated ones, all of them alike
  KvFormat format = KvFormat::f16;
  /// Results, not yet normalised: out[r] = Σ exp(s − peak[r]) v, weight[r] = Σ exp(s − peak[r]).
  float* out = nullptr;  ///< [rows, value_width()], rows `out_stride` apart: a multiple of 16
  std::size_t out_stride = 0;
  float* peak = nullptr;
  float* weight = nullptr;

  std::size_t value_width() const { return latent > 0 ? latent : head_width; }
};

/// Scratch that a matmul or attention call may need, per thread: 64-byte aligned.
std::size_t scratch_bytes(std::size_t rows, std::size_t inputs, std::size_t head_width);

/// The functions of one instruction set. All are pure: they touch their arguments only.
struct Kernels {
  Isa isa = Isa::scalar;
  std::string_view name;

  /// Fills rows.quants, scales, totals, sums32, sums16 from rows.values of rows [first, last).
  /// scale = max |x| / 127 of 32 inputs, of 64 where `prompt`; q = x / scale to nearest. Bit-equal for any split.
  void (*quantize)(const Rows& rows, std::size_t first, std::size_t last, bool prompt);

  /// y = x · wᵀ for generated rows: products exact in integers for every sub-block of the format, one order of
  /// accumulation, so a row's result is bit-equal whatever rows stand beside it.
  /// Requires  rows quantised (float formats: values); writes panels [first, last) of outputs.
  /// Accuracy  only that of the 8-bit activations; float formats: f32.
  void (*matmul_exact)(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last,
                       std::byte* scratch);

  /// y = x · wᵀ for prompt rows: weights requantised on the fly to 8 bits with one scale and offset for an output and
  /// 256 inputs; F16 and BF16 weights and their activations may be rounded to bf16. A row's result is bit-equal
  /// whatever rows stand beside it. Requires rows quantised as prompt rows (float formats: values). Accuracy  1.5 % RMS
  /// of a product relative to the exact one, on normal weights.
  void (*matmul_prompt)(const Rows& rows, const Panels& w, const Output& out, std::size_t first, std::size_t last,
                        std::byte* scratch);
  /// Panels that a task of matmul_prompt should have, where there are enough for all threads.
  std::size_t prompt_panels = 4;

  /// out = x / sqrt(mean(x²) + eps) · weight (RMSNorm, arXiv:1910.07467). out may be x.
  void (*rms_norm)(const float* x, const float* weight, std::size_t width, float eps, float* out);
  /// out = (x − mean) / sqrt(variance + eps) · weight + bias (LayerNorm, arXiv:1607.06450). out may be x.
  void (*layer_norm)(const float* x, const float* weight, const float* bias, std::size_t width, float eps, float* out);
  /// Turns one head in place.
  void (*rope)(float* head, const RopeTable& table);
  /// gate = silu(gate) · up, or gelu_tanh(gate) · up.
  void (*silu_mul)(float* gate, const float* up, std::size_t count);
  void (*gelu_mul)(float* gate, const float* up, std::size_t count);
  /// x = x · Φ(x), the exact GELU (arXiv:1606.08415); erf by Abramowitz and Stegun 7.1.26, within 2e-7.
  void (*gelu)(float* x, std::size_t count);
  /// x += y; x *= factor.
  void (*add)(float* x, const float* y, std::size_t count);
  void (*scale)(float* x, float factor, std::size_t count);

  /// Writes one token's key and value head into its page at `slot` (0…63); no value where the page holds keys alone.
  void (*write_kv)(KvFormat format, std::byte* page, std::size_t slot, const float* key, const float* value,
                   std::size_t head_width);
  void (*attention)(const AttentionTask& task, std::byte* scratch);

  /// For `cofre bench`: does `rounds` rounds of the best product instruction on random values in registers and returns
  /// how many operations (a multiply and an add are two) that was.
  std::uint64_t (*spin_products)(std::size_t rounds);
  /// Reads memory as a product would and returns a checksum. Requires bytes % 256 == 0, 64-byte aligned.
  std::uint64_t (*read_memory)(const std::byte* from, std::size_t bytes);
};

/// The table of an instruction set; nullptr where this build or this processor does not have it.
const Kernels* find_kernels(Isa isa);
/// The strongest table of this processor, or the one that COFRE_ISA names (scalar, avx2, avx512, avx512bf16, amx; neon,
/// i8mm). Throws Error(unsupported, field COFRE_ISA) where that is unknown or cannot run here.
const Kernels& best_kernels();
/// The tables this processor can run, weakest first.
std::span<const Kernels* const> all_kernels();
std::string_view isa_name(Isa isa);

}  // namespace cofre::kernels
