// What a step of the decoder costs, by its prompt rows and its generated rows: milliseconds, the median of some.
//
//   bench_steps MODEL.gguf [CONTEXT]        generated rows stand at CONTEXT tokens, 128 without one

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "serving/text_model.h"

int main(int argc, char** argv) {
  using namespace cofre;
  if (argc < 2) return 2;
  const std::size_t context = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 128;
  constexpr std::size_t streams = 32, longest = 512;
  const std::size_t each = context / kernels::page_tokens + 1;
  serving::Loaded loaded(argv[1], {.threads = 0, .progress = {}});
  const model::KvMemory kv(loaded.spec, kernels::KvFormat::f16, streams * each + longest / kernels::page_tokens);
  model::Decoder decoder(loaded.spec, loaded.weights, kv, loaded.kernels, loaded.team,
                         {.rows = longest + streams, .logits = streams + 1});
  std::vector<engine::TokenId> tokens(longest + streams);
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = static_cast<engine::TokenId>(i * 7919 % loaded.spec.vocabulary);
  std::vector<std::vector<std::uint32_t>> pages(streams + 1);
  for (std::size_t s = 0; s <= streams; ++s) {
    pages[s].resize(s < streams ? each : longest / kernels::page_tokens);
    std::iota(pages[s].begin(), pages[s].end(), static_cast<std::uint32_t>(s * each));
  }
  const std::size_t generated[] = {0, 1, 4, 8, 16, 32}, prompts[] = {0, 4, 8, 16, 24, 32, 48, 64, 96, 128, 256, 512};
  fmt::print("prompt rows");
  for (const auto count : generated) fmt::print(" | {:>2} generated", count);
  fmt::print("\n");
  for (const auto rows : prompts) {
    fmt::print("{:>11}", rows);
    for (const auto count : generated) {
      std::vector<model::Run> runs;
      if (rows > 0) runs.push_back({std::span(tokens).first(rows), 0, pages[streams], false, 1});
      for (std::size_t s = 0; s < count; ++s)
        runs.push_back({std::span(tokens).subspan(longest + s, 1), context, pages[s], true, 1});
      std::vector<double> times;
      const int repeats = rows >= 128 ? 4 : 8;
      for (int i = 0; i < repeats; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        decoder.forward(runs);
        times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
      }
      std::sort(times.begin(), times.end());
      fmt::print(" | {:>12.1f}", times[times.size() / 2]);
    }
    fmt::print("\n");
    std::fflush(stdout);
  }
  return 0;
}
