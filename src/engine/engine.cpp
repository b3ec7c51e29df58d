#include "engine/engine.h"

#include <bit>
#include <chrono>

#include "base/error.h"

namespace cofre::engine {

void Channel::push(Event event) {
  if (sink_) {
    if (!closed_.load()) sink_(std::move(event));
    return;
  }
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

namespace {

Scheduler::Options scheduler_options(const Engine::Options& options, const model::ModelSpec& spec) {
  auto out = options.scheduler;
  out.layers = spec.layers;
  return out;
}

}  // namespace

Engine::Engine(const model::ModelSpec& spec, const model::Weights& weights, const kernels::Kernels& kernels,
               os::Team& team, const Options& options)
    : spec_(spec),
      team_(team),
      options_(options),
      kv_(spec, options.kv_format, options.kv_pages),
      decoder_(spec, weights, kv_, kernels, team,
               {.rows = options.scheduler.rows + options.scheduler.sequences * (1 + options.scheduler.draft),
                .logits = options.scheduler.sequences * (2 + options.scheduler.draft) + options.scheduler.scored_rows,
                .context = options.scheduler.context}),
      pool_(static_cast<std::uint32_t>(options.kv_pages)),
      scheduler_(pool_, tree_, scheduler_options(options_, spec)),
      thread_([this] { serve(); }) {}

Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Generation Engine::submit(Request request, Sink sink) {
  request.sampling.validate(spec_.vocabulary);
  if (request.prompt.empty()) fail_field(Code::invalid, "prompt", "the prompt is empty");
  if (request.prompt.size() >= context())
    fail_field(Code::invalid, "prompt", "the prompt is {} tokens long; the context holds {} (--context sets it)",
               request.prompt.size(), context());
  for (TokenId id : request.prompt)
    if (id < 0 || static_cast<std::size_t>(id) >= spec_.vocabulary)
      fail_field(Code::invalid, "prompt", "token {} is not in the vocabulary of {}", id, spec_.vocabulary);
  if (request.score_prompt && (*request.score_prompt < 0 || *request.score_prompt > 100))
    fail_field(Code::invalid, "logprobs", "logprobs of the prompt is {}; it must be from 0 to 100",
               *request.score_prompt);
  auto channel = std::make_shared<Channel>(std::move(sink));
  {
    const std::lock_guard lock(mutex_);
    const std::size_t waiting = load_.waiting + submissions_.size();
    if (waiting >= options_.scheduler.queue) fail(Code::exhausted, "{} requests wait already", waiting);
    submissions_.push_back({std::move(request), channel});
  }
  wake_.notify_one();
  return Generation(std::move(channel));
}

void Engine::serve() {
  const os::Team::Lead lead(team_);
  while (drain()) {
    step();
    note_load();
  }
  for (const auto& [id, channel] : channels_) channel->push({.finish = Finish::cancelled});
  for (const auto& [id, channel] : channels_) scheduler_.cancel(id);
}

/// Takes new submissions, lets go of callers that left. False when the engine stops; waits while there is nothing to
/// do.
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
      scheduler_.submit(id, std::move(one.request)).arrived = one.arrived;
      channels_.emplace(id, one.channel);
    } catch (const Error& error) {
      one.channel->push({.finish = Finish::failed, .error = error.what(), .code = error.code()});
    }
  }
  std::vector<std::uint64_t> gone;
  for (const auto& [id, channel] : channels_)
    if (channel->closed()) gone.push_back(id);
  for (const auto id : gone) {
    scheduler_.cancel(id);
    channels_.erase(id);
  }
  note_load();
  return true;
}

void Engine::note_load() {
  const std::lock_guard lock(mutex_);
  load_ = counted_;
  load_.running = scheduler_.running();
  load_.waiting = scheduler_.waiting();
  load_.pages = pool_.pages();
  load_.free_pages = pool_.free_pages();
  load_.preemptions = scheduler_.preemptions();
}

void Engine::note_step(std::size_t rows) {
  ++counted_.steps;
  counted_.rows += rows;
  const auto at = static_cast<std::size_t>(std::bit_width(rows - 1));
  ++counted_.step_rows[std::min(at, counted_.step_rows.size() - 1)];
}

Engine::Load Engine::load() const {
  const std::lock_guard lock(mutex_);
  Load load = load_;
  load.waiting += submissions_.size();
  if (load.running >= options_.scheduler.sequences || load.waiting > 0)
    load.wait_s = finish_gap_s_ * static_cast<double>(load.waiting + 1);
  return load;
}

/// Learns how often a place becomes free.
void Engine::note_finish() {
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::duration<double> gap = now - last_finish_;
  const bool first = last_finish_ == std::chrono::steady_clock::time_point{};
  last_finish_ = now;
  if (first || scheduler_.waiting() == 0) return;
  const std::lock_guard lock(mutex_);
  finish_gap_s_ = finish_gap_s_ == 0 ? gap.count() : 0.8 * finish_gap_s_ + 0.2 * gap.count();
}

void Engine::step() {
  const auto runs = scheduler_.plan();
  for (const auto id : scheduler_.take_failed())
    end(id, Finish::failed,
        fmt::format("the conversation no longer fits: the KV cache holds {} tokens (--context and --kv-memory set it)",
                    pool_.pages() * page_tokens),
        Code::exhausted);
  if (runs.empty()) return;
  const auto layers = scheduler_.prompt_layers();
  const bool whole = layers.last == spec_.layers;  // or prompts have layers before them still
  std::vector<model::Run> rows;
  std::vector<std::vector<TokenId>> tokens(runs.size());
  std::vector<std::vector<std::uint32_t>> pages(runs.size());
  std::size_t prompt_rows = 0, decode_rows = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto& run = runs[i];
    const Sequence& s = *run.sequence;
    const std::size_t known = std::min(run.count, s.ids.size() - run.first);
    tokens[i].assign(s.ids.begin() + static_cast<std::ptrdiff_t>(run.first),
                     s.ids.begin() + static_cast<std::ptrdiff_t>(run.first + known));
    tokens[i].insert(tokens[i].end(), s.draft.begin(),
                     s.draft.begin() + static_cast<std::ptrdiff_t>(run.count - known));
    for (const auto& page : s.pages) pages[i].push_back(page.index());
    rows.push_back({tokens[i], run.first, pages[i], run.generated, run.generated || whole ? run.logits : 0});
    (run.generated ? decode_rows : prompt_rows) += run.count;
  }
  const auto begin = Clock::now();
  for (const auto& run : runs)
    if (run.sequence->began == Clock::time_point{}) run.sequence->began = begin;
  team_.use(crew_.next(prompt_rows, decode_rows));
  decoder_.forward(rows, {layers.first, layers.last});
  const std::chrono::duration<double, std::milli> spent = Clock::now() - begin;
  crew_.learn(spent.count());
  scheduler_.costs().learn(prompt_rows, decode_rows, spent.count(),
                           static_cast<double>(layers.last - layers.first) / static_cast<double>(spec_.layers));
  scheduler_.computed_layers();
  if (!whole) prompt_rows = 0;
  counted_.prompt_tokens += prompt_rows;
  note_step(prompt_rows + decode_rows);
  std::size_t first_logits = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto& run = runs[i];
    if (!run.generated && !whole) continue;
    if (run.sequence->left) {
      first_logits += run.logits;
      continue;
    }
    Event event;
    if (run.sequence->request.embed) {
      pool(i, *run.sequence, run.first, run.count);
      scheduler_.computed(run);
      if (!run.sequence->prefilling) end_embedding(*run.sequence);
      continue;
    }
    if (!run.generated && run.sequence->scoring()) event.prompt = score_prompt(run, first_logits);
    scheduler_.computed(run);
    if (run.generated || !run.sequence->prefilling) {
      const std::size_t own = run.generated ? run.logits : 1;
      choose(run, first_logits + run.logits - own, std::move(event));
    } else if (!event.prompt.empty()) {
      channels_.at(run.sequence->id)->push(std::move(event));
    }
    first_logits += run.logits;
  }
  scheduler_.end_step();
}

/// Adds the hidden states of a run's rows to the sequence's sum.
void Engine::pool(std::size_t run, Sequence& s, std::size_t first, std::size_t count) {
  s.pool.resize(spec_.width);
  std::vector<float> hidden(spec_.width);
  for (std::size_t i = 0; i < count; ++i) {
    if (first + i < s.pooled) continue;  // computed anew after it had to give its pages away
    decoder_.hidden(run, i, hidden);
    for (std::size_t k = 0; k < hidden.size(); ++k) s.pool[k] += hidden[k];
    ++s.pooled;
  }
}

void Engine::end_embedding(Sequence& s) {
  const auto id = s.id;
  Event event{.finish = Finish::end};
  for (const double sum : s.pool) event.embedding.push_back(static_cast<float>(sum / static_cast<double>(s.pooled)));
  const auto channel = channels_.at(id);
  scheduler_.cancel(id);  // its pages are of no use to others: they are not looked for
  channels_.erase(id);
  note_finish();
  channel->push(std::move(event));
}

/// Scores of the prompt's tokens that stand behind the run's rows.
std::vector<Choice> Engine::score_prompt(const Scheduler::Run& run, std::size_t first_logits) {
  Sequence& s = *run.sequence;
  std::vector<Choice> scores;
  for (std::size_t i = 0; i < run.logits; ++i) {
    const std::size_t position = run.first + run.count - run.logits + i;
    if (position != s.scored || position + 1 >= s.prompt_tokens()) continue;
    scores.push_back(Sampler::score(decoder_.logits(first_logits + i), s.ids[position + 1], *s.request.score_prompt));
    ++s.scored;
  }
  return scores;
}

Choice Engine::choose_one(Sequence& s, std::span<float> logits) {
  std::span<const std::uint64_t> allowed;
  if (s.request.guide) {
    const std::size_t left = options_.scheduler.context - s.ids.size();
    const std::size_t remaining =
        s.request.max_tokens == 0 ? left : std::min(left, s.request.max_tokens - s.generated());
    if (!s.request.guide->free(remaining)) {
      allowed_.assign((spec_.vocabulary + 63) / 64, ~std::uint64_t{0});
      s.request.guide->mask(allowed_, remaining);
      allowed = allowed_;
    }
  }
  auto choice = s.sampler.choose(s.request.sampling, logits, s.ids, s.ids.size(), allowed);
  if (s.request.guide) s.request.guide->accept(choice.id);
  return choice;
}

/// Of a sequence that just got a token.
Times Engine::times_of(Sequence& s) {
  const auto now = Clock::now();
  if (s.first_token == Clock::time_point{}) s.first_token = now;
  const auto between = [](Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
  };
  return {between(s.arrived, s.began), between(s.began, s.first_token), between(s.first_token, now)};
}

/// Chooses the tokens of one sequence: of a speculated run, row after row while the guess came true.
void Engine::choose(const Scheduler::Run& run, std::size_t first_logits, Event event) {
  Sequence& sequence = *run.sequence;
  const auto id = sequence.id;
  const auto draft = sequence.draft;
  const auto channel = channels_.at(id);
  const std::size_t rows = run.generated ? run.logits : 1;
  event.cached = sequence.cached;
  Scheduler::More more = Scheduler::More::yes;
  try {
    for (std::size_t i = 0; i < rows && more == Scheduler::More::yes; ++i) {
      if (i > 0 && sequence.ids.back() != draft[i - 1]) break;
      auto choice = choose_one(sequence, decoder_.logits(first_logits + i));
      more = scheduler_.append(sequence, choice.id);
      if (more != Scheduler::More::end && sequence.request.guide && sequence.request.guide->finished())
        more = Scheduler::More::end;
      event.tokens.push_back(std::move(choice));
    }
  } catch (const Error& error) {
    end(id, Finish::failed, error.what(), error.code());
    return;
  }
  counted_.tokens += event.tokens.size();
  ++counted_.choices;
  if (!draft.empty()) ++counted_.drafts;
  counted_.draft_tokens += draft.size();
  event.times = times_of(sequence);
  if (run.generated) sequence.lookup.learn(draft.size(), event.tokens.size() - 1);
  if (more != Scheduler::More::yes) event.finish = more == Scheduler::More::end ? Finish::end : Finish::length;
  const bool finished = event.finish.has_value();
  channel->push(std::move(event));
  if (!finished) return;
  scheduler_.finish(sequence);
  channels_.erase(id);
  note_finish();
}

void Engine::end(std::uint64_t id, Finish finish, const std::string& error, Code code) {
  scheduler_.cancel(id);
  const auto at = channels_.find(id);
  if (at == channels_.end()) return;
  at->second->push({.finish = finish, .error = error, .code = code});
  channels_.erase(at);
}

}  // namespace cofre::engine
