#include "kernels/kernels.h"

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/tables.h"
#include "os/memory.h"

namespace cofre::kernels {
namespace {

/// Random file blocks of a format: every bit pattern of the quants, halves of a sensible size.
std::vector<std::byte> random_rows(Format format, std::size_t outputs, std::size_t inputs, std::mt19937& random) {
  const auto& t = traits(format);
  std::vector<std::byte> rows(outputs * row_bytes(format, inputs));
  for (auto& b : rows) b = std::byte(random() & 255);
  std::normal_distribution<float> normal(0, 1);
  const auto put_half = [&](std::byte* at, float value) {
    const auto bits = float_to_half(value);
    std::memcpy(at, &bits, 2);
  };
  for (std::size_t at = 0; at < rows.size(); at += t.block_bytes) {
    std::byte* block = rows.data() + at;
    switch (format) {
      case Format::f32: {
        const float value = normal(random);
        std::memcpy(block, &value, 4);
        break;
      }
      case Format::f16: put_half(block, normal(random)); break;
      case Format::bf16: {
        const auto bits = float_to_bf16(normal(random));
        std::memcpy(block, &bits, 2);
        break;
      }
      case Format::q4_1:
      case Format::q5_1: put_half(block + 2, normal(random)); [[fallthrough]];
      case Format::q4_0:
      case Format::q5_0:
      case Format::q8_0:
      case Format::iq4_nl:
      case Format::iq4_xs: put_half(block, 0.1f * normal(random)); break;
      case Format::q4_k:
      case Format::q5_k:
        put_half(block, std::fabs(normal(random)) * 0.01f);
        put_half(block + 2, std::fabs(normal(random)) * 0.05f);
        break;
      case Format::q2_k:
        put_half(block + 80, std::fabs(normal(random)) * 0.1f);
        put_half(block + 82, std::fabs(normal(random)) * 0.1f);
        break;
      case Format::q3_k: put_half(block + 108, normal(random) * 0.01f); break;
      case Format::q6_k: put_half(block + 208, normal(random) * 0.01f); break;
      case Format::mxfp4: block[0] = std::byte(120 + random() % 8); break;
    }
  }
  return rows;
}

struct Matrix {
  std::vector<std::byte> rows;
  os::Buffer memory;
  Panels panels;
};

Matrix packed(Format format, std::size_t outputs, std::size_t inputs, unsigned seed = 1) {
  std::mt19937 random(seed);
  Matrix m{random_rows(format, outputs, inputs, random), {}, {format, outputs, inputs, nullptr, nullptr}};
  m.memory = os::Buffer(m.panels.quant_bytes() + m.panels.scale_bytes() + 64);
  m.panels.quants = m.memory.data();
  m.panels.scales = m.memory.data() + m.panels.quant_bytes();
  pack(m.rows.data(), m.panels, 0, m.panels.panels());
  return m;
}

struct Activations {
  std::vector<float> values;
  os::Buffer memory;
  Rows rows;
};

Activations activations(const Kernels& k, std::size_t count, std::size_t inputs, bool prompt = false) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 1);
  Activations a{std::vector<float>(count * inputs), os::Buffer(rows_bytes(count, inputs)), {}};
  for (auto& x : a.values) x = normal(random);
  a.rows = bind_rows(a.memory.data(), count, inputs);
  a.rows.values = a.values.data();
  a.rows.value_stride = inputs;
  k.quantize(a.rows, 0, count, prompt);
  return a;
}

using Product = decltype(Kernels::matmul_exact);

std::vector<float> product(Product matmul, const Rows& rows, const Panels& w) {
  std::vector<float> y(rows.rows * w.outputs, -77.0f);
  os::Buffer scratch(scratch_bytes(rows.rows, w.inputs, 64));
  matmul(rows, w, {y.data(), w.outputs, false}, 0, w.panels(), scratch.data());
  return y;
}

double rms(const std::vector<float>& x) {
  double sum = 0;
  for (float v : x) sum += static_cast<double>(v) * v;
  return std::sqrt(sum / static_cast<double>(x.size()));
}

double rms_difference(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> d(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) d[i] = a[i] - b[i];
  return rms(d);
}

std::vector<const Kernels*> tables() {
  std::vector<const Kernels*> all(all_kernels().begin(), all_kernels().end());
#if defined(__x86_64__)
  if (find_kernels(Isa::avx512) != nullptr) all.push_back(&emulated_amx_kernels());
#endif
  return all;
}

class EveryFormat : public ::testing::TestWithParam<int> {
 protected:
  Format format() const { return static_cast<Format>(GetParam()); }
  /// Odd shapes: outputs that do not fill a panel, groups that are not full.
  std::vector<std::pair<std::size_t, std::size_t>> shapes() const {
    if (traits(format()).block == 256) return {{37, 256}, {64, 768}, {130, 512}};
    if (is_float(format())) return {{37, 40}, {64, 96}, {130, 33}};
    return {{37, 32}, {64, 576}, {130, 352}};
  }
};

// The packed layout, read back one value at a time, is what the file's rows say.
TEST_P(EveryFormat, PackedWeightsAreTheFilesWeights) {
  for (const auto& [outputs, inputs] : shapes()) {
    const auto m = packed(format(), outputs, inputs);
    // Rows of the unit matrix, exactly representable in 8 bits, read single weights.
    const std::size_t probes = std::min<std::size_t>(inputs, 33);
    Activations a{std::vector<float>(probes * inputs), os::Buffer(rows_bytes(probes, inputs)), {}};
    for (std::size_t r = 0; r < probes; ++r) a.values[r * inputs + (r * 29 + 3) % inputs] = 127.0f;
    a.rows = bind_rows(a.memory.data(), probes, inputs);
    a.rows.values = a.values.data();
    a.rows.value_stride = inputs;
    scalar_kernels.quantize(a.rows, 0, probes, false);
    const auto y = product(scalar_kernels.matmul_exact, a.rows, m.panels);
    std::vector<float> row(inputs);
    for (std::size_t o = 0; o < outputs; ++o) {
      dequantize_row(format(), m.rows.data() + o * row_bytes(format(), inputs), inputs, row.data());
      for (std::size_t r = 0; r < probes; ++r) {
        const float expected = 127.0f * row[(r * 29 + 3) % inputs];
        ASSERT_NEAR(y[r * outputs + o], expected, 1e-5f * std::fabs(expected) + 1e-6f)
            << "output " << o << " row " << r;
      }
    }
  }
}

TEST_P(EveryFormat, ExactProductsAgreeWithScalarOnOddShapes) {
  for (const auto* k : tables())
    for (const auto& [outputs, inputs] : shapes())
      for (const std::size_t rows : {1, 2, 3, 5, 8, 13, 16, 21}) {
        const auto m = packed(format(), outputs, inputs);
        const auto a = activations(*k, rows, inputs);
        const auto expected = product(scalar_kernels.matmul_exact, a.rows, m.panels);
        const auto y = product(k->matmul_exact, a.rows, m.panels);
        // Only the order of float sums differs.
        ASSERT_LT(rms_difference(y, expected), 2e-6 * rms(expected))
            << k->name << " " << outputs << "×" << inputs << " rows " << rows;
      }
}

// 1.5 % RMS, stated in kernels.h; random bytes are flatter than real weights and stay well below it.
TEST_P(EveryFormat, PromptProductsAgreeWithScalarWithinTheStatedTolerance) {
  for (const auto* k : tables())
    for (const auto& [outputs, inputs] : shapes())
      for (const std::size_t rows : {1, 5, 6, 17, 33, 70}) {
        const auto m = packed(format(), outputs, inputs);
        const auto a = activations(*k, rows, inputs, true);
        const auto expected = product(scalar_kernels.matmul_exact, a.rows, m.panels);
        const auto y = product(k->matmul_prompt, a.rows, m.panels);
        ASSERT_LT(rms_difference(y, expected), 0.015 * rms(expected))
            << k->name << " " << outputs << "×" << inputs << " rows " << rows;
      }
}

TEST_P(EveryFormat, ARowsResultIsTheSameBitsWhateverStandsBesideIt) {
  for (const auto* k : tables())
    for (const auto& [outputs, inputs] : shapes())
      for (const bool prompt : {false, true}) {
        const auto matmul = prompt ? k->matmul_prompt : k->matmul_exact;
        const auto m = packed(format(), outputs, inputs);
        const auto a = activations(*k, 23, inputs, prompt);
        const auto together = product(matmul, a.rows, m.panels);
        for (const std::size_t r : {0, 7, 22}) {
          const auto alone = product(matmul, a.rows.slice(r, 1), m.panels);
          ASSERT_EQ(0, std::memcmp(alone.data(), together.data() + r * outputs, outputs * sizeof(float))) << k->name;
        }
      }
}

TEST_P(EveryFormat, AccumulatingAddsToWhatIsThere) {
  for (const auto* k : tables()) {
    const auto [outputs, inputs] = shapes().front();
    const auto m = packed(format(), outputs, inputs);
    os::Buffer scratch(scratch_bytes(9, inputs, 64));
    for (const bool prompt : {false, true}) {
      const auto matmul = prompt ? k->matmul_prompt : k->matmul_exact;
      const auto a = activations(*k, 9, inputs, prompt);
      const auto once = product(matmul, a.rows, m.panels);
      std::vector<float> y(once.size(), 1000.0f);
      matmul(a.rows, m.panels, {y.data(), outputs, true}, 0, m.panels.panels(), scratch.data());
      for (std::size_t i = 0; i < y.size(); ++i)
        ASSERT_NEAR(y[i], 1000.0f + once[i], 5e-7f * (1000.0f + std::fabs(once[i])));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, EveryFormat, ::testing::Range(0, static_cast<int>(format_count)),
                         [](const auto& one) { return std::string(traits(static_cast<Format>(one.param)).name); });

TEST(Quantize, EverySetGivesTheSameBytes) {
  for (const bool prompt : {false, true})
    for (const std::size_t inputs : {32, 64, 96, 256, 288, 576, 800, 896}) {
      constexpr std::size_t count = 3;
      const auto expected = activations(scalar_kernels, count, inputs, prompt);
      for (const auto* k : tables()) {
        const auto a = activations(*k, count, inputs, prompt);
        for (std::size_t g = 0; g < a.rows.groups(); ++g) {
          const std::size_t at = g * a.rows.stride;
          const auto same = [&](const auto* ours, const auto* theirs, std::size_t width, const char* what) {
            EXPECT_EQ(std::memcmp(ours + at * width, theirs + at * width, count * width * sizeof *ours), 0)
                << k->name << ", " << inputs << " inputs, group " << g << ": " << what;
          };
          same(a.rows.quants, expected.rows.quants, group_width, "quants");
          same(a.rows.scales, expected.rows.scales, group_scales, "scales");
          same(a.rows.totals, expected.rows.totals, 1, "totals");
          same(a.rows.sums32, expected.rows.sums32, 8, "sums32");
          same(a.rows.sums16, expected.rows.sums16, 16, "sums16");
        }
      }
    }
}

TEST(Elementwise, LayerNormAndGeluAreTheirFormulasOnEverySet) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0.5f, 2);
  for (const auto* k : tables())
    for (const std::size_t width : {1, 15, 16, 60, 384}) {
      std::vector<float> x(width), weight(width), bias(width), out(width);
      for (auto* all : {&x, &weight, &bias})
        for (auto& v : *all) v = normal(random);
      double mean = 0, variance = 0;
      for (const float v : x) mean += v / static_cast<double>(width);
      for (const float v : x) variance += (v - mean) * (v - mean) / static_cast<double>(width);
      k->layer_norm(x.data(), weight.data(), bias.data(), width, 1e-5f, out.data());
      for (std::size_t i = 0; i < width; ++i)
        EXPECT_NEAR(out[i], (x[i] - mean) / std::sqrt(variance + 1e-5) * weight[i] + bias[i], 2e-5) << k->name;
      out = x;
      out[0] = -30;  // far out: 0, not a rest of the approximation
      k->gelu(out.data(), width);
      EXPECT_EQ(out[0], 0.0f) << k->name;
      for (std::size_t i = 1; i < width; ++i)
        EXPECT_NEAR(out[i], x[i] * 0.5 * std::erfc(-x[i] / std::sqrt(2.0)), 3e-7 * std::fabs(x[i]) + 1e-9) << k->name;
    }
}

TEST(Halves, EveryFiniteHalfSurvivesARoundTrip) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    if ((bits & 0x7c00) == 0x7c00) continue;
    ASSERT_EQ(float_to_half(half_to_float(static_cast<std::uint16_t>(bits))), bits);
  }
}

TEST(Halves, TiesGoToTheEvenHalf) {
  EXPECT_EQ(float_to_half(1.0f + 0x1p-11f), 0x3c00);
  EXPECT_EQ(float_to_half(1.0f + 3 * 0x1p-11f), 0x3c02);
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
}

TEST(Quantize, TheLargestOfTheValuesThatShareAScaleBecomes127) {
  for (const auto* k : tables())
    for (const bool prompt : {false, true}) {
      const auto a = activations(*k, 3, 512, prompt);
      const std::size_t width = prompt ? prompt_scale_width : scale_width;
      for (std::size_t r = 0; r < 3; ++r)
        for (std::size_t i = 0; i < 512; i += width) {
          const std::size_t at = i / group_width * a.rows.stride + r;
          const std::int8_t* quants = a.rows.quants + at * group_width + i % group_width;
          const int peak = std::abs(*std::max_element(
              quants, quants + width, [](std::int8_t x, std::int8_t y) { return std::abs(x) < std::abs(y); }));
          EXPECT_EQ(peak, 127) << k->name << (prompt ? ", prompt" : "");
          const float* scales = a.rows.scales + at * group_scales + i % group_width / scale_width;
          EXPECT_TRUE(!prompt || scales[0] == scales[1]) << k->name;
        }
    }
}

/// Rows at the end of a context of random keys and values, kept in pages as `k` writes them.
struct Context {
  KvFormat format;
  std::size_t width, tokens, rows, latent;
  std::vector<float> query, keys, values;
  os::Buffer memory;
  std::vector<const std::byte*> pages;
  std::vector<std::uint32_t> begin, end;

  Context(const Kernels& k, KvFormat f, std::size_t head_width, std::size_t context, std::size_t count,
          std::size_t window, std::size_t latent_width = 0)
      : format(f), width(head_width), tokens(context), rows(count), latent(latent_width) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal(0, 1);
    for (auto* all : {&query, &keys, &values}) {
      all->resize((all == &query ? rows : tokens) * width);
      for (auto& x : *all) x = normal(random);
    }
    query.insert(query.end(), 16, NAN);                              // what lies behind the rows tells nothing,
    for (std::size_t i = 0; i < tokens; ++i) keys[i * width] += 40;  // an outlier that every key has
    const std::size_t bytes = kv_page_bytes(format, width, latent > 0),
                      count_pages = (tokens + page_tokens - 1) / page_tokens;
    memory = os::Buffer(bytes * count_pages);
    std::memset(memory.data(), 0xff, memory.bytes());  // nor does what slots not written yet hold: NaN here
    for (std::size_t p = 0; p < count_pages; ++p) pages.push_back(memory.data() + p * bytes);
    for (std::size_t i = 0; i < tokens; ++i)
      k.write_kv(format, memory.data() + i / page_tokens * bytes, i % page_tokens, &keys[i * width],
                 latent > 0 ? nullptr : &values[i * width], width);
    if (latent > 0) values = keys;
    for (std::size_t r = 0; r < rows; ++r) {
      end.push_back(static_cast<std::uint32_t>(tokens - rows + r + 1));
      begin.push_back(window > 0 && end[r] > window ? static_cast<std::uint32_t>(end[r] - window) : 0);
    }
  }
  std::size_t value_width() const { return latent > 0 ? latent : width; }
  /// Rows [first, first + count), normalised: [count, value_width()].
  std::vector<float> attend(const Kernels& k, bool prompt, float soft_cap, std::size_t first, std::size_t count) const {
    const std::size_t stride = (width + 15) / 16 * 16;
    std::vector<float> out(count * stride), peak(count), weight(count), result;
    os::Buffer scratch(scratch_bytes(count, width, width));
    k.attention({.query = &query[first * width],
                 .query_stride = width,
                 .rows = count,
                 .begin = &begin[first],
                 .end = &end[first],
                 .pages = pages.data(),
                 .first_page = begin[first] / page_tokens,
                 .last_page = pages.size(),
                 .head_width = width,
                 .latent = latent,
                 .scale = 0.1f,
                 .soft_cap = soft_cap,
                 .prompt = prompt,
                 .format = format,
                 .out = out.data(),
                 .out_stride = stride,
                 .peak = peak.data(),
                 .weight = weight.data()},
                scratch.data());
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t d = 0; d < value_width(); ++d) result.push_back(out[r * stride + d] / weight[r]);
    return result;
  }
  /// The definition, in double.
  std::vector<float> expected(float soft_cap) const {
    std::vector<float> result;
    for (std::size_t r = 0; r < rows; ++r) {
      std::vector<double> sum(value_width(), 0.0);
      double total = 0, peak = -INFINITY;
      std::vector<double> scores(end[r]);
      for (std::size_t i = begin[r]; i < end[r]; ++i) {
        double s = 0;
        for (std::size_t d = 0; d < width; ++d) s += static_cast<double>(query[r * width + d]) * keys[i * width + d];
        s *= 0.1;
        scores[i] = soft_cap > 0 ? soft_cap * std::tanh(s / soft_cap) : s;
        peak = std::max(peak, scores[i]);
      }
      for (std::size_t i = begin[r]; i < end[r]; ++i) {
        const double w = std::exp(scores[i] - peak);
        total += w;
        for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += w * values[i * width + d];
      }
      for (double x : sum) result.push_back(static_cast<float>(x / total));
    }
    return result;
  }
};

TEST(Attention, EverySetComputesItsDefinition) {
  for (const auto* k : tables())
    for (const auto format : {KvFormat::f32, KvFormat::f16, KvFormat::q8})
      for (const std::size_t width : {40, 64, 80, 128, 256})
        for (const bool prompt : {false, true})
          for (const auto& [rows, window, cap] :
               {std::tuple<std::size_t, std::size_t, float>{1, 0, 0.0f}, {70, 0, 0.0f}, {37, 50, 20.0f}}) {
            const Context context(*k, format, width, 200, rows, window);
            const auto expected = context.expected(cap);
            // Keys of 40 are off by 2^-6 at most in f16, by 40 / 254 in 8 bits; a query and the scale turn that into
            // scores.
            const double bound = format == KvFormat::f32 ? 2e-5 : format == KvFormat::f16 ? 4e-3 : 0.3;
            EXPECT_LT(rms_difference(context.attend(*k, prompt, cap, 0, rows), expected), bound * rms(expected))
                << k->name << ", format " << static_cast<int>(format) << ", width " << width << ", rows " << rows
                << ", prompt " << prompt;
          }
}

TEST(Attention, WherePagesHoldKeysAloneTheirFirstNumbersAreTheValues) {
  for (const auto* k : tables())
    for (const auto format : {KvFormat::f32, KvFormat::f16, KvFormat::q8})
      for (const auto& [width, latent] : {std::pair<std::size_t, std::size_t>{40, 24}, {80, 72}, {576, 512}})
        for (const bool prompt : {false, true})
          for (const std::size_t rows : {1, 16, 70}) {
            const Context context(*k, format, width, 200, rows, 0, latent);
            const auto expected = context.expected(0);
            const double bound = format == KvFormat::f32 ? 2e-5 : format == KvFormat::f16 ? 4e-3 : 0.3;
            EXPECT_LT(rms_difference(context.attend(*k, prompt, 0, 0, rows), expected), bound * rms(expected))
                << k->name << ", format " << static_cast<int>(format) << ", width " << width << ", rows " << rows;
          }
}

#if defined(__x86_64__)
TEST(Attention, TilesAreAsExactAsVectors) {
  if (find_kernels(Isa::avx512) == nullptr) GTEST_SKIP() << "needs AVX-512";
  for (const auto format : {KvFormat::f16, KvFormat::q8}) {
    const Context context(avx512_kernels, format, 64, 500, 100, 0);
    const auto vectors = context.attend(avx512_kernels, true, 0, 0, 100),
               tiles = context.attend(emulated_amx_kernels(), true, 0, 0, 100);
    EXPECT_LT(rms_difference(tiles, vectors), 1e-4 * rms(vectors));
  }
}
#endif

TEST(Attention, APromptRowIsTheSameHoweverThePromptIsCut) {
  for (const auto* k : tables()) {
    const Context context(*k, KvFormat::f16, 64, 150, 90, 0);
    const auto whole = context.attend(*k, true, 0, 0, 90);
    auto parts = context.attend(*k, true, 0, 0, 23);
    const auto rest = context.attend(*k, true, 0, 23, 67);
    parts.insert(parts.end(), rest.begin(), rest.end());
    EXPECT_EQ(parts, whole) << k->name;
  }
}

}  // namespace
}  // namespace cofre::kernels
