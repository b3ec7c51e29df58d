#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <sstream>

#include "app/command.h"
#include "app/model_options.h"
#include "base/error.h"
#include "json/json.h"
#include "os/cpu.h"
#include "os/paths.h"
#include "os/placement.h"
#include "os/process.h"
#include "serving/bench.h"

namespace cofre::app {
namespace {

/// What llama.cpp's bench measured, tokens a second; 0 where it was not asked.
struct PeerFigures {
  double prompt_512 = 0, generate = 0, generate_long = 0;
};

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Runs `COMMAND -m FILE …` and reads its JSON: entries with n_prompt, n_gen, n_depth, avg_ts.
json::Array run_peer(const std::string& command, const std::string& file, unsigned threads,
                     const std::vector<std::string>& what) {
  std::vector<std::string> arguments;
  std::istringstream words(command);
  for (std::string word; words >> word;) arguments.push_back(word);
  if (arguments.empty()) throw UsageError{"--peer needs a command"};
  for (const auto& argument : {std::string("-m"), file, std::string("-t"), std::to_string(threads), std::string("-r"),
                               std::string("1"), std::string("-o"), std::string("json")})
    arguments.push_back(argument);
  arguments.insert(arguments.end(), what.begin(), what.end());
  const auto result = os::run_process(arguments);
  if (result.exit_code != 0)
    fail(Code::unavailable, "the peer ended with {}: {}", result.exit_code, result.error.substr(0, 200));
  const auto begin = result.out.find('[');
  const auto end = result.out.rfind(']');
  if (begin == std::string::npos || end == std::string::npos || end < begin)
    fail(Code::unavailable, "the peer printed no JSON");
  auto value = json::parse(std::string_view(result.out).substr(begin, end - begin + 1));
  return value.get_array();
}

double peer_speed(const json::Array& entries, std::string_view count) {
  for (const auto& entry : entries) {
    const auto& object = entry.as_object();
    if (json::unsigned_at(object, count, 1u << 30) > 0) return json::at(object, "avg_ts").to_number<double>();
  }
  fail(Code::unavailable, "the peer's JSON has no figure for {}", count);
}

json::Object to_json(const serving::Loaded& loaded, const std::string& name, const serving::BenchReport& report,
                     double load_s) {
  json::Array prefill, decode;
  for (const auto& p : report.prefill)
    prefill.push_back(
        json::Object{{"tokens", p.tokens}, {"tokens_per_s", p.tokens_per_s}, {"peak_share", p.peak_share}});
  for (const auto& d : report.decode)
    decode.push_back(json::Object{{"context", d.context},
                                  {"streams", d.streams},
                                  {"tokens_per_s", d.tokens_per_s},
                                  {"step_s", d.step_s},
                                  {"read_share", d.read_share}});
  const std::string isa(loaded.kernels.name);
  return {
      {"machine", json::Object{{"cpu", os::cpu_name()},
                               {"isa", isa},
                               {"threads", loaded.team.size()},
                               {"placement", loaded.team.placement().text},
                               {"read_gb_s", report.machine.read_gb_s},
                               {"peak_tflop_s", report.machine.peak_tflop_s}}},
      {"model",
       json::Object{{"name", name}, {"bytes", loaded.file.file_bytes()}, {"parameters", loaded.weights.parameters()}}},
      {"load_s", load_s},
      {"resident_bytes", serving::resident_bytes()},
      {"prefill", std::move(prefill)},
      {"decode", std::move(decode)}};
}

void print_table(const serving::Loaded& loaded, const std::string& name, const serving::BenchReport& report,
                 double load_s) {
  fmt::print("{}, {} kernels, {} threads: memory {:.1f} GB/s, products {:.2f} TOP/s\n", os::cpu_name(),
             loaded.kernels.name, loaded.team.size(), report.machine.read_gb_s, report.machine.peak_tflop_s);
  fmt::print("{}: {:.1f} MB, {:.0f} million weights, loaded in {:.2f} s, resident {:.1f} MB\n\n", name,
             static_cast<double>(loaded.file.file_bytes()) * 1e-6,
             static_cast<double>(loaded.weights.parameters()) * 1e-6, load_s,
             static_cast<double>(serving::resident_bytes()) * 1e-6);
  fmt::print("  prompt         tokens/s   of the peak\n");
  for (const auto& p : report.prefill)
    fmt::print("{:8} {:14.1f} {:11.1f} %\n", p.tokens, p.tokens_per_s, 100 * p.peak_share);
  fmt::print("\n context streams   tokens/s   ms a step   of the bandwidth\n");
  for (const auto& d : report.decode)
    fmt::print("{:8} {:7} {:10.1f} {:11.2f} {:16.1f} %\n", d.context, d.streams, d.tokens_per_s, 1e3 * d.step_s,
               100 * d.read_share);
}

/// Alternates short measurements of both, so that a machine whose clock drifts is fair to both.
json::Object compare(serving::Loaded& loaded, const std::string& file, const std::string& command, bool quick,
                     WorkLine& line) {
  constexpr int rounds = 3;
  std::vector<double> ours[3], theirs[3];
  for (int round = 0; round < rounds; ++round) {
    line.say(fmt::format("round {} of {}: ours", round + 1, rounds));
    serving::BenchPlan plan = serving::BenchPlan::quick();
    if (!quick) plan.long_context = 4096;
    const auto report = serving::run_bench(loaded, plan);
    ours[0].push_back(report.prefill[0].tokens_per_s);
    ours[1].push_back(report.decode[0].tokens_per_s);
    if (!quick) ours[2].push_back(report.decode[1].tokens_per_s);
    line.say(fmt::format("round {} of {}: the peer", round + 1, rounds));
    const auto peer = run_peer(command, file, loaded.team.size(), {"-p", "512", "-n", "32"});
    theirs[0].push_back(peer_speed(peer, "n_prompt"));
    theirs[1].push_back(peer_speed(peer, "n_gen"));
    if (!quick)
      theirs[2].push_back(
          peer_speed(run_peer(command, file, loaded.team.size(), {"-p", "0", "-n", "16", "-d", "4096"}), "n_gen"));
  }
  line.clear();
  json::Object out{{"command", command}};
  const char* names[] = {"prompt_512", "generate", "generate_4096"};
  for (int i = 0; i < 3; ++i) {
    if (ours[i].empty()) continue;
    const double a = median(ours[i]), b = median(theirs[i]);
    out[names[i]] = json::Object{{"ours", a}, {"peer", b}, {"ratio", a / b}};
  }
  return out;
}

/// "1,16" as numbers from 1 to `most`.
std::vector<std::size_t> numbers(std::string_view option, const std::string& text, std::size_t most) {
  std::vector<std::size_t> out;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size() || number < 1 || number > most)
      throw UsageError{
          fmt::format("{} takes numbers from 1 to {} with commas between; this is none: {}", option, most, word)};
    out.push_back(number);
  }
  return out;
}

/// What a token costs at least: this machine's bandwidth, and the bytes that must be read for a token. Loads no
/// weights.
void print_limit(const fleet::Resolved& resolved, unsigned threads) {
  const auto file = gguf::File::open(resolved.file);
  const auto spec = model::read_spec(file);
  os::Team team(os::place_team(threads));
  const auto machine = serving::measure_machine(kernels::best_kernels(), team);
  fmt::print("{}\n", json::dump(json::Object{
                         {"read_gb_s", machine.read_gb_s},
                         {"bytes_per_token", serving::file_bytes_per_token(file, spec)},
                         {"kv_bytes_per_token", model::KvMemory::bytes_per_token(spec, kernels::KvFormat::f16)}}));
}

}  // namespace

Action declare_bench(Options& options) {
  struct Given {
    ModelOptions model;
    std::string peer, prompts, streams;
    bool json = false, quick = false, limit = false;
  };
  auto given = std::make_shared<Given>();
  given->model.declare(options);
  options.flag("--json", given->json, "print JSON");
  options.flag("--quick", given->quick, "a prompt of 512 tokens and one stream only");
  options.text("--prompts", given->prompts, "lengths of prompts to measure: 512,2048");
  options.text("--streams", given->streams, "how many generate at once: 1,16");
  options.flag("--limit", given->limit,
               "only the machine's limit for one stream, as JSON: bandwidth, bytes that a token needs");
  options.text("--peer", given->peer, "llama.cpp's bench command, measured in turns beside ours (or $COFRE_PEER)");
  return [given] {
    const auto resolved = given->model.find();
    if (given->limit) return print_limit(resolved, static_cast<unsigned>(given->model.threads));
    const auto begin = std::chrono::steady_clock::now();
    auto loaded = given->model.load(resolved);
    const double load_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    WorkLine line;
    auto plan = given->quick ? serving::BenchPlan::quick() : serving::BenchPlan{};
    if (!given->prompts.empty()) plan.prompts = numbers("--prompts", given->prompts, 1 << 17);
    if (!given->streams.empty()) plan.streams = numbers("--streams", given->streams, 256);
    const auto report = serving::run_bench(
        *loaded, plan, [&line](std::string_view what) { line.say(fmt::format("measuring {}", what)); });
    line.clear();
    auto out = to_json(*loaded, resolved.name, report, load_s);
    if (!given->json) print_table(*loaded, resolved.name, report, load_s);
    const auto peer = given->peer.empty() ? os::environment("COFRE_PEER").value_or("") : given->peer;
    if (!peer.empty()) {
      const auto ratios = compare(*loaded, resolved.file.string(), peer, given->quick, line);
      if (!given->json) {
        fmt::print("\nbeside {}\n", peer);
        for (const auto& [name, value] : ratios)
          if (value.is_object())
            fmt::print("  {:14} ours {:9.1f}   peer {:9.1f}   {:.2f} ×\n", std::string(name),
                       value.at("ours").as_double(), value.at("peer").as_double(), value.at("ratio").as_double());
      }
      out["peer"] = ratios;
    }
    if (given->json) fmt::print("{}\n", json::dump(out));
  };
}

}  // namespace cofre::app
