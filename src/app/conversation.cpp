#include "app/conversation.h"

#include <fmt/format.h>

#include <chrono>

#include "base/error.h"
#include "os/interrupt.h"
#include "os/terminal.h"
#include "serving/bench.h"
#include "serving/event_queue.h"

namespace cofre::app {
namespace {

constexpr auto interrupt_poll = std::chrono::milliseconds(50);

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

serving::Advice advice_of(const std::optional<fleet::Model>& row) {
  if (!row) return {};
  const auto& s = row->sampling;
  return {.temperature = s.temperature,
          .top_p = s.top_p,
          .min_p = s.min_p,
          .repetition_penalty = s.repetition_penalty,
          .top_k = s.top_k};
}

}  // namespace

void AnswerOptions::declare(Options& options) {
  options.real("--temperature", temperature, 0, 2, "0: always the most likely token");
  options.number("--top-k", top_k, 0, 1'000'000, "choose among the k most likely tokens; 0: all");
  options.real("--top-p", top_p, 0, 1, "choose among the most likely tokens that make up this share");
  options.real("--min-p", min_p, 0, 1, "leave out tokens below this share of the most likely one's probability");
  options.real("--typical-p", typical_p, 0, 1, "choose among tokens of typical information");
  options.real("--repetition-penalty", repetition_penalty, 0.1, 2, "above 1: repeat less");
  options.real("--presence-penalty", presence_penalty, -2, 2, "above 0: prefer new words");
  options.real("--frequency-penalty", frequency_penalty, -2, 2, "above 0: use no word too often");
  options.number("--seed", seed, 0, INT64_MAX, "the same seed gives the same text");
  options.number("-n,--max-tokens", max_tokens, 1, 1'000'000, "stop after so many tokens");
}

void AnswerOptions::apply(protocol::Request& request) const {
  auto& s = request.sampling;
  s.temperature = temperature;
  s.top_k = top_k;
  s.top_p = top_p;
  s.min_p = min_p;
  s.typical_p = typical_p;
  s.repetition_penalty = repetition_penalty;
  s.presence_penalty = presence_penalty;
  s.frequency_penalty = frequency_penalty;
  if (seed) s.seed = static_cast<std::uint64_t>(*seed);
  if (max_tokens) request.max_tokens = static_cast<std::uint64_t>(*max_tokens);
}

Conversation::Conversation(std::unique_ptr<serving::Loaded> loaded, const std::optional<fleet::Model>& row,
                           const Setup& setup)
    : loaded_(std::move(loaded)),
      stats_(setup.stats),
      model_(*loaded_, {.context = setup.context, .kv_bytes = setup.kv_bytes, .kv_format = setup.kv_format}),
      service_(model_, {.advice = advice_of(row), .prompt_threads = 1}) {}

void Conversation::require_template() {
  if (!service_.chats())
    fail_field(Code::unsupported, "tokenizer.chat_template",
               "this model has no chat template: it can only continue a text (cofre run --raw)");
}

bool Conversation::ask(std::string_view question) {
  require_template();
  protocol::Chat chat;
  if (!system.empty()) chat.messages.push_back(json::Object{{"role", "system"}, {"content", system}});
  chat.messages.insert(chat.messages.end(), messages_.begin(), messages_.end());
  const json::Value asked = json::Object{{"role", "user"}, {"content", std::string(question)}};
  chat.messages.push_back(asked);
  protocol::Request request;
  request.task = std::move(chat);
  auto written = answer_to(std::move(request));
  messages_.push_back(asked);
  messages_.push_back(json::Object{{"role", "assistant"}, {"content", std::move(written.text)}});
  return written.whole;
}

bool Conversation::continue_text(std::string_view text) {
  protocol::Request request;
  request.task = protocol::Completion{.prompt = std::string(text), .suffix = {}, .echo = false};
  return answer_to(std::move(request)).whole;
}

Conversation::Answer Conversation::answer_to(protocol::Request request) {
  answer.apply(request);
  const os::InterruptGuard guard;
  serving::EventQueue events;
  const auto begin = std::chrono::steady_clock::now();
  const auto steps_before = model_.load().choices;
  const auto running = service_.start(std::move(request), events.sink());
  Answer out;
  Stats stats;
  for (bool last = false; !last;) {
    if (os::InterruptGuard::requested()) {
      fmt::print("\n");
      out.whole = false;
      break;  // dropping the answer cancels it
    }
    auto event = events.pop(interrupt_poll);
    if (!event) continue;
    if (std::holds_alternative<protocol::Started>(*event)) stats.first_token_s = seconds_since(begin);
    last = show(*event, out, stats);
  }
  std::fflush(stdout);
  stats.generate_s = seconds_since(begin) - stats.first_token_s;
  stats.steps = model_.load().choices - steps_before;
  if (stats_) print_stats(stats);
  return out;
}

bool Conversation::show(protocol::Event& event, Answer& out, Stats& stats) {
  if (const auto* thought = std::get_if<protocol::Reasoning>(&event)) {
    fmt::print(stderr, "{}", thought->text);  // beside the answer, not part of it
    out.thought = true;
  } else if (const auto* text = std::get_if<protocol::Text>(&event)) {
    if (out.text.empty() && out.thought) fmt::print(stderr, "\n\n");
    out.text += text->text;
    fmt::print("{}", text->text);
    if (std::fflush(stdout) != 0) fail(Code::unavailable, "cannot write the answer");
  } else if (const auto* finished = std::get_if<protocol::Finished>(&event)) {
    if (!out.text.ends_with('\n')) fmt::print("\n");
    if (finished->reason == protocol::FinishReason::length && !answer.max_tokens)
      fmt::print(stderr, "(the answer was cut: the context of {} tokens is full; --context sets it)\n",
                 model_.context());
  } else if (const auto* failed = std::get_if<protocol::Failed>(&event)) {
    refuse(*failed);
  } else if (const auto* done = std::get_if<protocol::Done>(&event)) {
    stats.usage = done->usage;
  }
  return protocol::is_last(event);
}

/// Says what to do about it in this program's own terms.
void Conversation::refuse(const protocol::Failed& failed) const {
  if (failed.reason == "context_length_exceeded")
    fail_field(Code::exhausted, "context",
               "the conversation no longer fits into the context of {}: begin anew, or give --context more ({})",
               model_.context(), failed.message);
  throw Error(failed.code, failed.message, failed.field);
}

void Conversation::print_stats(const Stats& stats) {
  const auto& usage = stats.usage;
  if (usage.completion_tokens == 0) return;
  const auto speed = [](std::uint64_t tokens, double seconds) {
    return seconds > 0 ? static_cast<double>(tokens) / seconds : 0.0;
  };
  fmt::print(stderr, "\n{} tokens read{} in {:.2f} s: {:.0f} tokens/s\n", usage.prompt_tokens,
             usage.cached_tokens > 0 ? fmt::format(" ({} were known)", usage.cached_tokens) : "", stats.first_token_s,
             speed(usage.prompt_tokens - usage.cached_tokens, stats.first_token_s));
  if (stats.steps < 2) return;
  const auto machine = serving::measure_machine(loaded_->kernels, loaded_->team);
  const double steps_per_s = speed(stats.steps - 1, stats.generate_s);
  const double bytes = static_cast<double>(serving::file_bytes_per_token(*loaded_)) +
                       static_cast<double>(usage.prompt_tokens + usage.completion_tokens / 2) *
                           static_cast<double>(model::KvMemory::page_bytes(loaded_->spec, model_.kv_format())) /
                           engine::page_tokens;
  fmt::print(stderr, "{} tokens written in {:.2f} s: {:.1f} tokens/s", usage.completion_tokens, stats.generate_s,
             speed(usage.completion_tokens - 1, stats.generate_s));
  if (usage.completion_tokens > stats.steps)
    fmt::print(stderr, " ({} of them guessed ahead)", usage.completion_tokens - stats.steps);
  fmt::print(stderr, ", {:.0f} % of this machine's limit (memory: {:.1f} GB/s)\n",
             100 * steps_per_s * bytes / (machine.read_gb_s * 1e9), machine.read_gb_s);
}

std::string Conversation::as_json() const {
  json::Array messages;
  if (!system.empty()) messages.push_back(json::Object{{"role", "system"}, {"content", system}});
  messages.insert(messages.end(), messages_.begin(), messages_.end());
  return json::dump(json::Object{{"messages", std::move(messages)}}, {.indent = 2}) + "\n";
}

}  // namespace cofre::app
