#include "serving/bench.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <numeric>

#include "base/error.h"

namespace cofre::serving {
namespace {

using Clock = std::chrono::steady_clock;

template <class Work>
double seconds(Work&& work) {
  const auto begin = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Token ids that repeat nothing: what a real text costs, not what a cache saves.
std::vector<engine::TokenId> some_tokens(std::size_t count, std::size_t vocabulary) {
  std::vector<engine::TokenId> ids(count);
  std::uint32_t state = 12345;
  for (auto& id : ids) {
    state = state * 1664525u + 1013904223u;
    id = static_cast<engine::TokenId>(state % vocabulary);
  }
  return ids;
}

/// The decoder with KV pages for everything the plan asks.
struct Stand {
  Loaded& loaded;
  model::KvMemory kv;
  model::Decoder decoder;
  std::vector<engine::TokenId> tokens;

  Stand(Loaded& l, std::size_t pages, std::size_t longest, std::size_t streams)
      : loaded(l),
        kv(l.spec, kernels::KvFormat::f16, pages),
        decoder(l.spec, l.weights, kv, l.kernels, l.team, {.rows = 512, .logits = streams}),
        tokens(some_tokens(longest, l.spec.vocabulary)) {}

  static std::vector<std::uint32_t> pages(std::size_t first, std::size_t tokens) {
    std::vector<std::uint32_t> list((tokens + kernels::page_tokens - 1) / kernels::page_tokens);
    std::iota(list.begin(), list.end(), static_cast<std::uint32_t>(first));
    return list;
  }
  /// The prompt of `count` tokens, as the engine computes it: in steps of 512 rows, logits of the last row.
  void prompt(std::size_t count, std::size_t first_page) {
    const auto list = pages(first_page, count);
    constexpr std::size_t chunk = 512;
    for (std::size_t at = 0; at < count; at += chunk) {
      const std::size_t rows = std::min(chunk, count - at);
      const model::Run run{std::span(tokens).subspan(at, rows), at, list, false,
                           at + rows == count ? std::size_t{1} : 0};
      decoder.forward({&run, 1});
    }
  }
  /// Median step of `streams` sequences that stand at `context` tokens each.
  double step(std::size_t streams, std::size_t context, int repeats) {
    std::vector<std::vector<std::uint32_t>> lists;
    std::vector<model::Run> runs;
    const std::size_t per_stream = context / kernels::page_tokens + 1;
    for (std::size_t s = 0; s < streams; ++s) lists.push_back(pages(s * per_stream, context + 1));
    std::vector<double> times;
    for (int i = 0; i < repeats + 2; ++i) {
      runs.clear();
      for (std::size_t s = 0; s < streams; ++s) {
        const auto at = (s * 7 + static_cast<std::size_t>(i)) % (tokens.size() - 1);
        runs.push_back({std::span(tokens).subspan(at, 1), context, lists[s], true, 1});
      }
      const double time = seconds([&] { decoder.forward(runs); });
      if (i >= 2) times.push_back(time);
    }
    return median(times);
  }
};

}  // namespace

MachineLimits measure_machine(const kernels::Kernels& kernels, os::Team& team) {
  const os::Team::Lead lead(team);
  constexpr std::size_t bytes = std::size_t{2} << 30;
  os::Buffer memory(bytes);
  const std::size_t share = bytes / team.size() / 4096 * 4096;
  team.run([&](unsigned member) {
    auto* words = reinterpret_cast<std::uint32_t*>(memory.data() + member * share);
    for (std::size_t i = 0; i < share / 4; ++i) words[i] = static_cast<std::uint32_t>(i * 2654435761u);
  });
  MachineLimits limits;
  std::atomic<std::uint64_t> sum{0};
  std::vector<double> reads;
  for (int round = 0; round < 5; ++round)
    reads.push_back(seconds([&] {
      team.run([&](unsigned member) { sum += kernels.read_memory(memory.data() + member * share, share); });
    }));
  limits.read_gb_s = static_cast<double>(share * team.size()) / median(reads) * 1e-9;
  std::vector<double> rates;
  std::size_t rounds = 1000;
  while (seconds([&] { kernels.spin_products(rounds); }) < 0.05) rounds *= 2;
  for (int round = 0; round < 5; ++round) {
    std::atomic<std::uint64_t> operations{0};
    const double time = seconds([&] { team.run([&](unsigned) { operations += kernels.spin_products(rounds); }); });
    rates.push_back(static_cast<double>(operations) / time);
  }
  limits.peak_tflop_s = median(rates) * 1e-12;
  return limits;
}

std::uint64_t file_bytes_per_token(const Loaded& loaded) { return file_bytes_per_token(loaded.file, loaded.spec); }

std::uint64_t file_bytes_per_token(const gguf::File& file, const model::ModelSpec& spec) {
  std::uint64_t bytes = 0;
  const bool tied = file.find_tensor("output.weight") == nullptr;
  for (const auto& tensor : file.tensors()) {
    const bool embedding = tensor.name == "token_embd.weight";
    const bool of_experts = tensor.shape[2] > 1 && tensor.shape[2] == spec.experts.count;
    if (of_experts) {
      bytes += tensor.bytes.size() / spec.experts.count * spec.experts.used;
    } else if (!embedding || tied) {
      bytes += tensor.bytes.size();
    }
    if (embedding) bytes += tensor.bytes.size() / spec.vocabulary;
  }
  return bytes;
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

BenchReport run_bench(Loaded& loaded, const BenchPlan& plan, const std::function<void(std::string_view)>& say) {
  const auto tell = [&say](const std::string& text) {
    if (say) say(text);
  };
  const os::Team::Lead lead(loaded.team);
  BenchReport report;
  tell("the machine: memory bandwidth, product instructions");
  report.machine = measure_machine(loaded.kernels, loaded.team);
  const std::size_t longest_prompt = *std::max_element(plan.prompts.begin(), plan.prompts.end());
  const std::size_t most_streams = *std::max_element(plan.streams.begin(), plan.streams.end());
  const std::size_t per_stream = plan.stream_context / kernels::page_tokens + 1;
  const std::size_t longest = std::max(longest_prompt, plan.long_context + 1);
  const std::size_t pages = std::max(most_streams * per_stream, longest / kernels::page_tokens + 1);
  Stand stand(loaded, pages, longest, most_streams);
  for (const std::size_t tokens : plan.prompts) {
    tell(fmt::format("a prompt of {} tokens", tokens));
    stand.prompt(std::min<std::size_t>(tokens, 512), 0);
    std::vector<double> times;
    for (int i = 0; i < (tokens >= 2048 ? 3 : 5); ++i) times.push_back(seconds([&] { stand.prompt(tokens, 0); }));
    const double time = median(times);
    const double operations =
        2.0 * (static_cast<double>(tokens) * static_cast<double>(loaded.weights.layer_parameters()) +
               static_cast<double>(loaded.weights.output_parameters()));
    report.prefill.push_back(
        {tokens, static_cast<double>(tokens) / time, operations / time / (report.machine.peak_tflop_s * 1e12)});
  }
  const auto decode = [&](std::size_t streams, std::size_t context, int repeats) {
    const double step = stand.step(streams, context, repeats);
    const double kv = static_cast<double>(model::KvMemory::bytes_per_token(loaded.spec, kernels::KvFormat::f16)) *
                      static_cast<double>(context) * static_cast<double>(streams);
    const double bytes = static_cast<double>(file_bytes_per_token(loaded)) + kv;
    report.decode.push_back(
        {context, streams, static_cast<double>(streams) / step, step, bytes / step / (report.machine.read_gb_s * 1e9)});
  };
  for (std::size_t s = 0; s < most_streams; ++s) {
    if (s == 0) tell(fmt::format("filling {} contexts of {} tokens", most_streams, plan.stream_context));
    stand.prompt(plan.stream_context, s * per_stream);
  }
  for (const std::size_t streams : plan.streams) {
    tell(fmt::format("{} generating at a context of {}", streams, plan.stream_context));
    decode(streams, plan.stream_context, streams == 1 ? 31 : 11);
  }
  if (plan.long_context > 0) {
    tell(fmt::format("one generating at a context of {}", plan.long_context));
    stand.prompt(plan.long_context, 0);
    decode(1, plan.long_context, 21);
  }
  return report;
}

}  // namespace cofre::serving
