#include <algorithm>
#include <span>
#include <utility>

#include "base/error.h"
#include "tokenizer/charsmap.h"

namespace cofre::tokenizer {
namespace {

constexpr std::size_t block = 256;  // the children of a node lie within one
constexpr std::size_t most_units = 1u << 21;
constexpr std::uint32_t value_bit = 1u << 31;

/// Places the nodes of a double-array trie (Aoe 1989, with Darts-clone's units): a child stands at its parent's base
/// xor its byte, a value at the base itself; no two parents have the same base.
class TrieBuilder {
 public:
  using Entry = std::pair<std::string, std::uint32_t>;  ///< a text, and where its replacement begins

  explicit TrieBuilder(std::span<const Entry> sorted) {
    grow();
    taken_[0] = true;
    if (!sorted.empty()) place(sorted, 0, 0);
  }
  const std::vector<std::uint32_t>& units() const { return units_; }

 private:
  void grow() {
    if (units_.size() + block > most_units)
      fail(Code::unsupported, "the replacements make a trie of more than {} units", most_units);
    units_.resize(units_.size() + block);
    taken_.resize(units_.size());
    is_base_.resize(units_.size());
  }

  /// Those of `entries` whose byte at `depth` is the same as the first one's.
  static std::size_t same_byte(std::span<const Entry> entries, std::size_t depth) {
    return static_cast<std::size_t>(
        std::find_if(entries.begin(), entries.end(),
                     [&](const Entry& entry) { return entry.first[depth] != entries[0].first[depth]; }) -
        entries.begin());
  }

  std::size_t find_base(const std::vector<std::uint8_t>& labels) {
    while (taken_[first_free_]) {
      if (++first_free_ == units_.size()) grow();
    }
    for (std::size_t at = first_free_;; ++at) {
      if (at == units_.size()) grow();
      const std::size_t base = at ^ labels[0];
      const auto is_free = [&](std::uint8_t label) { return !taken_[base ^ label]; };
      if (base != 0 && !is_base_[base] && std::all_of(labels.begin(), labels.end(), is_free)) return base;
    }
  }

  /// The children of the node at `node`: all entries share their first `depth` bytes.
  void place(std::span<const Entry> entries, std::size_t depth, std::size_t node) {
    std::vector<std::uint8_t> labels;
    const bool has_value = entries[0].first.size() == depth;
    const auto longer = entries.subspan(has_value ? 1 : 0);
    if (has_value) labels.push_back(0);
    for (std::size_t i = 0; i < longer.size(); i += same_byte(longer.subspan(i), depth))
      labels.push_back(static_cast<std::uint8_t>(longer[i].first[depth]));
    const std::size_t base = find_base(labels);
    is_base_[base] = true;
    units_[node] |= static_cast<std::uint32_t>(node ^ base) << 10 | (has_value ? 1u << 8 : 0);
    for (const auto label : labels) {
      taken_[base ^ label] = true;
      units_[base ^ label] = label;
    }
    if (has_value) units_[base] = value_bit | entries[0].second;
    for (std::size_t i = 0, count = 0; i < longer.size(); i += count) {
      count = same_byte(longer.subspan(i), depth);
      place(longer.subspan(i, count), depth + 1, base ^ static_cast<std::uint8_t>(longer[i].first[depth]));
    }
  }

  std::vector<std::uint32_t> units_;
  std::vector<bool> taken_, is_base_;
  std::size_t first_free_ = 0;
};

}  // namespace

std::vector<std::uint8_t> charsmap_bytes(const std::map<std::string, std::string>& replacements) {
  std::vector<TrieBuilder::Entry> entries;
  std::string texts;
  for (const auto& [text, by] : replacements) {
    CHECK(!text.empty() && text.find('\0') == text.npos && by.find('\0') == by.npos);
    entries.emplace_back(text, static_cast<std::uint32_t>(texts.size()));
    texts += by;
    texts += '\0';
  }
  if (entries.empty()) return {};
  const TrieBuilder trie(entries);
  std::vector<std::uint8_t> out;
  const auto put = [&out](std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
  };
  put(static_cast<std::uint32_t>(4 * trie.units().size()));
  for (const auto unit : trie.units()) put(unit);
  out.insert(out.end(), texts.begin(), texts.end());
  return out;
}

}  // namespace cofre::tokenizer
