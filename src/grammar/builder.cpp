#include "grammar/builder.h"

#include <algorithm>

#include "base/error.h"
#include "grammar/compiler.h"
#include "grammar/json_text.h"
#include "grammar/limits.h"
#include "text/utf8.h"

namespace cofre::grammar {
namespace {

constexpr char32_t code_max = 0x10ffff;

/// Splits [low, high], of one length in UTF-8, so that each part is a product of byte ranges (as RE2 does).
void split_utf8(char32_t low, char32_t high, std::vector<CodeRange>& out) {
  for (int bits = 6; bits <= 18; bits += 6) {
    const char32_t mask = (char32_t{1} << bits) - 1;
    if ((low & ~mask) == (high & ~mask)) continue;
    if ((low & mask) != 0) {
      split_utf8(low, low | mask, out);
      return split_utf8((low | mask) + 1, high, out);
    }
    if ((high & mask) != mask) {
      split_utf8(low, (high & ~mask) - 1, out);
      return split_utf8(high & ~mask, high, out);
    }
  }
  out.emplace_back(low, high);
}

}  // namespace

Builder::Builder() { add({}); }

Node Builder::add(Expression expression) {
  if (expressions_.size() >= expressions_max)
    fail(Code::exhausted, "the grammar is larger than {} expressions", expressions_max);
  expressions_.push_back(std::move(expression));
  return Node{static_cast<std::uint32_t>(expressions_.size() - 1)};
}

Node Builder::empty() { return Node{0}; }
Node Builder::never() { return add({.kind = Kind::never}); }

Node Builder::byte_range(std::uint8_t low, std::uint8_t high) {
  return add({.kind = Kind::bytes, .low = low, .high = high});
}

Node Builder::literal(std::string_view bytes) {
  std::vector<Node> parts;
  for (const char c : bytes) parts.push_back(byte_range(static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(c)));
  return sequence(std::move(parts));
}

Node Builder::code_points(const std::vector<CodeRange>& ranges) {
  static constexpr CodeRange lengths[] = {
      {0, 0x7f}, {0x80, 0x7ff}, {0x800, 0xd7ff}, {0xe000, 0xffff}, {0x10000, code_max}};
  std::vector<Node> parts;
  for (const auto& [first, last] : ranges)
    for (const auto& [least, most] : lengths) {
      const auto low = std::max(first, least), high = std::min(last, most);
      if (low > high) continue;
      std::vector<CodeRange> split;
      split_utf8(low, high, split);
      for (const auto& [from, to] : split) {
        std::string a, b;
        text::append_utf8(from, a);
        text::append_utf8(to, b);
        std::vector<Node> bytes;
        for (std::size_t i = 0; i < a.size(); ++i)
          bytes.push_back(byte_range(static_cast<std::uint8_t>(a[i]), static_cast<std::uint8_t>(b[i])));
        parts.push_back(sequence(std::move(bytes)));
      }
    }
  return choice(std::move(parts));
}

Node Builder::token(TokenId id) { return add({.kind = Kind::token, .value = static_cast<std::uint32_t>(id)}); }

Node Builder::sequence(std::vector<Node> parts) {
  std::erase(parts, empty());
  if (parts.empty()) return empty();
  if (parts.size() == 1) return parts[0];
  return add({.kind = Kind::sequence, .parts = std::move(parts)});
}

Node Builder::choice(std::vector<Node> parts) {
  if (parts.empty()) return never();
  if (parts.size() == 1) return parts[0];
  return add({.kind = Kind::choice, .parts = std::move(parts)});
}

Node Builder::repeat(Node part, std::uint32_t least, std::uint32_t most) {
  if (least > most) fail(Code::invalid, "a repetition of at least {} and at most {}", least, most);
  if (most == 0) return empty();
  return add({.kind = Kind::repeat, .least = least, .most = most, .parts = {part}});
}

Node Builder::automaton(Dfa dfa) {
  automata_.push_back(std::move(dfa));
  return add({.kind = Kind::automaton, .value = static_cast<std::uint32_t>(automata_.size() - 1)});
}

Node Builder::graph(std::uint32_t places, std::vector<Edge> edges) {
  CHECK(places >= 2);
  Expression graph{.kind = Kind::graph, .value = places};
  for (const auto& edge : edges) {
    CHECK(edge.from < places && edge.to < places);
    graph.parts.push_back(edge.along);
    graph.ends.emplace_back(edge.from, edge.to);
  }
  return add(std::move(graph));
}

RuleId Builder::string_rest_rule(std::uint32_t least, std::uint32_t most, std::uint8_t state) {
  const auto [found, fresh] = texts_.try_emplace({least, most, state}, static_cast<RuleId>(rules_.size()));
  if (fresh)
    rules_.push_back(
        {.name = "string", .defined = true, .apart = true, .text = true, .least = least, .most = most, .state = state});
  return found->second;
}

Node Builder::string_rest(std::uint32_t least, std::uint32_t most, std::uint8_t state) {
  return call(string_rest_rule(least, most, state));
}

Node Builder::text_without(const std::vector<std::string>& texts) {
  // Aho–Corasick: a state for each prefix of a text; the states of whole texts are left out.
  std::vector<std::string> prefixes{""};
  for (const auto& text : texts) {
    CHECK(!text.empty());
    for (std::size_t n = 1; n <= text.size(); ++n) prefixes.push_back(text.substr(0, n));
  }
  std::sort(prefixes.begin(), prefixes.end());
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  const auto holds_one = [&](const std::string& prefix) {
    return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) { return prefix.ends_with(text); });
  };
  std::erase_if(prefixes, holds_one);
  Dfa dfa;
  dfa.states.resize(prefixes.size());
  for (std::size_t s = 0; s < prefixes.size(); ++s) {
    dfa.states[s].accepts = true;
    for (int byte = 0; byte < 256; ++byte) {
      std::string suffix = prefixes[s] + static_cast<char>(byte);
      while (!holds_one(suffix) && !std::binary_search(prefixes.begin(), prefixes.end(), suffix)) suffix.erase(0, 1);
      if (holds_one(suffix)) continue;
      const auto to =
          static_cast<std::uint32_t>(std::lower_bound(prefixes.begin(), prefixes.end(), suffix) - prefixes.begin());
      auto& edges = dfa.states[s].edges;
      if (!edges.empty() && edges.back().to == to && edges.back().high + 1 == byte) {
        ++edges.back().high;
      } else {
        edges.push_back({static_cast<std::uint8_t>(byte), static_cast<std::uint8_t>(byte), to});
      }
    }
  }
  return automaton(std::move(dfa));
}

RuleId Builder::declare(std::string name) {
  if (rules_.size() >= rules_max) fail(Code::exhausted, "the grammar has more than {} rules", rules_max);
  rules_.push_back({.name = std::move(name)});
  return static_cast<RuleId>(rules_.size() - 1);
}

void Builder::define(RuleId rule, Node body, bool apart) {
  CHECK(rule < rules_.size() && !rules_[rule].defined);
  rules_[rule].body = body;
  rules_[rule].defined = true;
  rules_[rule].apart = apart;
}

Node Builder::call(RuleId rule) { return add({.kind = Kind::call, .value = rule}); }

Node Builder::shared(std::string_view name, const std::function<Node()>& make) {
  if (const auto found = shared_.find(name); found != shared_.end()) return call(found->second);
  const auto rule = declare(std::string(name));
  shared_.emplace(name, rule);
  define(rule, make(), true);
  return call(rule);
}

std::shared_ptr<const Program> Builder::compile(Node root) {
  const auto rule = declare("root");
  define(rule, root, true);
  return Compiler(*this).program(rule);
}

Dfa Builder::to_dfa(Node node) const { return Compiler(*this).regular(node); }

}  // namespace cofre::grammar
