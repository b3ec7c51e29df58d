#include "engine/engine.h"

#include <chrono>

#include "base/error.h"

namespace cofre::engine {

void Channel::push(Event event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
  ready_.notify_one();
}

std::optional<Event> Channel::pop(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  if (!ready_.wait_for(lock, wait, [this] { return !events_.empty(); })) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

Event Generation::next() {
  for (;;)
    if (auto event = channel_->pop(std::chrono::hours(1))) return std::move(*event);
}

void Channel::close() { closed_.store(true); }

Engine::Engine(const model::ModelSpec& spec, const model::Weights& weights, const kernels::Kernels& kernels, os::Team& team,
               const Options& options)
    : spec_(spec),
      options_(options),
      kv_(spec, options.kv_format, options.kv_pages),
      decoder_(spec, weights, kv_, kernels, team,
               {.rows = options.scheduler.rows + options.scheduler.sequences * (1 + options.scheduler.draft),
                .logits = options.scheduler.sequences * (1 + options.scheduler.draft) + options.scheduler.sequences}),
      pool_(static_cast<std::uint32_t>(options.kv_pages)),
      scheduler_(pool_, tree_, options.scheduler),
      thread_([this] { serve(); }) {}

Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Generation Engine::submit(Request request) {
  request.sampling.validate(spec_.vocabulary);
  if (request.prompt.empty()) fail_field(Code::invalid, "prompt", "the prompt is empty");
  if (request.prompt.size() >= context())
    fail_field(Code::invalid, "prompt", "the prompt is {} tokens long; the context holds {} (--context sets it)",
               request.prompt.size(), context());
  for (TokenId id : request.prompt)
    if (id < 0 || static_cast<std::size_t>(id) >= spec_.vocabulary)
      fail_field(Code::invalid, "prompt", "token {} is not in the vocabulary of {}", id, spec_.vocabulary);
  auto channel = std::make_shared<Channel>();
  {
    const std::lock_guard lock(mutex_);
    submissions_.push_back({std::move(request), channel});
  }
  wake_.notify_one();
  return Generation(std::move(channel));
}

void Engine::serve() {
  while (drain()) step();
  for (const auto& [id, channel] : channels_) channel->push({{}, Finish::cancelled, {}, 0});
  for (const auto& [id, channel] : channels_) scheduler_.cancel(id);
}

/// Takes new submissions, lets go of callers that left. False when the engine stops; waits while there is nothing to do.
bool Engine::drain() {
  std::deque<Submission> fresh;
  {
    std::unique_lock lock(mutex_);
    if (scheduler_.idle()) wake_.wait(lock, [this] { return stopping_ || !submissions_.empty(); });
    if (stopping_) return false;
    fresh.swap(submissions_);
  }
  for (auto& one : fresh) {
    const auto id = next_id_++;
    try {
      scheduler_.submit(id, std::move(one.request));
      channels_.emplace(id, one.channel);
    } catch (const Error& error) {
      one.channel->push({{}, Finish::failed, error.what(), 0});
    }
  }
  std::vector<std::uint64_t> gone;
  for (const auto& [id, channel] : channels_)
    if (channel->closed()) gone.push_back(id);
  for (const auto id : gone) {
    scheduler_.cancel(id);
    channels_.erase(id);
  }
  return true;
}

void Engine::step() {
  const auto runs = scheduler_.plan();
  for (const auto id : scheduler_.take_failed())
    end(id, Finish::failed, fmt::format("the conversation no longer fits: the KV cache holds {} tokens (--context and --kv-memory set it)",
                                        pool_.pages() * page_tokens));
  if (runs.empty()) return;
  std::vector<model::Run> rows;
  std::vector<std::vector<TokenId>> tokens(runs.size());
  std::vector<std::vector<std::uint32_t>> pages(runs.size());
  std::size_t prompt_rows = 0, decode_rows = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto& run = runs[i];
    const Sequence& s = *run.sequence;
    const std::size_t known = std::min(run.count, s.ids.size() - run.first);
    tokens[i].assign(s.ids.begin() + static_cast<std::ptrdiff_t>(run.first), s.ids.begin() + static_cast<std::ptrdiff_t>(run.first + known));
    tokens[i].insert(tokens[i].end(), s.draft.begin(), s.draft.begin() + static_cast<std::ptrdiff_t>(run.count - known));
    for (const auto& page : s.pages) pages[i].push_back(page.index());
    rows.push_back({tokens[i], run.first, pages[i], run.generated, run.logits});
    (run.generated ? decode_rows : prompt_rows) += run.count;
  }
  const auto begin = std::chrono::steady_clock::now();
  decoder_.forward(rows);
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - begin;
  scheduler_.costs().learn(prompt_rows, decode_rows, spent.count());
  std::size_t first_logits = 0;
  for (const auto& run : runs) {
    scheduler_.computed(run);
    const std::size_t logits = run.logits;
    if (logits > 0) choose(run, first_logits);
    first_logits += logits;
  }
}

/// Chooses the tokens of one sequence: of a speculated run, row after row while the guess came true.
void Engine::choose(const Scheduler::Run& run, std::size_t first_logits) {
  Sequence& sequence = *run.sequence;
  const auto id = sequence.id;
  const auto draft = sequence.draft;
  const auto channel = channels_.at(id);
  Event event;
  event.cached = sequence.cached;
  Scheduler::More more = Scheduler::More::yes;
  try {
    for (std::size_t i = 0; i < run.logits && more == Scheduler::More::yes; ++i) {
      if (i > 0 && sequence.ids.back() != draft[i - 1]) break;
      auto choice = sequence.sampler.choose(sequence.request.sampling, decoder_.logits(first_logits + i), sequence.ids, sequence.ids.size());
      more = scheduler_.append(sequence, choice.id);
      event.tokens.push_back(std::move(choice));
    }
  } catch (const Error& error) {
    end(id, Finish::failed, error.what());
    return;
  }
  if (run.generated) sequence.lookup.learn(draft.size(), event.tokens.size() - 1);
  if (more != Scheduler::More::yes) event.finish = more == Scheduler::More::end ? Finish::end : Finish::length;
  const bool finished = event.finish.has_value();
  channel->push(std::move(event));
  if (!finished) return;
  scheduler_.finish(sequence);
  channels_.erase(id);
}

void Engine::end(std::uint64_t id, Finish finish, const std::string& error) {
  scheduler_.cancel(id);
  const auto at = channels_.find(id);
  if (at == channels_.end()) return;
  at->second->push({{}, finish, error, 0});
  channels_.erase(at);
}

}  // namespace cofre::engine
