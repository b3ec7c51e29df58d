// Constrained decoding over a real vocabulary: each schema of schemas.json is compiled afresh, then its example,
// written in one line and over several, is followed token by token with a mask before each.
//
//   build/release/bench/bench_grammar VOCABULARY.gguf [bench/grammar/schemas.json]

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "gguf/gguf.h"
#include "grammar/grammar.h"
#include "tokenizer/tokenizer.h"

namespace {

using namespace cofre;
using Clock = std::chrono::steady_clock;

double us_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

std::shared_ptr<const grammar::Vocabulary> vocabulary_of(const tokenizer::Tokenizer& tokenizer) {
  std::vector<std::string> bytes(tokenizer.size());
  std::vector<grammar::TokenId> ends;
  for (std::size_t id = 0; id < bytes.size(); ++id) {
    const auto token = static_cast<grammar::TokenId>(id);
    tokenizer.append_bytes(token, false, bytes[id]);
    if (tokenizer.is_end(token)) ends.push_back(token);
  }
  return std::make_shared<grammar::Vocabulary>(bytes, ends);
}

struct Times {
  std::vector<double> masks;
  double accepts = 0;

  void follow(const std::shared_ptr<const grammar::Masks>& over, std::span<const tokenizer::TokenId> ids,
              std::string_view name) {
    grammar::Matcher matcher(over);
    grammar::Bits bits(over->vocabulary().words());
    for (std::size_t at = 0; at <= ids.size(); ++at) {
      const auto start = Clock::now();
      matcher.fill_mask(bits, 4096);
      masks.push_back(us_since(start));
      if (at == ids.size()) break;
      const auto id = static_cast<std::uint32_t>(ids[at]);
      const auto before = Clock::now();
      if (!(bits[id / 64] >> (id % 64) & 1) || !matcher.accept(ids[at]))
        fail(Code::internal, "{}: token {} is refused", name, at);
      accepts += us_since(before);
    }
    if (!matcher.can_end()) fail(Code::internal, "{}: the example does not end", name);
  }
  double mean() const {
    double sum = 0;
    for (const auto mask : masks) sum += mask;
    return sum / static_cast<double>(masks.size());
  }
  double share(double part) {
    std::sort(masks.begin(), masks.end());
    return masks[static_cast<std::size_t>(part * static_cast<double>(masks.size() - 1))];
  }
};

void run(const char* model, const char* list) {
  const auto file = gguf::File::open(model);
  const auto tokenizer = tokenizer::Tokenizer::from_gguf(file);
  auto start = Clock::now();
  const auto vocabulary = vocabulary_of(tokenizer);
  fmt::print("vocabulary of {} tokens built in {:.0f} ms\n", vocabulary->size(), us_since(start) / 1e3);

  std::ifstream in(list, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto schemas = json::parse(text);
  Times cold, warm;
  double compile_max = 0;
  fmt::print("{:24} {:>10} {:>8} {:>8} {:>12} {:>12}\n", "schema", "compile ms", "states", "tokens", "mask µs cold",
             "mask µs warm");
  for (const auto& one : schemas.as_array()) {
    const std::string name(json::string_at(one.as_object(), "name"));
    start = Clock::now();
    const auto program = grammar::from_schema(one.at("schema"), "schema");
    const auto masks = std::make_shared<const grammar::Masks>(program, vocabulary);
    const double compile = us_since(start) / 1e3;
    compile_max = std::max(compile_max, compile);
    const auto& example = one.at("example");
    const auto line = tokenizer.encode(json::dump(example, {.item = ", ", .key = ": "}));
    const auto lines = tokenizer.encode(json::dump(example, {.key = ": ", .indent = 2}));
    Times first, second;
    first.follow(masks, line, name);
    first.follow(masks, lines, name);
    second.follow(masks, line, name);
    second.follow(masks, lines, name);
    fmt::print("{:24} {:10.2f} {:8} {:8} {:12.1f} {:12.1f}\n", name, compile, program->states.size(),
               line.size() + lines.size(), first.mean(), second.mean());
    cold.masks.insert(cold.masks.end(), first.masks.begin(), first.masks.end());
    cold.accepts += first.accepts;
    warm.masks.insert(warm.masks.end(), second.masks.begin(), second.masks.end());
  }
  const auto tokens = static_cast<double>(cold.masks.size());
  fmt::print(
      "all: compile at most {:.1f} ms; mask cold mean {:.1f}, p50 {:.1f}, p99 {:.1f}, max {:.1f} µs; warm mean {:.1f} "
      "µs; accept {:.1f} µs\n",
      compile_max, cold.mean(), cold.share(0.5), cold.share(0.99), cold.share(1), warm.mean(), cold.accepts / tokens);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: bench_grammar VOCABULARY.gguf [SCHEMAS.json]\n");
    return 2;
  }
  try {
    run(argv[1], argc > 2 ? argv[2] : "bench/grammar/schemas.json");
  } catch (const Error& error) {
    fmt::print(stderr, "bench_grammar: {}\n", error.what());
    return 1;
  }
}
