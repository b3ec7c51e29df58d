#include "rules/words.h"

#include <algorithm>

namespace cofre::rules {

void Words::add(std::u32string_view word, std::uint32_t rule) {
  State at = 0;
  for (const char32_t code : word) {
    const auto [found, fresh] = edges_.try_emplace(edge(at, code), static_cast<State>(nodes_.size()));
    if (fresh) nodes_.push_back({.depth = nodes_[at].depth + 1});
    nodes_[at].has_next = true;
    at = found->second;
  }
  if (at != 0) nodes_[at].rules.push_back(rule);
}

void Words::ready() {
  struct Edge {
    State from, to;
    char32_t code;
  };
  std::vector<Edge> edges;
  for (const auto& [key, to] : edges_) {
    edges.push_back({static_cast<State>(key >> 32), to, static_cast<char32_t>(key & 0xffffffff)});
  }
  std::sort(edges.begin(), edges.end(),
            [&](const Edge& a, const Edge& b) { return nodes_[a.to].depth < nodes_[b.to].depth; });
  for (const auto& one : edges) {
    auto& node = nodes_[one.to];
    node.fail = one.from == 0 ? 0 : step(nodes_[one.from].fail, one.code);
    node.open = node.has_next ? node.depth : nodes_[node.fail].open;
    node.shorter = nodes_[node.fail].rules.empty() ? nodes_[node.fail].shorter : node.fail;
  }
}

Words::State Words::step(State state, char32_t code) const {
  while (true) {
    const auto found = edges_.find(edge(state, code));
    if (found != edges_.end()) return found->second;
    if (state == 0) return 0;
    state = nodes_[state].fail;
  }
}

}  // namespace cofre::rules
