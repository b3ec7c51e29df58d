#include "grammar/walker.h"

#include <algorithm>

#include "base/error.h"
#include "grammar/limits.h"

namespace cofre::grammar {
namespace {

constexpr Walker::Id unknown = UINT32_MAX - 1;
constexpr std::size_t seen_max = 4096;
constexpr std::size_t few = 16;  ///< so many threads are compared one by one

std::size_t hash_of(const Places& places) {
  std::size_t hash = places.complete ? 7 : 3;
  for (const auto& thread : places.threads)
    for (const std::size_t value : {thread.state, thread.count, thread.stack})
      hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 31);
}

}  // namespace

std::uint32_t Stacks::push(std::uint32_t state, std::uint32_t below, std::uint32_t cost) {
  const auto key = std::uint64_t{state} << 32 | below;
  const auto [found, fresh] = ids_.try_emplace(key, static_cast<std::uint32_t>(entries_.size()));
  if (fresh) entries_.push_back({state, below, add_cost(cost, entries_[below].cost)});
  return found->second;
}

std::uint32_t Walker::cost(const Thread& thread) const {
  const auto& state = program_.states[thread.state];
  std::uint32_t own = cost_of_state(thread.state);
  if (state.text != json_text::dead && state.text != json_text::closed) {
    const auto least = program_.rules[state.rule].least;
    own = json_text::rest(state.text) + 1u + (least > thread.count ? std::min(least - thread.count, cost_max) : 0);
  }
  return add_cost(own, stacks_[thread.stack].cost);
}

Places Walker::close(std::vector<Thread> work) {
  Places out;
  std::vector<Thread> done;
  std::size_t sorted = 0;  // done[0, sorted) is in order
  const auto visited = [&](const Thread& thread) {
    if (std::binary_search(done.begin(), done.begin() + static_cast<std::ptrdiff_t>(sorted), thread)) return true;
    return std::find(done.begin() + static_cast<std::ptrdiff_t>(sorted), done.end(), thread) != done.end();
  };
  while (!work.empty()) {
    const auto thread = work.back();
    work.pop_back();
    if (visited(thread)) continue;
    if (done.size() >= threads_max) fail(Code::exhausted, "the grammar leaves more than {} readings open", threads_max);
    done.push_back(thread);
    if (done.size() - sorted > few) {
      std::sort(done.begin(), done.end());
      sorted = done.size();
    }
    const auto& state = program_.states[thread.state];
    const bool text = state.text < json_text::closed;
    if (text || !program_.edges_of(thread.state).empty() || !program_.tokens_of(thread.state).empty())
      out.threads.push_back(thread);
    for (const auto& call : program_.calls_of(thread.state)) {
      const auto& rule = program_.rules[call.value];
      const auto stack =
          program_.states[call.to].last ? thread.stack : stacks_.push(call.to, thread.stack, cost_of_state(call.to));
      work.push_back({rule.start, std::min(rule.begun, rule.most == UINT32_MAX ? rule.least : rule.most), stack});
    }
    if (!state.accepts) continue;
    if (thread.stack == 0) {
      out.complete = true;
    } else {
      const auto& entry = stacks_[thread.stack];
      work.push_back({entry.state, 0, entry.below});
    }
  }
  std::sort(out.threads.begin(), out.threads.end());
  return out;
}

Walker::Id Walker::intern(Places places) {
  if (!places.alive()) return dead;
  const auto hash = hash_of(places);
  for (auto [at, end] = ids_.equal_range(hash); at != end; ++at) {
    const auto& known = seen_[at->second].places;
    if (known.complete == places.complete && known.threads == places.threads) return at->second;
  }
  Seen seen;
  seen.cost = places.complete ? 0 : cost_max;
  for (const auto& thread : places.threads) seen.cost = std::min(seen.cost, cost(thread));
  if (places.threads.size() == 1 && !places.complete) {
    const auto& thread = places.threads[0];
    const auto& rule = program_.rules[program_.states[thread.state].rule];
    if (rule.text && rule.most == UINT32_MAX && thread.count >= rule.least) {
      seen.text = program_.states[thread.state].text;
      // What on_all() reports is the cost between two characters.
      if (seen.text != json_text::boundary) seen.text = json_text::dead;
    }
  }
  seen.places = std::move(places);
  const auto id = static_cast<Id>(seen_.size());
  seen_.push_back(std::move(seen));
  ids_.emplace(hash, id);
  return id;
}

Places Walker::after(const Places& places, std::uint8_t byte) {
  std::vector<Thread> next;
  for (const auto& thread : places.threads) {
    const auto& state = program_.states[thread.state];
    if (state.text != json_text::dead) {
      const auto& rule = program_.rules[state.rule];
      const auto to = json_text::step(state.text, byte);
      auto count = thread.count;
      if (to == json_text::dead || (to == json_text::closed && count < rule.least)) continue;
      if (state.text == json_text::boundary && to != json_text::closed) {
        if (count == rule.most) continue;
        if (rule.most != UINT32_MAX || count < rule.least) ++count;  // of strings without end only the least matters
      }
      next.push_back({rule.first + to, to == json_text::closed ? 0 : count, thread.stack});
      continue;
    }
    const auto edges = program_.edges_of(thread.state);
    const auto at = std::upper_bound(edges.begin(), edges.end(), byte,
                                     [](std::uint8_t b, const Dfa::Edge& e) { return b < e.low; });
    if (at != edges.begin() && byte <= std::prev(at)->high) next.push_back({std::prev(at)->to, 0, thread.stack});
  }
  if (next.empty()) return {};
  return close(std::move(next));
}

Walker::Id Walker::step(Id from, std::uint8_t byte) {
  auto row = seen_[from].nexts;
  if (row == UINT32_MAX) {
    row = seen_[from].nexts = static_cast<std::uint32_t>(next_.size());
    next_.emplace_back().fill(unknown);
  }
  if (const auto known = next_[row][byte]; known != unknown) return known;
  const auto id = intern(after(seen_[from].places, byte));
  return next_[row][byte] = id;
}

void Walker::trim() {
  if (seen_.size() <= seen_max) return;
  seen_.clear();
  ids_.clear();
  next_.clear();
}

}  // namespace cofre::grammar
