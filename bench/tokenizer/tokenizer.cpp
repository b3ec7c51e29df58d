// Tokenizer speed on one thread: encodes a text again and again for two seconds. bench/tokenizer/compare runs it beside
// Python's `tokenizers` and compares the ids.
//
//   build/release/bench/bench_tokenizer MODEL.gguf TEXT [IDS]     prints bytes, tokens and MB/s; writes the ids to IDS

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "gguf/gguf.h"
#include "tokenizer/tokenizer.h"

int main(int argc, char** argv) {
  using namespace cofre;
  using Clock = std::chrono::steady_clock;
  if (argc < 3) {
    fmt::print(stderr, "usage: bench_tokenizer MODEL.gguf TEXT [IDS]\n");
    return 2;
  }
  try {
    const auto file = gguf::File::open(argv[1]);
    const auto tokenizer = tokenizer::Tokenizer::from_gguf(file);
    std::ifstream in(argv[2], std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (text.empty()) fail(Code::not_found, "{} cannot be read or is empty", argv[2]);
    const auto ids = tokenizer.encode(text);
    if (argc > 3) {
      std::ofstream out(argv[3]);
      for (const auto id : ids) out << id << '\n';
    }
    const auto start = Clock::now();
    std::size_t rounds = 0, tokens = 0;
    std::chrono::duration<double> passed{};
    for (; passed.count() < 2; passed = Clock::now() - start, ++rounds) tokens += tokenizer.encode(text).size();
    const double bytes = static_cast<double>(text.size() * rounds);
    fmt::print("{{\"bytes\":{},\"tokens\":{},\"mb_per_s\":{:.2f},\"tokens_per_s\":{:.0f}}}\n", text.size(), ids.size(),
               bytes / 1e6 / passed.count(), static_cast<double>(tokens) / passed.count());
  } catch (const Error& error) {
    fmt::print(stderr, "bench_tokenizer: {}\n", error.what());
    return 1;
  }
}
