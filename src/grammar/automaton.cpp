#include "grammar/automaton.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "grammar/limits.h"

namespace cofre::grammar {
namespace {

constexpr std::size_t minimize_work_max = 2'000'000;  ///< states looked at

using Set = std::vector<std::uint32_t>;

struct SetHash {
  std::size_t operator()(const Set& set) const noexcept {
    std::size_t hash = set.size();
    for (const auto value : set) hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
  }
};

class Subsets {
 public:
  Subsets(const Nfa& nfa, std::size_t limit) : nfa_(nfa), limit_(limit), mark_(nfa.states.size(), 0) {}

  Dfa run() {
    id_of({nfa_.start});
    for (std::size_t at = 0; at < sets_.size(); ++at) {
      const Set set = sets_[at];  // a copy: sets_ grows
      expand_bytes(set, at);
      expand_jumps(set, at, Nfa::Label::call);
      expand_jumps(set, at, Nfa::Label::token);
    }
    return std::move(dfa_);
  }

 private:
  Set closure(Set set) {
    ++round_;
    Set out;
    for (const auto state : set) mark_[state] = round_;
    while (!set.empty()) {
      const auto state = set.back();
      set.pop_back();
      out.push_back(state);
      for (const auto& edge : nfa_.states[state]) {
        if (edge.label != Nfa::Label::nothing || mark_[edge.to] == round_) continue;
        mark_[edge.to] = round_;
        set.push_back(edge.to);
      }
    }
    std::erase_if(out, [&](std::uint32_t state) { return state != nfa_.accept && !labelled(state); });
    std::sort(out.begin(), out.end());
    return out;
  }

  bool labelled(std::uint32_t state) const {
    return std::any_of(nfa_.states[state].begin(), nfa_.states[state].end(),
                       [](const Nfa::Edge& edge) { return edge.label != Nfa::Label::nothing; });
  }

  std::uint32_t id_of(Set targets) {
    std::sort(targets.begin(), targets.end());
    targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
    Set set = closure(std::move(targets));
    const auto [found, fresh] = ids_.try_emplace(set, static_cast<std::uint32_t>(sets_.size()));
    if (fresh) {
      if (sets_.size() >= limit_) fail(Code::exhausted, "the grammar needs more than {} states", limit_);
      if ((places_ += set.size()) > subset_places_max)
        fail(Code::exhausted, "the grammar is too ambiguous to be compiled");
      dfa_.states.emplace_back();
      dfa_.states.back().accepts = std::binary_search(set.begin(), set.end(), nfa_.accept);
      sets_.push_back(std::move(set));
    }
    return found->second;
  }

  void expand_bytes(const Set& set, std::size_t at) {
    std::vector<Nfa::Edge> edges;
    std::vector<int> cuts;
    for (const auto state : set)
      for (const auto& edge : nfa_.states[state]) {
        if (edge.label != Nfa::Label::bytes) continue;
        edges.push_back(edge);
        cuts.push_back(edge.low);
        cuts.push_back(edge.high + 1);
      }
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      Set targets;
      for (const auto& edge : edges)
        if (edge.low <= cuts[i] && cuts[i] <= edge.high) targets.push_back(edge.to);
      if (targets.empty()) continue;
      const auto to = id_of(std::move(targets));
      auto& out = dfa_.states[at].edges;
      const auto low = static_cast<std::uint8_t>(cuts[i]), high = static_cast<std::uint8_t>(cuts[i + 1] - 1);
      if (!out.empty() && out.back().to == to && out.back().high + 1 == low) {
        out.back().high = high;
      } else {
        out.push_back({low, high, to});
      }
    }
  }

  void expand_jumps(const Set& set, std::size_t at, Nfa::Label label) {
    std::map<std::uint32_t, Set> targets;
    for (const auto state : set)
      for (const auto& edge : nfa_.states[state])
        if (edge.label == label) targets[edge.value].push_back(edge.to);
    for (auto& [value, to] : targets) {
      const auto id = id_of(std::move(to));
      auto& state = dfa_.states[at];
      (label == Nfa::Label::call ? state.calls : state.tokens).push_back({value, id});
    }
  }

  const Nfa& nfa_;
  const std::size_t limit_;
  std::vector<std::uint32_t> mark_;
  std::uint32_t round_ = 0;
  std::vector<Set> sets_;
  std::size_t places_ = 0;  ///< in all sets
  std::unordered_map<Set, std::uint32_t, SetHash> ids_;
  Dfa dfa_;
};

std::uint32_t target(const Dfa::State& state, int byte) {
  for (const auto& edge : state.edges)
    if (edge.low <= byte && byte <= edge.high) return edge.to;
  return UINT32_MAX;
}

/// Drops states from which no accepting one is reached. State 0 stays.
Dfa trim(const Dfa& dfa) {
  const std::size_t n = dfa.states.size();
  std::vector<std::vector<std::uint32_t>> before(n);
  std::vector<std::uint32_t> work;
  std::vector<bool> useful(n, false);
  for (std::uint32_t s = 0; s < n; ++s) {
    for (const auto& edge : dfa.states[s].edges) before[edge.to].push_back(s);
    if (dfa.states[s].accepts) work.push_back(s), useful[s] = true;
  }
  while (!work.empty()) {
    const auto s = work.back();
    work.pop_back();
    for (const auto p : before[s])
      if (!useful[p]) useful[p] = true, work.push_back(p);
  }
  std::vector<std::uint32_t> id(n, UINT32_MAX);
  Dfa out;
  for (std::uint32_t s = 0; s < n; ++s) {
    if (s != 0 && !useful[s]) continue;
    id[s] = static_cast<std::uint32_t>(out.states.size());
    out.states.emplace_back();
  }
  for (std::uint32_t s = 0; s < n; ++s) {
    if (id[s] == UINT32_MAX) continue;
    out.states[id[s]].accepts = dfa.states[s].accepts;
    for (const auto& edge : dfa.states[s].edges)
      if (useful[edge.to]) out.states[id[s]].edges.push_back({edge.low, edge.high, id[edge.to]});
  }
  return out;
}

}  // namespace

bool Dfa::matches(std::string_view text) const {
  std::uint32_t state = 0;
  for (const char c : text) {
    state = target(states[state], static_cast<std::uint8_t>(c));
    if (state == UINT32_MAX) return false;
  }
  return states[state].accepts;
}

bool Dfa::empty() const {
  std::vector<bool> seen(states.size(), false);
  std::vector<std::uint32_t> work{0};
  seen[0] = true;
  while (!work.empty()) {
    const auto s = work.back();
    work.pop_back();
    if (states[s].accepts) return false;
    for (const auto& edge : states[s].edges)
      if (!seen[edge.to]) seen[edge.to] = true, work.push_back(edge.to);
  }
  return true;
}

Dfa determinize(const Nfa& nfa, std::size_t limit) { return Subsets(nfa, limit).run(); }

Dfa combine(const Dfa& a, const Dfa& b, Combine how, std::size_t limit) {
  Dfa out;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> ids;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  const auto id_of = [&](std::uint32_t x, std::uint32_t y) {
    const auto [found, fresh] = ids.try_emplace({x, y}, static_cast<std::uint32_t>(pairs.size()));
    if (fresh) {
      if (pairs.size() >= limit) fail(Code::exhausted, "the grammar needs more than {} states", limit);
      pairs.emplace_back(x, y);
      out.states.emplace_back();
      const bool second = y != UINT32_MAX && b.states[y].accepts;
      out.states.back().accepts = a.states[x].accepts && (how == Combine::both ? second : !second);
    }
    return found->second;
  };
  id_of(0, 0);
  for (std::size_t at = 0; at < pairs.size(); ++at) {
    const auto [x, y] = pairs[at];
    for (const auto& edge : a.states[x].edges)
      for (int low = edge.low; low <= edge.high;) {
        // The longest run of bytes that leads the second automaton to one state too.
        const auto to = y == UINT32_MAX ? UINT32_MAX : target(b.states[y], low);
        int high = low;
        while (high < edge.high && (y == UINT32_MAX ? UINT32_MAX : target(b.states[y], high + 1)) == to) ++high;
        if (to != UINT32_MAX || how == Combine::first_only) {
          const auto id = id_of(edge.to, to);
          out.states[at].edges.push_back({static_cast<std::uint8_t>(low), static_cast<std::uint8_t>(high), id});
        }
        low = high + 1;
      }
  }
  return trim(out);
}

Dfa minimize(const Dfa& dfa) {
  const std::size_t n = dfa.states.size();
  std::vector<std::uint32_t> group(n);
  for (std::size_t s = 0; s < n; ++s) group[s] = dfa.states[s].accepts ? 1 : 0;
  std::size_t groups = 0;
  std::size_t work = 0;
  for (std::size_t before = std::set<std::uint32_t>(group.begin(), group.end()).size();; before = groups) {
    if ((work += n) > minimize_work_max) return dfa;
    std::unordered_map<Set, std::uint32_t, SetHash> ids;
    std::vector<std::uint32_t> next(n);
    for (std::size_t s = 0; s < n; ++s) {
      Set key{group[s]};
      const auto& state = dfa.states[s];
      for (std::size_t i = 0; i < state.edges.size(); ++i) {  // neighbours that lead to one group count as one
        auto edge = state.edges[i];
        while (i + 1 < state.edges.size() && state.edges[i + 1].low == edge.high + 1 &&
               group[state.edges[i + 1].to] == group[edge.to])
          edge.high = state.edges[++i].high;
        key.push_back(edge.low | edge.high << 8 | 1u << 16);
        key.push_back(group[edge.to]);
      }
      for (const auto& jump : state.calls) key.insert(key.end(), {2u << 16, jump.value, group[jump.to]});
      for (const auto& jump : state.tokens) key.insert(key.end(), {3u << 16, jump.value, group[jump.to]});
      next[s] = ids.try_emplace(std::move(key), static_cast<std::uint32_t>(ids.size())).first->second;
    }
    groups = ids.size();
    group = std::move(next);
    if (groups == before) break;
  }
  // Groups are numbered by their first state, so the start's is 0.
  Dfa out;
  out.states.resize(groups);
  std::vector<bool> done(groups, false);
  for (std::size_t s = 0; s < n; ++s) {
    if (done[group[s]]) continue;
    done[group[s]] = true;
    auto state = dfa.states[s];
    for (auto& edge : state.edges) edge.to = group[edge.to];
    for (auto& jump : state.calls) jump.to = group[jump.to];
    for (auto& jump : state.tokens) jump.to = group[jump.to];
    out.states[group[s]] = std::move(state);
  }
  return out;
}

}  // namespace cofre::grammar
