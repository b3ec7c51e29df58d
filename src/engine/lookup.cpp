#include "engine/lookup.h"

#include <algorithm>

namespace cofre::engine {
namespace {

constexpr std::size_t lengths[] = {3, 2};
constexpr double worth_it = 0.35;  ///< a step of four rows costs about a third more than one of one row
constexpr double memory = 0.8;
constexpr std::size_t rest = 16;

std::uint64_t key(std::span<const std::int32_t> gram) {
  std::uint64_t hash = gram.size();
  for (std::int32_t token : gram)
    hash = (hash ^ static_cast<std::uint32_t>(token)) * 0x9e3779b97f4a7c15ull + (hash >> 29);
  return hash;
}

}  // namespace

void Lookup::index(std::span<const std::int32_t> ids) {
  // The gram that ends the text is left out: it would find itself.
  for (; indexed_ + 1 < ids.size(); ++indexed_)
    for (std::size_t n : lengths)
      if (indexed_ + 1 >= n) ends_[key(ids.subspan(indexed_ + 1 - n, n))] = static_cast<std::uint32_t>(indexed_ + 1);
}

std::vector<std::int32_t> Lookup::propose(std::span<const std::int32_t> ids, std::size_t most) {
  index(ids);
  if (pause_ > 0) {
    --pause_;
    return {};
  }
  for (std::size_t n : lengths) {
    if (ids.size() < n) continue;
    const auto found = ends_.find(key(ids.last(n)));
    if (found == ends_.end()) continue;
    const std::size_t begin = found->second;
    if (!std::equal(ids.end() - static_cast<std::ptrdiff_t>(n), ids.end(),
                    ids.begin() + static_cast<std::ptrdiff_t>(begin - n)))
      continue;
    const std::size_t end = std::min(begin + most, ids.size());
    return {ids.begin() + static_cast<std::ptrdiff_t>(begin), ids.begin() + static_cast<std::ptrdiff_t>(end)};
  }
  return {};
}

void Lookup::learn(std::size_t proposed, std::size_t accepted) {
  if (proposed == 0) return;
  success_ = memory * success_ + (1 - memory) * static_cast<double>(accepted) / static_cast<double>(proposed);
  if (success_ < worth_it) {
    pause_ = rest;
    success_ = worth_it;
  }
}

}  // namespace cofre::engine
