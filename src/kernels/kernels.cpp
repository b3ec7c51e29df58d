#include "kernels/kernels.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "base/error.h"
#include "kernels/tables.h"
#include "os/cpu.h"

namespace cofre::kernels {
namespace {

constexpr std::size_t align64(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

#if defined(__x86_64__)
// Asked by number: clang 16's __builtin_cpu_supports does not know the name.
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & (1u << 29)) != 0;  // CPUID.1:ECX
}

bool has_avx512_bf16() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & (1u << 5)) != 0;  // CPUID.(7,1):EAX
}

bool has_amx() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  constexpr unsigned bf16 = 1u << 22, tile = 1u << 24, int8 = 1u << 25;  // CPUID.(7,0):EDX
  return (d & (bf16 | tile | int8)) == (bf16 | tile | int8) && os::request_amx_tiles();
}
#endif

std::vector<const Kernels*> detect() {
  std::vector<const Kernels*> found{&scalar_kernels};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !has_f16c()) return found;
  found.push_back(&avx2_kernels);
  const bool vnni = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vnni");
  if (!vnni) return found;
  found.push_back(&avx512_kernels);
  if (has_avx512_bf16()) found.push_back(&avx512_bf16_kernels());
  if (has_amx()) found.push_back(&amx_kernels());
#elif defined(__aarch64__)
  found.push_back(&neon_kernels);
  if ((::getauxval(AT_HWCAP) & HWCAP_ASIMDDP) == 0) return found;
  found.push_back(&dotprod_kernels());
  constexpr unsigned long matrices = HWCAP2_I8MM | HWCAP2_BF16;
  if ((::getauxval(AT_HWCAP2) & matrices) == matrices) found.push_back(&i8mm_kernels());
#endif
  return found;
}

const std::vector<const Kernels*>& detected() {
  static const std::vector<const Kernels*> tables = detect();
  return tables;
}

}  // namespace

Rows Rows::slice(std::size_t first, std::size_t count) const {
  Rows part = *this;
  part.rows = count;
  if (values != nullptr) part.values += first * value_stride;
  if (quants != nullptr) {
    part.quants += first * group_width;
    part.scales += first * group_scales;
    part.totals += first;
    part.sums32 += first * 8;
    part.sums16 += first * 16;
  }
  return part;
}

std::size_t rows_bytes(std::size_t rows, std::size_t inputs) {
  const std::size_t cells = (rows + spare_rows) * ((inputs + group_width - 1) / group_width);
  return align64(cells * group_width) + align64(cells * 4 * group_scales) + align64(cells * 4) + align64(cells * 32) +
         align64(cells * 64);
}

Rows bind_rows(std::byte* memory, std::size_t rows, std::size_t inputs) {
  Rows bound;
  bound.rows = rows;
  bound.stride = rows + spare_rows;
  bound.inputs = inputs;
  const std::size_t cells = bound.stride * bound.groups();
  const auto take = [&memory](std::size_t bytes) {
    auto* at = memory;
    memory += align64(bytes);
    return at;
  };
  bound.quants = reinterpret_cast<std::int8_t*>(take(cells * group_width));
  bound.scales = reinterpret_cast<float*>(take(cells * 4 * group_scales));
  bound.totals = reinterpret_cast<float*>(take(cells * 4));
  bound.sums32 = reinterpret_cast<float*>(take(cells * 32));
  bound.sums16 = reinterpret_cast<float*>(take(cells * 64));
  return bound;
}

void copy_row(const Rows& from, std::size_t row, const Rows& to, std::size_t to_row) {
  CHECK(from.inputs == to.inputs && row < from.rows && to_row < to.rows);
  for (std::size_t group = 0; group < from.groups(); ++group) {
    const std::size_t a = group * from.stride + row, b = group * to.stride + to_row;
    std::copy_n(from.quants + a * group_width, group_width, to.quants + b * group_width);
    std::copy_n(from.scales + a * group_scales, group_scales, to.scales + b * group_scales);
    to.totals[b] = from.totals[a];
    std::copy_n(from.sums32 + a * 8, 8, to.sums32 + b * 8);
    std::copy_n(from.sums16 + a * 16, 16, to.sums16 + b * 16);
  }
}

std::size_t kv_page_bytes(KvFormat format, std::size_t head_width, bool keys_alone) {
  const std::size_t element = format == KvFormat::f32 ? 4 : format == KvFormat::f16 ? 2 : 1;
  const std::size_t padded = (head_width + 15) / 16 * 16;
  const std::size_t scales = format == KvFormat::q8 ? page_tokens * sizeof(float) : 0;
  return (keys_alone ? 1 : 2) * (padded * page_tokens * element + scales);
}

std::size_t scratch_bytes(std::size_t rows, std::size_t inputs, std::size_t head_width) {
  // What the prompt kernel on tiles takes: 32 panels requantised, a page of products, the sums of all rows, made up
  // to 16.
  constexpr std::size_t strip = 32 * panel_width * (group_width + 2 * sizeof(float)) + 4096;
  const std::size_t sums = (rows + 15) / 16 * 16 * 32 * panel_width * sizeof(float);
  const std::size_t starts = 16 * ((inputs + group_width - 1) / group_width) * 16 * sizeof(std::int32_t);
  // What exact products on tiles take: two unpacked panels and 4 KiB of products.
  const std::size_t panels = 2 * inputs * panel_width + 4096;
  // What attention on tiles takes: queries, keys and values in bf16, scores, sums and weights (amx/attention.h).
  const std::size_t width = (head_width + 31) / 32 * 32;
  const std::size_t attention =
      attention_rows_max * (8 * width + 4 * panel_width + 4) + 8 * width * page_tokens + 16 * page_tokens * 8;
  // What float weights in bf16 take: rows and panels, on tiles also four of products (avx512/bf16.h, amx/bf16.h).
  const std::size_t depth = (inputs + 31) / 32 * 32;
  const std::size_t bf16 = std::max(bf16_block_bytes, 64 * depth) + bf16_panels * 32 * depth + 4096;
  return align64(std::max({align64(strip) + sums, starts, panels, attention, bf16}));
}

std::span<const Kernels* const> all_kernels() { return detected(); }

const Kernels* find_kernels(Isa isa) {
  for (const auto* table : detected())
    if (table->isa == isa) return table;
  return nullptr;
}

std::string_view isa_name(Isa isa) {
  constexpr std::string_view names[] = {"scalar", "avx2", "avx512", "amx", "neon", "dotprod", "i8mm"};
  return names[static_cast<std::size_t>(isa)];
}

const Kernels& best_kernels() {
  const char* wanted = std::getenv("COFRE_ISA");
  if (wanted == nullptr || *wanted == '\0') return *detected().back();
  for (const auto* table : detected())
    if (table->name == wanted) return *table;
  std::string can;
  for (const auto* table : detected()) can += (can.empty() ? "" : ", ") + std::string(table->name);
  fail_field(Code::unsupported, "COFRE_ISA", "COFRE_ISA={} cannot run here; this machine can run {}", wanted, can);
}

}  // namespace cofre::kernels
