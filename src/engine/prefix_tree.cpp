#include "engine/prefix_tree.h"

#include <algorithm>

namespace cofre::engine {
namespace {

std::uint64_t mix(std::uint64_t x) {  // SplitMix64's finalizer
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ x >> 27) * 0x94d049bb133111ebull;
  return x ^ x >> 31;
}

std::uint64_t chain(std::uint64_t parent, std::span<const std::int32_t> tokens) {
  std::uint64_t hash = parent;
  for (std::int32_t token : tokens) hash = mix(hash + 0x9e3779b97f4a7c15ull + static_cast<std::uint32_t>(token));
  return hash;
}

}  // namespace

PrefixTree::Block* PrefixTree::find(std::uint64_t hash, std::uint64_t parent, std::uint64_t salt,
                                    std::span<const std::int32_t> tokens) {
  const auto at = blocks_.find(hash);
  if (at == blocks_.end()) return nullptr;
  Block& block = at->second;
  const bool same =
      block.parent == parent && block.salt == salt && std::equal(tokens.begin(), tokens.end(), block.tokens.begin());
  return same ? &block : nullptr;
}

std::vector<Page> PrefixTree::match(std::uint64_t salt, std::span<const std::int32_t> ids) {
  std::vector<Page> pages;
  std::uint64_t parent = mix(salt);
  for (std::size_t at = 0; at + page_tokens <= ids.size(); at += page_tokens) {
    const auto tokens = ids.subspan(at, page_tokens);
    const auto hash = chain(parent, tokens);
    Block* block = find(hash, parent, salt, tokens);
    if (block == nullptr) break;
    order_.splice(order_.end(), order_, block->used);
    pages.push_back(block->page);
    parent = hash;
  }
  return pages;
}

void PrefixTree::insert(std::uint64_t salt, std::span<const std::int32_t> ids, std::span<const Page> pages) {
  std::uint64_t parent = mix(salt);
  Block* above = nullptr;
  for (std::size_t i = 0; i < pages.size() && (i + 1) * page_tokens <= ids.size(); ++i) {
    const auto tokens = ids.subspan(i * page_tokens, page_tokens);
    const auto hash = chain(parent, tokens);
    Block* block = find(hash, parent, salt, tokens);
    if (block == nullptr) {
      if (blocks_.contains(hash)) return;  // another chain has this hash: not stored
      order_.push_back(hash);
      block = &blocks_
                   .emplace(hash, Block{parent, salt, std::vector<std::int32_t>(tokens.begin(), tokens.end()), pages[i],
                                        0, std::prev(order_.end())})
                   .first->second;
      if (above != nullptr) ++above->children;
    } else {
      order_.splice(order_.end(), order_, block->used);
    }
    above = block;
    parent = hash;
  }
}

std::size_t PrefixTree::evict(std::size_t count) {
  std::size_t evicted = 0;
  // A leaf that goes may make its parent a leaf: parents were used no later, so they stand before it.
  for (bool found = true; found && evicted < count;) {
    found = false;
    for (auto at = order_.begin(); at != order_.end() && evicted < count;) {
      const auto block = blocks_.find(*at);
      if (block->second.children > 0 || !block->second.page.sole()) {
        ++at;
        continue;
      }
      if (const auto above = blocks_.find(block->second.parent); above != blocks_.end()) --above->second.children;
      at = order_.erase(at);
      blocks_.erase(block);
      ++evicted;
      found = true;
    }
  }
  return evicted;
}

}  // namespace cofre::engine
