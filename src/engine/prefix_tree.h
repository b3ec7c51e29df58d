#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/page_pool.h"

namespace cofre::engine {

/// Full KV pages by the tokens that led to them, so that prompts that begin alike are computed once.
///
/// A block is found by a hash chain that begins with its tenant's salt, and its tokens are compared too: neither chance
/// nor another tenant can bring a foreign page. Least recently used leaves leave first.
class PrefixTree {
 public:
  PrefixTree() = default;
  PrefixTree(const PrefixTree&) = delete;
  PrefixTree& operator=(const PrefixTree&) = delete;

  /// Pages of the longest stored prefix of `ids`, in order: page i holds tokens [64 i, 64 i + 64).
  std::vector<Page> match(std::uint64_t salt, std::span<const std::int32_t> ids);
  /// Stores the full pages of `ids`; what is there already stays.
  void insert(std::uint64_t salt, std::span<const std::int32_t> ids, std::span<const Page> pages);
  /// Lets go of up to `count` pages that nobody else uses; returns how many.
  std::size_t evict(std::size_t count);
  std::size_t pages() const { return blocks_.size(); }

 private:
  struct Block {
    std::uint64_t parent;  ///< hash of the block before
    std::uint64_t salt;
    std::vector<std::int32_t> tokens;
    Page page;
    std::size_t children = 0;
    std::list<std::uint64_t>::iterator used;
  };
  Block* find(std::uint64_t hash, std::uint64_t parent, std::uint64_t salt, std::span<const std::int32_t> tokens);

  std::unordered_map<std::uint64_t, Block> blocks_;
  std::list<std::uint64_t> order_;  ///< least recently used first
};

}  // namespace cofre::engine
