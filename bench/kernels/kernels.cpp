// The linear layers alone, every format: prompts of 512 rows, and 1 to 32 generated rows, as a share of the machine's
// limit. One thread unless --threads=2 is given to the machine's copies (run two processes to load both cores).
//
//   build/release/bench/bench_kernels --benchmark_filter='prompt/Q4_K'

#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "os/memory.h"

namespace {

using namespace cofre;
using namespace cofre::kernels;

/// A matrix of random blocks whose scales are small finite numbers (random values: zeros run faster).
struct Matrix {
  os::Buffer memory;
  Panels panels;

  Matrix(Format format, std::size_t outputs, std::size_t inputs) : panels{format, outputs, inputs, nullptr, nullptr} {
    std::vector<std::byte> rows(outputs * row_bytes(format, inputs));
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i + 8 <= rows.size(); i += 8) {
      // 0x2c in every other byte pair's top would be 0.06 as a half: keep exponents away from infinity.
      const std::uint64_t bits = random() & 0xbfffbfffbfffbfffull;
      std::memcpy(rows.data() + i, &bits, 8);
    }
    memory = os::Buffer(panels.quant_bytes() + panels.scale_bytes() + 4096 + 64);
    panels.quants = memory.data();
    panels.scales = memory.data() + panels.quant_bytes();
    pack(rows.data(), panels, 0, panels.panels());
  }
};

struct Activations {
  std::vector<float> values;
  os::Buffer memory;
  Rows rows;
  Activations(std::size_t count, std::size_t inputs, bool prompt)
      : values(count * inputs), memory(rows_bytes(count, inputs)) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0, 1);
    for (auto& x : values) x = normal(random);
    rows = bind_rows(memory.data(), count, inputs);
    rows.values = values.data();
    rows.value_stride = inputs;
    best_kernels().quantize(rows, 0, count, prompt);
  }
};

void product(benchmark::State& state, Format format, std::size_t outputs, std::size_t inputs, std::size_t rows,
             bool prompt) {
  const Matrix m(format, outputs, inputs);
  const Activations a(rows, inputs, prompt);
  std::vector<float> y(rows * outputs);
  os::Buffer scratch(scratch_bytes(rows, inputs, 128));
  const auto& k = best_kernels();
  const auto matmul = prompt ? k.matmul_prompt : k.matmul_exact;
  for (auto _ : state) {
    matmul(a.rows, m.panels, {y.data(), outputs, false}, 0, m.panels.panels(), scratch.data());
    benchmark::ClobberMemory();
  }
  const double operations = 2.0 * static_cast<double>(rows) * static_cast<double>(outputs * inputs);
  state.counters["TOP/s"] = benchmark::Counter(operations * 1e-12, benchmark::Counter::kIsIterationInvariantRate);
  const auto bytes = static_cast<double>(m.panels.quant_bytes() + m.panels.scale_bytes());
  state.counters["GB/s"] = benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

/// One row against a matrix that no cache holds, its panels shared out over the threads: what generating waits for.
void stream(benchmark::State& state, Format format) {
  constexpr std::size_t outputs = 131072, inputs = 1536;
  static std::unique_ptr<Matrix> m;
  if (state.thread_index() == 0) m = std::make_unique<Matrix>(format, outputs, inputs);
  const Activations a(1, inputs, false);
  std::vector<float> y(outputs);
  os::Buffer scratch(scratch_bytes(1, inputs, 128));
  for (auto _ : state) {
    const auto panels = m->panels.panels(), share = panels / state.threads();
    best_kernels().matmul_exact(a.rows, m->panels, {y.data(), outputs, false}, share * state.thread_index(),
                                share * (state.thread_index() + 1), scratch.data());
    benchmark::ClobberMemory();
  }
  const auto bytes = static_cast<double>(m->panels.quant_bytes() + m->panels.scale_bytes()) / state.threads();
  state.counters["GB/s"] = benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

/// What memory delivers to reads that do nothing else.
void read(benchmark::State& state) {
  constexpr std::size_t bytes = std::size_t{1} << 30;
  static std::unique_ptr<os::Buffer> memory;
  if (state.thread_index() == 0) {
    memory = std::make_unique<os::Buffer>(bytes);
    std::memset(memory->data(), 7, bytes);
  }
  const std::size_t share = bytes / state.threads();
  for (auto _ : state)
    benchmark::DoNotOptimize(best_kernels().read_memory(memory->data() + share * state.thread_index(), share));
  state.counters["GB/s"] =
      benchmark::Counter(static_cast<double>(share) * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void register_all() {
  for (const int threads : {1, 2}) benchmark::RegisterBenchmark("read", read)->Threads(threads)->UseRealTime();
  for (const auto format : {Format::q4_0, Format::q4_1, Format::q5_0, Format::q8_0, Format::q4_k, Format::q6_k})
    for (const int threads : {1, 2})
      benchmark::RegisterBenchmark(("stream/" + std::string(traits(format).name)).c_str(), stream, format)
          ->Threads(threads)
          ->UseRealTime();

  for (std::size_t i = 0; i < format_count; ++i) {
    const auto format = static_cast<Format>(i);
    const std::string name(traits(format).name);
    for (const auto& [outputs, inputs] : {std::pair<std::size_t, std::size_t>{8960, 1536}, {1536, 8960}}) {
      const auto shape = std::to_string(outputs) + "x" + std::to_string(inputs);
      benchmark::RegisterBenchmark(("prompt/" + name + "/" + shape + "/512").c_str(), product, format, outputs, inputs,
                                   512, true);
      for (const std::size_t rows : {1, 2, 4, 8, 16, 32})
        benchmark::RegisterBenchmark(("exact/" + name + "/" + shape + "/" + std::to_string(rows)).c_str(), product,
                                     format, outputs, inputs, rows, false);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
