#include "grammar/vocabulary.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace cofre::grammar {
namespace {

constexpr std::size_t token_bytes_max = 4096;  ///< longer tokens are never offered

}  // namespace

Vocabulary::Vocabulary(std::span<const std::string> tokens, std::span<const TokenId> ends)
    : bytes_(tokens.begin(), tokens.end()), ends_(ends.begin(), ends.end()) {
  for (const auto end : ends_)
    if (end < 0 || static_cast<std::size_t>(end) >= bytes_.size())
      fail_field(Code::invalid, "ends", "{} is no token of a vocabulary of {}", end, bytes_.size());
  build_nodes();
  find_plain();
  text_tokens(json_text::boundary);
}

bool Vocabulary::is_end(TokenId token) const { return std::find(ends_.begin(), ends_.end(), token) != ends_.end(); }

void Vocabulary::build_nodes() {
  ordered_.reserve(bytes_.size());
  for (std::size_t id = 0; id < bytes_.size(); ++id)
    if (!bytes_[id].empty() && bytes_[id].size() <= token_bytes_max && !is_end(static_cast<TokenId>(id)))
      ordered_.push_back(static_cast<TokenId>(id));
  std::sort(ordered_.begin(), ordered_.end(), [&](TokenId a, TokenId b) {
    const int order = bytes(a).compare(bytes(b));
    return order != 0 ? order < 0 : a < b;
  });
  nodes_.push_back({});
  std::vector<std::uint32_t> path{0};  // nodes of the last token's prefixes
  std::string_view last;
  for (std::uint32_t i = 0; i < ordered_.size(); ++i) {
    const auto text = bytes(ordered_[i]);
    const auto common = static_cast<std::size_t>(
        std::mismatch(last.begin(), last.end(), text.begin(), text.end()).first - last.begin());
    for (; path.size() > common + 1; path.pop_back())
      nodes_[path.back()].end = static_cast<std::uint32_t>(nodes_.size());
    for (std::size_t n = common; n < text.size(); ++n) {
      path.push_back(static_cast<std::uint32_t>(nodes_.size()));
      nodes_.push_back(
          {.first = i, .depth = static_cast<std::uint16_t>(n + 1), .byte = static_cast<std::uint8_t>(text[n])});
    }
    last = text;
  }
  for (const auto node : path) nodes_[node].end = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back({.end = 0, .first = static_cast<std::uint32_t>(ordered_.size())});
}

std::span<const TokenId> Vocabulary::tokens_at(std::uint32_t node) const {
  const auto begin = nodes_[node].first, end = nodes_[node + 1].first;
  return {ordered_.data() + begin, end - begin};
}

std::span<const TokenId> Vocabulary::tokens_below(std::uint32_t node) const {
  const auto begin = nodes_[node + 1].first, end = nodes_[nodes_[node].end].first;
  return {ordered_.data() + begin, end - begin};
}

void Vocabulary::find_plain() {
  using namespace json_text;
  constexpr std::uint32_t all = (1u << json_text::states) - 1;
  plain_.assign(node_count(), all);
  for (std::uint32_t node = node_count(); node-- > 0;) {
    std::uint32_t plain = all;
    for (auto child = node + 1; child < nodes_[node].end; child = nodes_[child].end) {
      const bool whole = !tokens_at(child).empty();
      for (std::uint8_t state = 0; state < json_text::states; ++state) {
        const auto next = step(state, nodes_[child].byte);
        if (next == dead || next == closed || (whole && next != boundary) || (plain_[child] >> next & 1) == 0)
          plain &= ~(1u << state);
      }
    }
    plain_[node] = plain;
  }
}

std::unique_ptr<Vocabulary::TextTokens> Vocabulary::classify(std::uint8_t state) const {
  using namespace json_text;
  auto out = std::make_unique<TextTokens>();
  out->inside_bits.assign(words(), 0);
  out->closing_bits.assign(words(), 0);
  struct Place {
    std::uint8_t state;
    std::uint16_t units;
  };
  std::vector<Place> places{{state, 0}};
  for (std::uint32_t node = 1; node < node_count();) {
    const auto& n = nodes_[node];
    places.resize(n.depth);
    auto place = places.back();
    const auto next = step(place.state, n.byte);
    if (next == dead) {
      node = n.end;
      continue;
    }
    if (place.state == boundary && next != closed) ++place.units;
    place.state = next;
    if (next == closed) {
      for (const auto token : tokens_at(node)) {
        out->closing.push_back({static_cast<std::uint32_t>(token), place.units});
        set_bit(out->closing_bits, token);
      }
      if (n.end != node + 1) out->leaving.push_back({node, place.units});
      node = n.end;
      continue;
    }
    for (const auto token : tokens_at(node)) {
      out->inside.push_back({token, place.units, rest(next)});
      set_bit(out->inside_bits, token);
      out->units_max = std::max(out->units_max, place.units);
      out->rest_max = std::max(out->rest_max, rest(next));
    }
    places.push_back(place);
    ++node;
  }
  for (const auto& close : out->closing) out->units_max = std::max(out->units_max, close.units);
  for (const auto& leave : out->leaving) out->units_max = std::max(out->units_max, leave.units);
  return out;
}

const Vocabulary::TextTokens& Vocabulary::text_tokens(std::uint8_t state) const {
  const std::lock_guard guard(lock_);
  auto& cache = texts_[state];
  if (!cache.tokens) cache.tokens = classify(state);
  return *cache.tokens;
}

const Bits& Vocabulary::inside_at_most(std::uint8_t state, std::uint32_t units) const {
  const auto& tokens = text_tokens(state);
  units = std::min<std::uint32_t>(units, tokens.units_max);
  const std::lock_guard guard(lock_);
  auto& cache = texts_[state].at_most;
  cache.resize(tokens.units_max + 1u);
  if (!cache[units]) {
    auto bits = std::make_unique<Bits>(words(), 0);
    for (const auto& inside : tokens.inside)
      if (inside.units <= units) set_bit(*bits, inside.token);
    cache[units] = std::move(bits);
  }
  return *cache[units];
}

}  // namespace cofre::grammar
