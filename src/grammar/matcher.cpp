#include "grammar/matcher.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "grammar/limits.h"

namespace cofre::grammar {
namespace {

void or_bits(std::span<std::uint64_t> bits, const Bits& more) {
  for (std::size_t i = 0; i < more.size(); ++i) bits[i] |= more[i];
}

bool no_bit(std::span<const std::uint64_t> bits) {
  return std::all_of(bits.begin(), bits.end(), [](std::uint64_t word) { return word == 0; });
}

}  // namespace

Matcher::Matcher(std::shared_ptr<const Masks> masks)
    : masks_(std::move(masks)),
      stacks_(std::make_unique<Stacks>()),
      walker_(std::make_unique<Walker>(masks_->program(), masks_->costs(), *stacks_)) {
  const auto& program = masks_->program();
  history_.push_back(walker_->close({{program.rules[program.root].start, 0, 0}}));
}

Matcher::Matcher(const Matcher& other)
    : masks_(other.masks_),
      stacks_(std::make_unique<Stacks>(*other.stacks_)),
      walker_(std::make_unique<Walker>(masks_->program(), masks_->costs(), *stacks_)),
      history_(other.history_),
      finished_(other.finished_) {}

Matcher& Matcher::operator=(const Matcher& other) {
  if (this != &other) *this = Matcher(other);
  return *this;
}

void Matcher::fill_mask(std::span<std::uint64_t> bits, std::size_t remaining) {
  CHECK(bits.size() >= vocabulary().words());
  std::fill(bits.begin(), bits.end(), 0);
  if (finished_) return;
  walker_->trim();
  const auto most = remaining == 0 ? 0 : std::min<std::size_t>(remaining - 1, cost_max + std::size_t{1});
  const auto left_out = fill(bits, static_cast<std::uint32_t>(most));
  if (can_end()) {
    for (const auto end : vocabulary().ends()) set_bit(bits, end);
  } else if (left_out != UINT32_MAX && no_bit(bits)) {
    fill(bits, left_out);
  }
}

std::uint32_t Matcher::fill(std::span<std::uint64_t> bits, std::uint32_t limit) {
  std::uint32_t left_out = UINT32_MAX;
  const auto places = history_.back().threads;
  for (const auto& thread : places) {
    const bool text = masks_->program().states[thread.state].text != json_text::dead;
    left_out = std::min(left_out, text ? fill_text(bits, thread, limit) : fill_state(bits, thread, limit));
  }
  return left_out;
}

std::uint32_t Matcher::fill_text(std::span<std::uint64_t> bits, const Thread& thread, std::uint32_t limit) {
  const auto& program = masks_->program();
  const auto& rule = program.rules[program.states[thread.state].rule];
  const auto state = program.states[thread.state].text;
  const auto& tokens = vocabulary().text_tokens(state);
  const auto below = (*stacks_)[thread.stack].cost;
  const auto room = rule.most == UINT32_MAX ? UINT32_MAX : rule.most - thread.count;
  const auto wanted = rule.least > thread.count ? rule.least - thread.count : 0;
  std::uint32_t left_out = UINT32_MAX;

  if (add_cost(below, tokens.rest_max + 1u + std::min(wanted, cost_max)) <= limit) {
    or_bits(bits, room >= tokens.units_max ? tokens.inside_bits : vocabulary().inside_at_most(state, room));
  } else {
    for (const auto& inside : tokens.inside) {
      if (inside.units > room) continue;
      const auto cost =
          add_cost(below, inside.rest + 1u + std::min(wanted > inside.units ? wanted - inside.units : 0, cost_max));
      if (cost <= limit) {
        set_bit(bits, inside.token);
      } else {
        left_out = std::min(left_out, cost);
      }
    }
  }
  const auto closes = [&](const Vocabulary::TextTokens::Close& close) {
    return close.units >= wanted && close.units <= room;
  };
  if (below > limit) {
    if (std::any_of(tokens.closing.begin(), tokens.closing.end(), closes)) left_out = std::min(left_out, below);
  } else if (wanted == 0 && room >= tokens.units_max) {
    or_bits(bits, tokens.closing_bits);
  } else {
    for (const auto& close : tokens.closing)
      if (closes(close)) set_bit(bits, static_cast<TokenId>(close.at));
  }
  std::vector<std::uint32_t> nodes;
  for (const auto& close : tokens.leaving)
    if (closes(close)) nodes.push_back(close.at);
  return std::min(left_out, fill_leaving(bits, thread.stack, nodes, limit));
}

std::uint32_t Matcher::fill_state(std::span<std::uint64_t> bits, const Thread& thread, std::uint32_t limit) {
  const auto below = (*stacks_)[thread.stack].cost;
  std::uint32_t left_out = UINT32_MAX;
  const auto set = masks_->tokens_of(thread.state);
  for (const auto& group : set->groups) {
    const auto cost = add_cost(group.cost, below);
    if (cost > limit) {
      left_out = std::min(left_out, cost);
      break;
    }
    if (!group.bits.empty()) or_bits(bits, group.bits);
    for (const auto token : group.tokens) set_bit(bits, token);
  }
  for (const auto& jump : masks_->program().tokens_of(thread.state)) {
    const auto cost = add_cost(walker_->cost_of_state(jump.to), below);
    if (jump.value >= vocabulary().size()) continue;
    if (cost <= limit) {
      set_bit(bits, static_cast<TokenId>(jump.value));
    } else {
      left_out = std::min(left_out, cost);
    }
  }
  return std::min(left_out, fill_leaving(bits, thread.stack, set->leaving, limit));
}

/// Tokens that end the rule of a thread at one of `nodes` and go on in what stands below it.
std::uint32_t Matcher::fill_leaving(std::span<std::uint64_t> bits, std::uint32_t stack,
                                    std::span<const std::uint32_t> nodes, std::uint32_t limit) {
  std::uint32_t left_out = UINT32_MAX;
  if (stack == 0 || nodes.empty()) return left_out;
  const auto& entry = (*stacks_)[stack];
  const auto start = walker_->intern(walker_->close({{entry.state, 0, entry.below}}));
  if (start == Walker::dead) return left_out;
  const auto offer = [&](TokenId token, std::uint32_t cost) {
    if (cost <= limit) {
      set_bit(bits, token);
    } else {
      left_out = std::min(left_out, cost);
    }
  };
  for (const auto node : nodes)
    walker_->walk(
        vocabulary(), node, start, [&](TokenId token, Walker::Id id) { offer(token, walker_->cost(id)); },
        [&](std::span<const TokenId> tokens, std::uint32_t cost) {
          for (const auto token : tokens) offer(token, cost);
        },
        [](std::uint32_t) {});
  return left_out;
}

bool Matcher::accept(TokenId token) {
  if (finished_ || token < 0 || static_cast<std::size_t>(token) >= vocabulary().size()) return false;
  if (vocabulary().is_end(token) && can_end()) {
    history_.push_back({.threads = {}, .complete = true});
    finished_ = true;
    return true;
  }
  walker_->trim();
  const auto& program = masks_->program();
  std::vector<Thread> next;
  for (const auto& thread : history_.back().threads)
    for (const auto& jump : program.tokens_of(thread.state))
      if (jump.value == static_cast<std::uint32_t>(token)) next.push_back({jump.to, 0, thread.stack});
  const auto bytes = vocabulary().bytes(token);
  if (!bytes.empty() && !vocabulary().is_end(token)) {
    auto id = walker_->intern(history_.back());
    for (const char c : bytes)
      if (id != Walker::dead) id = walker_->step(id, static_cast<std::uint8_t>(c));
    if (id != Walker::dead && next.empty()) {
      history_.push_back((*walker_)[id]);
      return true;
    }
    // Both readings stay: places are closed already, and closing them again changes nothing but `complete`.
    if (id != Walker::dead) {
      auto places = walker_->close(next);
      const auto& also = (*walker_)[id];
      places.threads.insert(places.threads.end(), also.threads.begin(), also.threads.end());
      std::sort(places.threads.begin(), places.threads.end());
      places.threads.erase(std::unique(places.threads.begin(), places.threads.end()), places.threads.end());
      places.complete |= also.complete;
      history_.push_back(std::move(places));
      return true;
    }
  }
  if (next.empty()) return false;
  history_.push_back(walker_->close(std::move(next)));
  return true;
}

void Matcher::rollback(std::size_t count) {
  CHECK(count <= accepted());
  if (count == 0) return;
  history_.resize(history_.size() - count);
  finished_ = false;
}

std::size_t Matcher::tokens_to_end() const {
  if (can_end()) return 0;
  std::uint32_t cost = cost_max;
  for (const auto& thread : history_.back().threads) cost = std::min(cost, walker_->cost(thread));
  return cost;
}

std::string Matcher::forced(std::size_t most) {
  std::string out;
  if (finished_ || !history_.back().alive()) return out;
  walker_->trim();
  const auto& program = masks_->program();
  for (auto id = walker_->intern(history_.back()); out.size() < most;) {
    const auto& places = (*walker_)[id];
    if (places.complete) break;
    int only = -1;
    bool open = false;
    for (const auto& thread : places.threads) {
      const auto edges = program.edges_of(thread.state);
      open |= program.states[thread.state].text != json_text::dead || !program.tokens_of(thread.state).empty() ||
              edges.size() != 1 || edges[0].low != edges[0].high || (only >= 0 && only != edges[0].low);
      if (open) break;
      only = edges[0].low;
    }
    if (open || only < 0) break;
    out.push_back(static_cast<char>(only));
    id = walker_->step(id, static_cast<std::uint8_t>(only));
  }
  return out;
}

bool matches(const Program& program, std::string_view text) {
  Stacks stacks;
  Walker walker(program, {}, stacks);
  auto id = walker.intern(walker.close({{program.rules[program.root].start, 0, 0}}));
  for (const char c : text) {
    if (id == Walker::dead) return false;
    id = walker.step(id, static_cast<std::uint8_t>(c));
  }
  return id != Walker::dead && walker[id].complete;
}

}  // namespace cofre::grammar
