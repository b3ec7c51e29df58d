#include "app/conversation.h"

#include <fmt/format.h>

#include <random>

#include "base/error.h"
#include "os/clock.h"
#include "os/interrupt.h"
#include "os/terminal.h"
#include "serving/bench.h"

namespace cofre::app {
namespace {

constexpr auto interrupt_poll = std::chrono::milliseconds(50);

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

void AnswerOptions::declare(Options& options) {
  options.real("--temperature", temperature, 0, 5, "0: always the most likely token");
  options.number("--top-k", top_k, 0, 1'000'000, "choose among the k most likely tokens; 0: all");
  options.real("--top-p", top_p, 0, 1, "choose among the most likely tokens that make up this share");
  options.real("--min-p", min_p, 0, 1, "leave out tokens below this share of the most likely one's probability");
  options.real("--typical-p", typical_p, 0, 1, "choose among tokens of typical information");
  options.real("--repetition-penalty", repetition_penalty, 0.1, 10, "above 1: repeat less");
  options.real("--presence-penalty", presence_penalty, -2, 2, "above 0: prefer new words");
  options.real("--frequency-penalty", frequency_penalty, -2, 2, "above 0: use no word too often");
  options.number("--seed", seed, 0, INT64_MAX, "the same seed gives the same text");
  options.number("-n,--max-tokens", max_tokens, 1, 1'000'000, "stop after so many tokens");
}

engine::SamplingParams AnswerOptions::sampling(const std::optional<fleet::Model>& row, std::uint64_t random) const {
  engine::SamplingParams out;
  const fleet::Sampling advice = row ? row->sampling : fleet::Sampling{};
  const auto pick = [](auto& into, const auto& given, const auto& advised) {
    using To = std::remove_reference_t<decltype(into)>;
    if (given) into = static_cast<To>(*given);
    else if (advised) into = static_cast<To>(*advised);
  };
  const std::optional<double> none;
  pick(out.temperature, temperature, advice.temperature);
  pick(out.top_k, top_k, advice.top_k);
  pick(out.top_p, top_p, advice.top_p);
  pick(out.min_p, min_p, advice.min_p);
  pick(out.typical_p, typical_p, none);
  pick(out.repetition_penalty, repetition_penalty, advice.repetition_penalty);
  pick(out.presence_penalty, presence_penalty, none);
  pick(out.frequency_penalty, frequency_penalty, none);
  out.seed = seed ? static_cast<std::uint64_t>(*seed) : random;
  return out;
}

Conversation::Conversation(std::unique_ptr<serving::Loaded> loaded, std::optional<fleet::Model> row, const Setup& setup)
    : loaded_(std::move(loaded)),
      row_(std::move(row)),
      stats_(setup.stats),
      model_(*loaded_, {.context = setup.context, .kv_bytes = setup.kv_bytes, .kv_format = setup.kv_format}) {}

void Conversation::require_template() {
  if (!format_) format_.emplace(loaded_->file, loaded_->tokenizer);
}

bool Conversation::ask(std::string_view question) {
  require_template();
  json::Array messages;
  if (!system.empty()) messages.push_back(json::Object{{"role", "system"}, {"content", system}});
  messages.insert(messages.end(), messages_.begin(), messages_.end());
  const json::Value asked = json::Object{{"role", "user"}, {"content", std::string(question)}};
  messages.push_back(asked);
  auto prompt = format_->prompt({{"messages", std::move(messages)}, {"add_generation_prompt", true}}, os::local_now());
  if (prompt.size() >= model_.context())
    fail_field(Code::exhausted, "context",
               "the conversation is {} tokens long and no longer fits into the context of {}: begin anew, or give --context more", prompt.size(),
               model_.context());
  auto written = generate(std::move(prompt));
  messages_.push_back(asked);
  messages_.push_back(json::Object{{"role", "assistant"}, {"content", std::move(written.text)}});
  return written.whole;
}

bool Conversation::continue_text(std::string_view text) { return generate(model_.raw_prompt(text)).whole; }

Conversation::Answer Conversation::generate(std::vector<engine::TokenId> prompt) {
  engine::Request request;
  request.prompt = std::move(prompt);
  request.sampling = answer.sampling(row_, random_seed());
  request.max_tokens = static_cast<std::size_t>(answer.max_tokens.value_or(0));
  const os::InterruptGuard guard;
  auto generation = model_.generate(std::move(request));
  Answer out;
  for (;;) {
    if (os::InterruptGuard::requested()) {
      fmt::print("\n");
      out.whole = false;
      break;  // dropping the generation cancels it
    }
    const auto event = generation.next(interrupt_poll);
    if (!event) continue;
    out.text += event->text;
    fmt::print("{}", event->text);
    if (std::fflush(stdout) != 0) fail(Code::unavailable, "cannot write the answer");
    if (!event->finish) continue;
    if (!out.text.ends_with('\n')) fmt::print("\n");
    if (*event->finish == engine::Finish::failed) fail(Code::internal, "{}", event->error);
    if (*event->finish == engine::Finish::length && !answer.max_tokens)
      fmt::print(stderr, "(the answer was cut: the context of {} tokens is full; --context sets it)\n", model_.context());
    break;
  }
  std::fflush(stdout);
  if (stats_) print_stats(generation.stats());
  return out;
}

void Conversation::print_stats(const serving::TextStats& stats) {
  if (stats.generated_tokens == 0) return;
  const auto speed = [](std::size_t tokens, double seconds) { return seconds > 0 ? static_cast<double>(tokens) / seconds : 0.0; };
  fmt::print(stderr, "\n{} tokens read{} in {:.2f} s: {:.0f} tokens/s\n", stats.prompt_tokens,
             stats.cached_tokens > 0 ? fmt::format(" ({} were known)", stats.cached_tokens) : "", stats.first_token_s,
             speed(stats.prompt_tokens - stats.cached_tokens, stats.first_token_s));
  if (stats.steps < 2) return;
  const auto machine = serving::measure_machine(loaded_->kernels, loaded_->team);
  const double steps_per_s = speed(stats.steps - 1, stats.generate_s);
  const double bytes = static_cast<double>(serving::file_bytes_per_token(*loaded_)) +
                       static_cast<double>(stats.prompt_tokens + stats.generated_tokens / 2) *
                           static_cast<double>(model::KvMemory::page_bytes(loaded_->spec, model_.kv_format())) / engine::page_tokens;
  fmt::print(stderr, "{} tokens written in {:.2f} s: {:.1f} tokens/s", stats.generated_tokens, stats.generate_s,
             speed(stats.generated_tokens - 1, stats.generate_s));
  if (stats.generated_tokens > stats.steps) fmt::print(stderr, " ({} of them guessed ahead)", stats.generated_tokens - stats.steps);
  fmt::print(stderr, ", {:.0f} % of this machine's limit (memory: {:.1f} GB/s)\n", 100 * steps_per_s * bytes / (machine.read_gb_s * 1e9),
             machine.read_gb_s);
}

std::string Conversation::as_json() const {
  json::Array messages;
  if (!system.empty()) messages.push_back(json::Object{{"role", "system"}, {"content", system}});
  messages.insert(messages.end(), messages_.begin(), messages_.end());
  return json::dump(json::Object{{"messages", std::move(messages)}}, {.indent = 2}) + "\n";
}

}  // namespace cofre::app
