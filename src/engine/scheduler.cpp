#include "engine/scheduler.h"

#include <algorithm>
#include <climits>

#include "base/error.h"

namespace cofre::engine {

Scheduler::Scheduler(PagePool& pool, PrefixTree& tree, const Options& options)
    : pool_(pool), tree_(tree), options_(options) {}

Sequence& Scheduler::submit(std::uint64_t id, Request request) {
  if (request.prompt.empty()) fail_field(Code::invalid, "prompt", "the prompt is empty");
  const std::size_t most = std::min(options_.context, pool_.pages() * page_tokens);
  if (request.prompt.size() >= most)
    fail_field(Code::invalid, "prompt", "the prompt is {} tokens long; the context holds {}", request.prompt.size(),
               most);
  if (waiting_.size() >= options_.queue) fail(Code::exhausted, "{} requests wait already", waiting_.size());
  auto sequence = std::make_unique<Sequence>();
  sequence->id = id;
  sequence->ids = request.prompt;
  sequence->request = std::move(request);
  waiting_.push_back(std::move(sequence));
  return *waiting_.back();
}

void Scheduler::cancel(std::uint64_t id) {
  const auto same = [id](const Owned& sequence) { return sequence->id == id; };
  std::erase_if(waiting_, same);
  const auto at = std::find_if(running_.begin(), running_.end(), same);
  if (at == running_.end()) return;
  const auto is_piece = [&](const Run& run) { return run.sequence == at->get(); };
  if (std::any_of(chunk_.runs.begin(), chunk_.runs.end(), is_piece)) {
    (*at)->left = true;
    chunk_.left.push_back(std::move(*at));
    if (chunk_.left.size() == chunk_.runs.size()) chunk_ = {};
  }
  running_.erase(at);
}

/// Pages for the first `tokens` tokens of a sequence.
bool Scheduler::grow(Sequence& sequence, std::size_t tokens) {
  while (sequence.pages.size() * page_tokens < tokens) {
    auto page = pool_.allocate();
    if (!page && tree_.evict(8) > 0) page = pool_.allocate();
    if (!page) return false;
    sequence.pages.push_back(std::move(*page));
  }
  return true;
}

/// Sends the youngest of the lowest priority back to the queue, where it is computed again later.
bool Scheduler::preempt_for(Sequence& sequence) {
  auto victim = running_.end();
  for (auto at = running_.begin(); at != running_.end(); ++at) {
    if (at->get() == &sequence || (*at)->request.priority > sequence.request.priority) continue;
    if (victim == running_.end() || (*at)->request.priority <= (*victim)->request.priority) victim = at;
  }
  if (victim == running_.end()) return false;
  Sequence& one = **victim;
  const auto is_piece = [&](const Run& run) { return run.sequence == &one; };
  if (std::any_of(chunk_.runs.begin(), chunk_.runs.end(), is_piece)) chunk_ = {};  // all of it is computed anew
  one.pages.clear();
  one.computed = 0;
  one.prefilling = true;
  one.draft.clear();
  ++preemptions_;
  waiting_.splice(waiting_.begin(), running_, victim);
  return true;
}

/// Whether another one is just reading the prompt that it shares.
bool Scheduler::waits_for_its_group(const Sequence& sequence) const {
  if (sequence.request.group == 0) return false;
  return std::any_of(running_.begin(), running_.end(),
                     [&](const Owned& one) { return one->prefilling && one->request.group == sequence.request.group; });
}

void Scheduler::admit() {
  while (!waiting_.empty() && running_.size() < options_.sequences) {
    const auto better = [this](const Owned& a, const Owned& b) {
      if (a->request.priority != b->request.priority) return a->request.priority > b->request.priority;
      return served_[a->request.salt] < served_[b->request.salt];  // equal: the earlier one stays first
    };
    auto best = waiting_.end();
    for (auto at = waiting_.begin(); at != waiting_.end(); ++at)
      if (!waits_for_its_group(**at) && (best == waiting_.end() || better(*at, *best))) best = at;
    if (best == waiting_.end()) return;
    Sequence& sequence = **best;
    if (sequence.pages.empty()) {
      // The last token's row is always computed: its logits are wanted.
      if (!sequence.whole_prompt())
        sequence.pages = tree_.match(sequence.request.salt, std::span(sequence.ids).first(sequence.ids.size() - 1));
      sequence.computed = sequence.pages.size() * page_tokens;
      if (sequence.generated() == 0) sequence.cached = sequence.computed;
    }
    const std::size_t needed = (sequence.ids.size() + 1 + page_tokens - 1) / page_tokens - sequence.pages.size();
    if (needed > pool_.free_pages() && needed > pool_.free_pages() + tree_.evict(needed - pool_.free_pages())) {
      if (running_.empty() && needed > pool_.free_pages()) {
        failed_.push_back(sequence.id);
        waiting_.erase(best);
        continue;
      }
      sequence.pages.clear();
      sequence.computed = 0;
      return;
    }
    running_.splice(running_.end(), waiting_, best);
  }
}

void Scheduler::plan_decode(std::vector<Run>& runs) {
  std::vector<Sequence*> ready;
  for (const auto& sequence : running_)
    if (!sequence->prefilling) ready.push_back(sequence.get());
  for (Sequence* sequence : ready) {
    const auto still_runs = [&] {
      return std::any_of(running_.begin(), running_.end(),
                         [&](const Owned& one) { return one.get() == sequence && !one->prefilling; });
    };
    if (!still_runs()) continue;  // preempted by one before it
    sequence->draft.clear();
    const std::size_t room = options_.context - sequence->ids.size();
    if (sequence->request.speculate && ready.size() == 1 && options_.draft > 0 && room > options_.draft)
      sequence->draft = sequence->lookup.propose(sequence->ids, options_.draft);
    bool fits = grow(*sequence, sequence->ids.size() + sequence->draft.size());
    while (!fits && preempt_for(*sequence)) fits = grow(*sequence, sequence->ids.size() + sequence->draft.size());
    if (!fits) {
      failed_.push_back(sequence->id);
      cancel(sequence->id);
      continue;
    }
    const std::size_t rows = 1 + sequence->draft.size();
    runs.push_back({sequence, sequence->ids.size() - 1, rows, true, rows});
  }
  // A later one may have taken pages from an earlier one: its run is void.
  std::erase_if(runs, [](const Run& run) { return run.sequence->prefilling; });
}

/// What the next step may take beside generated rows.
double Scheduler::budget_ms(std::size_t decode_rows) const {
  if (decode_rows == 0) return options_.alone_budget_ms;
  constexpr std::size_t most = 4;  // in a crowd a step takes four times as long, and no longer
  int generating = INT_MIN;
  for (const auto& one : running_)
    if (!one->prefilling) generating = std::max(generating, one->request.priority);
  const auto counts = [&](const Owned& one) { return one->prefilling && one->request.priority >= generating; };
  const auto prompts = static_cast<std::size_t>(std::count_if(running_.begin(), running_.end(), counts) +
                                                std::count_if(waiting_.begin(), waiting_.end(), counts));
  return options_.step_budget_ms * static_cast<double>(std::clamp<std::size_t>(prompts, 1, most));
}

/// Rows of the next chunk.
std::size_t Scheduler::prompt_rows(std::size_t decode_rows, double budget_ms) const {
  constexpr std::size_t least = 8;  // prompts never stand still
  constexpr std::size_t most_in_parts = 256;
  std::size_t rows = std::max(least, costs_.prompt_rows(decode_rows, budget_ms));
  if (options_.layers > 1) rows = std::max(rows, std::min(costs_.worthwhile_rows(), most_in_parts));
  return std::min(options_.rows, rows);
}

/// The next rows of those prompts whose turn it is.
void Scheduler::make_chunk(std::size_t rows) {
  std::vector<Sequence*> prompts;
  for (const auto& sequence : running_)
    if (sequence->prefilling) prompts.push_back(sequence.get());
  std::stable_sort(prompts.begin(), prompts.end(), [this](const Sequence* a, const Sequence* b) {
    if (a->request.priority != b->request.priority) return a->request.priority > b->request.priority;
    return served_[a->request.salt] < served_[b->request.salt];
  });
  std::size_t scored_rows = options_.scored_rows;
  for (Sequence* sequence : prompts) {
    if (chunk_.rows == rows) return;
    const std::size_t left = sequence->ids.size() - sequence->computed;
    const bool scoring = sequence->scoring();
    const std::size_t count = std::min({left, rows - chunk_.rows, scoring ? scored_rows : rows});
    if (count == 0 || !grow(*sequence, sequence->computed + count)) continue;  // waits until others finish
    chunk_.runs.push_back({sequence, sequence->computed, count, false,
                           scoring                                     ? count
                           : count == left && !sequence->request.embed ? std::size_t{1}
                                                                       : std::size_t{0}});
    chunk_.rows += count;
    if (scoring) scored_rows -= count;
  }
}

std::vector<Scheduler::Run> Scheduler::plan_prompts(std::size_t decode_rows) {
  const double budget = budget_ms(decode_rows);
  if (chunk_.runs.empty()) make_chunk(prompt_rows(decode_rows, budget));
  if (chunk_.runs.empty()) return {};
  const double part = (budget - costs_.ms(0, decode_rows)) / costs_.ms(chunk_.rows, 0);
  const auto layers = static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * static_cast<double>(options_.layers));
  chunk_.next = std::min(options_.layers, chunk_.done + std::max<std::size_t>(layers, 1));
  return chunk_.runs;
}

void Scheduler::computed_layers() {
  chunk_.done = chunk_.next;
  if (chunk_.done < options_.layers) return;
  ended_ = std::move(chunk_.left);
  chunk_ = {};
}

std::vector<Scheduler::Run> Scheduler::plan() {
  admit();
  std::vector<Run> generated;
  plan_decode(generated);
  std::size_t decode_rows = 0;
  for (const auto& run : generated) decode_rows += run.count;
  auto runs = plan_prompts(decode_rows);
  runs.insert(runs.end(), generated.begin(), generated.end());
  if (runs.empty() && !running_.empty()) {  // prompts hold all pages between them: the youngest goes back
    if (preempt_for(*running_.front())) return plan();
    failed_.push_back(running_.front()->id);
    cancel(running_.front()->id);
  }
  return runs;
}

void Scheduler::computed(const Run& run) {
  Sequence& sequence = *run.sequence;
  auto& served = served_[sequence.request.salt];
  served += static_cast<double>(run.count);
  if (served > 1e6)
    for (auto& [salt, tokens] : served_) tokens /= 2;
  if (run.generated) return;
  sequence.computed = run.first + run.count;
  if (sequence.computed == sequence.ids.size()) {
    sequence.prefilling = false;
    store_prefix(sequence);
  }
}

Scheduler::More Scheduler::append(Sequence& sequence, TokenId token) {
  sequence.computed = sequence.ids.size();
  sequence.ids.push_back(token);
  const auto& ends = sequence.request.ends;
  if (std::find(ends.begin(), ends.end(), token) != ends.end()) return More::end;
  const std::size_t most = sequence.request.max_tokens;
  if ((most > 0 && sequence.generated() >= most) || sequence.ids.size() >= options_.context) return More::length;
  return More::yes;
}

void Scheduler::store_prefix(const Sequence& sequence) {
  if (!sequence.request.cache) return;
  const std::size_t full = std::min(sequence.computed, sequence.ids.size()) / page_tokens;
  tree_.insert(sequence.request.salt, std::span(sequence.ids).first(full * page_tokens),
               std::span(sequence.pages).first(full));
}

void Scheduler::finish(Sequence& sequence) {
  store_prefix(sequence);
  cancel(sequence.id);
}

}  // namespace cofre::engine
