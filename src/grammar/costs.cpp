#include "grammar/costs.h"

#include <algorithm>
#include <array>
#include <queue>
#include <utility>

#include "grammar/walker.h"

namespace cofre::grammar {
namespace {

/// A byte that no single token stands for: taken only where a longer token covers it or nothing else ends.
constexpr std::uint32_t no_token = 1u << 20;

/// Shortest endings by bytes (Knuth's generalisation of Dijkstra's algorithm to grammars), then counted in tokens:
/// along the chosen ending of a state the longest-reaching tokens are found in the vocabulary's tree.
class Endings {
 public:
  Endings(const Program& program, const Vocabulary& vocabulary)
      : program_(program), vocabulary_(vocabulary), cost_(program.states.size() - 1, cost_max), choice_(cost_.size()) {
    byte_cost_.fill(no_token);
    const auto nodes = vocabulary.nodes();
    for (std::uint32_t node = 1; node < vocabulary.node_count(); node = nodes[node].end)
      if (!vocabulary.tokens_at(node).empty()) byte_cost_[nodes[node].byte] = 1;
  }

  std::vector<std::uint32_t> run() {
    link();
    settle_all();
    std::vector<std::uint32_t> tokens(cost_.size(), cost_max);
    for (const auto state : settled_) tokens[state] = count_tokens(state, tokens);
    return tokens;
  }

 private:
  enum class How : std::uint8_t { end, byte, token, call };
  struct Choice {
    How how = How::end;
    std::uint8_t byte = 0;
    std::uint32_t to = 0;
    RuleId rule = 0;
  };
  struct Back {
    std::uint32_t from;
    Choice choice;
    std::uint32_t cost;
  };
  struct Site {
    std::uint32_t from, to;
  };

  void link() {
    back_.resize(cost_.size());
    sites_.resize(program_.rules.size());
    starts_.resize(cost_.size());
    for (std::uint32_t s = 0; s < cost_.size(); ++s) {
      for (const auto& edge : program_.edges_of(s)) {
        std::uint8_t best = edge.low;
        for (int b = edge.low; b <= edge.high; ++b)
          if (byte_cost_[static_cast<std::size_t>(b)] < byte_cost_[best]) best = static_cast<std::uint8_t>(b);
        back_[edge.to].push_back({s, {How::byte, best, edge.to, 0}, byte_cost_[best]});
      }
      for (const auto& jump : program_.tokens_of(s)) back_[jump.to].push_back({s, {How::token, 0, jump.to, 0}, 1});
      for (const auto& jump : program_.calls_of(s)) {
        back_[jump.to].push_back({s, {How::call, 0, jump.to, jump.value}, 0});
        sites_[jump.value].push_back({s, jump.to});
      }
    }
    for (RuleId r = 0; r < program_.rules.size(); ++r) starts_[program_.rules[r].start].push_back(r);
  }

  void offer(std::uint32_t state, std::uint32_t cost, Choice choice) {
    if (cost >= cost_[state]) return;
    cost_[state] = cost;
    choice_[state] = choice;
    queue_.emplace(cost, state);
  }

  void settle_all() {
    for (std::uint32_t s = 0; s < cost_.size(); ++s) {
      const auto& state = program_.states[s];
      if (state.text == json_text::dead) {
        if (state.accepts) offer(s, 0, {});
      } else {
        const auto& rule = program_.rules[state.rule];
        const auto begun = rule.start == s ? std::min(rule.begun, rule.least) : 0;
        const auto own = state.text == json_text::closed ? 0 : json_text::rest(state.text) + 1u;
        offer(s, add_cost(own, state.text == json_text::closed ? 0 : std::min(rule.least - begun, cost_max)), {});
      }
    }
    std::vector<bool> done(cost_.size(), false);
    while (!queue_.empty()) {
      const auto [cost, s] = queue_.top();
      queue_.pop();
      if (done[s] || cost != cost_[s]) continue;
      done[s] = true;
      settled_.push_back(s);
      for (const auto& back : back_[s]) {
        if (back.choice.how != How::call) {
          offer(back.from, add_cost(cost, back.cost), back.choice);
        } else if (const auto start = program_.rules[back.choice.rule].start; done[start]) {
          offer(back.from, add_cost(cost, cost_[start]), back.choice);
        }
      }
      for (const auto rule : starts_[s])
        for (const auto& site : sites_[rule])
          if (done[site.to]) offer(site.from, add_cost(cost, cost_[site.to]), {How::call, 0, site.to, rule});
    }
  }

  std::uint32_t count_tokens(std::uint32_t state, const std::vector<std::uint32_t>& tokens) const {
    const auto& choice = choice_[state];
    if (choice.how == How::end) return cost_[state];
    if (choice.how == How::token) return add_cost(1, tokens[choice.to]);
    if (choice.how == How::call) return add_cost(tokens[program_.rules[choice.rule].start], tokens[choice.to]);
    const auto nodes = vocabulary_.nodes();
    std::uint32_t best = cost_max;
    std::uint32_t node = 0;
    for (auto at = state; choice_[at].how == How::byte;) {
      auto child = node + 1;
      while (child < nodes[node].end && nodes[child].byte != choice_[at].byte) child = nodes[child].end;
      if (child >= nodes[node].end) break;
      node = child;
      at = choice_[at].to;
      if (!vocabulary_.tokens_at(node).empty()) best = std::min(best, add_cost(1, tokens[at]));
    }
    return best;
  }

  const Program& program_;
  const Vocabulary& vocabulary_;
  std::array<std::uint32_t, 256> byte_cost_{};
  std::vector<std::uint32_t> cost_;
  std::vector<Choice> choice_;
  std::vector<std::vector<Back>> back_;
  std::vector<std::vector<Site>> sites_;     ///< [rule]
  std::vector<std::vector<RuleId>> starts_;  ///< [state]
  std::vector<std::uint32_t> settled_;       ///< nearest to the end first
  std::priority_queue<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::pair<std::uint32_t, std::uint32_t>>,
                      std::greater<>>
      queue_;
};

}  // namespace

std::vector<std::uint32_t> finishing_costs(const Program& program, const Vocabulary& vocabulary) {
  return Endings(program, vocabulary).run();
}

}  // namespace cofre::grammar
