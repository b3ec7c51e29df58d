#include "serving/job.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "os/clock.h"
#include "serving/inputs.h"
#include "serving/sampling.h"
#include "serving/tool_calls/call_reader.h"
#include "serving/tool_calls/harmony.h"
#include "text/utf8.h"

namespace cofre::serving {
namespace {

constexpr std::size_t stop_bytes_max = 4096;

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

Job::Job(Shared& shared, protocol::Request request, EventSink sink)
    : shared_(shared), writer_(shared.writer), request_(std::move(request)), sink_(std::move(sink)) {}

void Job::cancel() {
  cancelled_ = true;
  let_all_go();
}

void Job::expect_generations(std::size_t count) {
  const std::lock_guard lock(generations_mutex_);
  generations_.resize(count);
}

void Job::hold(std::size_t index, engine::Generation generation) {
  const std::lock_guard lock(generations_mutex_);
  if (!cancelled_ && index < generations_.size()) generations_[index].emplace(std::move(generation));
}

void Job::let_go(std::size_t index) {
  const std::lock_guard lock(generations_mutex_);
  if (index < generations_.size()) generations_[index].reset();
}

void Job::let_all_go() {
  const std::lock_guard lock(generations_mutex_);
  generations_.clear();
}

void Job::prepare() {
  if (cancelled_) return;
  const std::lock_guard lock(mutex_);
  try {
    dispatch();
  } catch (const Error& error) {
    fail_with(error);
  } catch (const std::exception& error) {
    fail_with(Error(Code::internal, error.what()));
  }
}

void Job::dispatch() {
  protocol::validate(request_);
  if (const auto* task = std::get_if<protocol::Tokenize>(&request_.task)) return tokenize(*task);
  if (const auto* task = std::get_if<protocol::Detokenize>(&request_.task)) return detokenize(*task);
  if (const auto* task = std::get_if<protocol::Embedding>(&request_.task)) return start_embedding(*task);
  if (std::holds_alternative<protocol::Rerank>(request_.task))
    fail_field(Code::unsupported, "model", "this model writes text; it does not rank documents");
  start_text();
}

/// What only a model can tell of a request's numbers.
void Job::check_fields() const {
  for (const auto& stop : request_.stop)
    if (stop.size() > stop_bytes_max)
      fail_field(Code::invalid, "stop", "a text of stop has {} bytes; it must have at most {}", stop.size(),
                 stop_bytes_max);
  const auto vocabulary = shared_.model.loaded().tokenizer.size();
  for (const auto id : request_.stop_token_ids)
    if (id < 0 || static_cast<std::size_t>(id) >= vocabulary)
      fail_field(Code::invalid, "stop_token_ids", "token {} is not in the vocabulary of {}", id, vocabulary);
}

/// The tools that may be called.
void Job::choose_tools() {
  tools_ = tool_calls::Tools(chat()->tools);
  if (chat()->tool_choice == protocol::ToolChoice::none) tools_ = {};
  if (chat()->tool_choice == protocol::ToolChoice::named) tools_.keep(chat()->tool_name);
}

void Job::start_text() {
  check_fields();
  auto sampling = sampling_params(request_.sampling, shared_.advice);
  if (!request_.ignore_eos) ends_ = shared_.idiom.ends;
  ends_.insert(ends_.end(), request_.stop_token_ids.begin(), request_.stop_token_ids.end());
  Prompt prompt;
  if (chat() != nullptr) {
    choose_tools();
    prompt = chat_prompt(shared_.model, shared_.idiom, *chat(), os::local_now());
  } else {
    prompt = completion_prompt(shared_.model, shared_.idiom, *completion());
    if (completion()->suffix && !request_.ignore_eos)
      ends_.insert(ends_.end(), shared_.idiom.fill_ends.begin(), shared_.idiom.fill_ends.end());
  }
  masks_ = shared_.guides.masks(request_, tools_, prompt.thinking);
  if (request_.ignore_eos && !masks_) refuse_ends(sampling);
  start_choices(std::move(prompt), sampling);
}

/// Behind an ignored end a model writes what nobody sees, if not nonsense: it is not chosen, unless the caller speaks
/// of it.
void Job::refuse_ends(engine::SamplingParams& sampling) const {
  constexpr float never = -1000;
  auto& biases = sampling.logit_bias;
  for (const auto id : shared_.idiom.ends) {
    const bool stops = std::find(ends_.begin(), ends_.end(), id) != ends_.end();
    if (!stops && std::none_of(biases.begin(), biases.end(), [id](const auto& one) { return one.first == id; }))
      biases.emplace_back(id, never);
  }
}

engine::Request Job::engine_request(const Prompt& prompt, engine::SamplingParams sampling) const {
  engine::Request out;
  out.prompt = prompt.ids;
  out.sampling = std::move(sampling);
  if (request_.max_tokens) {
    const std::uint64_t most = shared_.model.context();
    out.max_tokens = static_cast<std::size_t>(std::clamp<std::uint64_t>(*request_.max_tokens, 1, most));
  }
  out.ends = ends_;
  out.salt = request_.tenant;
  out.cache = request_.cache_prompt;
  out.priority = request_.priority;
  if (request_.logprobs) out.sampling.top_logprobs = static_cast<int>(request_.top_logprobs);
  if (completion() != nullptr && completion()->echo && request_.prompt_logprobs)
    out.score_prompt = static_cast<int>(request_.top_logprobs);
  return out;
}

std::unique_ptr<AnswerReader> Job::reader(bool thinking) const {
  if (chat() == nullptr) return std::make_unique<PlainReader>();
  const auto& idiom = shared_.idiom;
  if (idiom.calls != nullptr && idiom.calls->body == tool_calls::Format::Body::harmony)
    return std::make_unique<tool_calls::HarmonyReader>(tools_);
  std::unique_ptr<AnswerReader> answer;
  if (tools_.empty())
    answer = std::make_unique<PlainReader>();
  else
    answer = std::make_unique<tool_calls::CallReader>(*idiom.calls, tools_);
  if (idiom.thoughts == nullptr) return answer;
  return std::make_unique<ThoughtReader>(*idiom.thoughts, thinking, std::move(answer));
}

ChoiceWriter::Options Job::writer_options(std::uint32_t choice, const Prompt& prompt) const {
  ChoiceWriter::Options options;
  options.choice = choice;
  options.stop = request_.stop;
  options.logprobs = request_.logprobs;
  options.one_call = chat() != nullptr && !chat()->parallel_tool_calls;
  options.score_only = request_.max_tokens == std::uint64_t{0};
  if (shared_.idiom.calls != nullptr && shared_.idiom.calls->name.starts_with("mistral")) options.id_length = 0;
  options.echo = prompt.echo;
  if (completion() != nullptr && completion()->echo && request_.prompt_logprobs)
    options.echo_first = prompt.ids.front();
  return options;
}

void Job::start_choices(Prompt prompt, const engine::SamplingParams& sampling) {
  const auto base_seed = request_.sampling.seed ? *request_.sampling.seed : random_seed();
  const bool share = written() > 1 && request_.cache_prompt;
  const std::uint64_t group = share ? shared_.next_group++ : 0;
  prompt_tokens_ = prompt.ids.size();
  unfinished_ = written();
  times_.resize(written());
  expect_generations(written());
  if (written() > request_.choices) held_.resize(written());
  for (std::uint32_t i = 0; i < written(); ++i)
    choices_.push_back(std::make_unique<ChoiceWriter>(shared_.model.loaded().tokenizer, ends_, shared_.idiom.shown,
                                                      reader(prompt.thinking), writer_options(i, prompt)));
  for (std::uint32_t i = 0; i < written(); ++i) {
    auto request = engine_request(prompt, sampling);
    request.sampling.seed = base_seed + i;
    request.group = group;
    if (masks_) request.guide = Guides::guide(masks_);
    hold(i, shared_.model.submit(std::move(request), sink_to(i, &Job::take_answer)));
  }
}

engine::Sink Job::sink_to(std::size_t index, void (Job::*take_it)(std::size_t, engine::Event)) {
  return [weak = weak_from_this(), writer = writer_, index, take_it](engine::Event event) {
    auto job = weak.lock();
    if (!job || job->cancelled_) return;
    writer->post([job = std::move(job), index, take_it, moved = std::make_shared<engine::Event>(std::move(event))] {
      const std::lock_guard lock(job->mutex_);
      if (job->closed_ || job->cancelled_) return;
      try {
        if (moved->finish == engine::Finish::failed) throw Error(moved->code, moved->error);
        if (moved->finish == engine::Finish::cancelled) throw Error(Code::cancelled, "the model was unloaded");
        ((*job).*take_it)(index, std::move(*moved));
      } catch (const Error& error) {
        job->fail_with(error);
      } catch (const std::exception& error) {
        job->fail_with(Error(Code::internal, error.what()));
      }
    });
  };
}

void Job::take_answer(std::size_t choice, engine::Event event) {
  if (!started_ && (!event.tokens.empty() || event.finish)) {
    started_ = true;
    cached_tokens_ = event.cached;
    tell(protocol::Started{prompt_tokens_, cached_tokens_});
  }
  auto& writer = *choices_[choice];
  const bool was_finished = writer.finished();
  std::vector<protocol::Event> events;
  if (!event.tokens.empty()) times_[choice] = event.times;
  writer.take(std::move(event), events);
  for (auto& one : events) {
    if (auto* finished = std::get_if<protocol::Finished>(&one)) {
      const auto& times = times_[choice];
      finished->work = {times.queue_s, times.prefill_s, times.decode_s, writer.tokens()};
    }
    if (held_.empty())
      tell(std::move(one));
    else
      held_[choice].push_back(std::move(one));
  }
  if (was_finished || !writer.finished()) return;
  let_go(choice);
  if (--unfinished_ > 0) return;
  tell_best();
  done();
}

/// Of more choices than were asked for, the likeliest by the mean log-probability of their tokens, best first.
void Job::tell_best() {
  std::vector<std::size_t> order(held_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return choices_[a]->likelihood() > choices_[b]->likelihood(); });
  for (std::uint32_t rank = 0; rank < std::min<std::size_t>(request_.choices, order.size()); ++rank)
    for (auto& event : held_[order[rank]]) {
      if (auto* text = std::get_if<protocol::Text>(&event)) text->choice = rank;
      if (auto* finished = std::get_if<protocol::Finished>(&event)) finished->choice = rank;
      tell(std::move(event));
    }
}

void Job::done() {
  protocol::Usage usage{.prompt_tokens = prompt_tokens_, .cached_tokens = cached_tokens_};
  for (const auto& choice : choices_) {
    usage.completion_tokens += choice->tokens();
    usage.reasoning_tokens += choice->reasoning_tokens();
  }
  tell(protocol::Done{usage});
}

void Job::tokenize(const protocol::Tokenize& task) {
  const auto& tokenizer = shared_.model.loaded().tokenizer;
  std::vector<engine::TokenId> ids;
  if (const auto* asked = std::get_if<protocol::Chat>(&task.input))
    ids = chat_ids(shared_.idiom, *asked, os::local_now());
  else if (const auto& text = std::get<std::string>(task.input); task.add_special)
    ids = shared_.model.raw_prompt(text);
  else
    ids = tokenizer.encode(text);
  tell(told_tokens(tokenizer, std::move(ids)));
  tell(protocol::Done{});
}

void Job::detokenize(const protocol::Detokenize& task) {
  tell(told_text(shared_.model.loaded().tokenizer, task));
  tell(protocol::Done{});
}

void Job::tell(protocol::Event event) {
  if (closed_ || cancelled_) return;
  if (protocol::is_last(event)) closed_ = true;
  sink_(std::move(event));
}

void Job::fail_with(const Error& error) {
  auto failed = failed_of(error);
  if (error.code() == Code::exhausted) failed.retry_after_s = std::max(1.0, shared_.model.load().wait_s);
  tell(std::move(failed));
  let_all_go();
}

}  // namespace cofre::serving
