#include "grammar/masks.h"

#include <algorithm>
#include <map>
#include <utility>

#include "grammar/costs.h"
#include "grammar/limits.h"

namespace cofre::grammar {

Masks::Masks(std::shared_ptr<const Program> program, std::shared_ptr<const Vocabulary> vocabulary)
    : program_(std::move(program)),
      vocabulary_(std::move(vocabulary)),
      costs_(finishing_costs(*program_, *vocabulary_)) {}

std::shared_ptr<const Masks::TokenSet> Masks::tokens_of(std::uint32_t state) const {
  {
    const std::lock_guard guard(lock_);
    if (const auto found = sets_.find(state); found != sets_.end()) return found->second;
  }
  std::size_t bytes = 0;
  auto set = find_tokens(state, bytes);
  const std::lock_guard guard(lock_);
  if (bytes_ + bytes > cached_bytes_max) {
    sets_.clear();
    bytes_ = 0;
  }
  bytes_ += bytes;
  return sets_.try_emplace(state, std::move(set)).first->second;
}

std::shared_ptr<const Masks::TokenSet> Masks::find_tokens(std::uint32_t state, std::size_t& bytes) const {
  Stacks stacks;
  Walker walker(*program_, costs_, stacks);
  std::map<std::uint32_t, std::vector<TokenId>> by_cost;
  auto set = std::make_shared<TokenSet>();
  std::uint32_t last_cost = UINT32_MAX;
  std::vector<TokenId>* last = nullptr;  // neighbours mostly cost the same
  const auto group = [&](std::uint32_t cost) -> std::vector<TokenId>& {
    if (cost != last_cost) last = &by_cost[cost], last_cost = cost;
    return *last;
  };
  walker.walk(
      *vocabulary_, 0, walker.intern({.threads = {{state, 0, 0}}}),
      [&](TokenId token, Walker::Id id) { group(walker.cost(id)).push_back(token); },
      [&](std::span<const TokenId> tokens, std::uint32_t cost) {
        auto& to = group(cost);
        to.insert(to.end(), tokens.begin(), tokens.end());
      },
      [&](std::uint32_t node) { set->leaving.push_back(node); });
  for (auto& [cost, tokens] : by_cost) {
    auto& out = set->groups.emplace_back();
    out.cost = cost;
    if (tokens.size() > vocabulary_->words()) {
      out.bits.assign(vocabulary_->words(), 0);
      for (const auto token : tokens) set_bit(out.bits, token);
    } else {
      out.tokens = std::move(tokens);
    }
    bytes += 64 + out.bits.size() * sizeof(out.bits[0]) + out.tokens.size() * sizeof(TokenId);
  }
  bytes += set->leaving.size() * sizeof(std::uint32_t) + sizeof(TokenSet);
  return set;
}

}  // namespace cofre::grammar
