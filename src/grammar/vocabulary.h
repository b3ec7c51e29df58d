#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "grammar/automaton.h"
#include "grammar/json_text.h"

namespace cofre::grammar {

/// A bit for each token.
using Bits = std::vector<std::uint64_t>;
inline void set_bit(std::span<std::uint64_t> bits, TokenId token) {
  bits[static_cast<std::uint32_t>(token) / 64] |= std::uint64_t{1} << (static_cast<std::uint32_t>(token) % 64);
}

/// The tokens of one model by their bytes: a tree of prefixes, and what each token does inside a JSON string. Built
/// once for a tokenizer; immutable but for caches behind a lock, shared between threads.
class Vocabulary {
 public:
  /// `tokens[id]`: bytes the token stands for, empty for special tokens, which only token ids of a grammar allow.
  /// `ends`: tokens that end a generation. Throws Error(invalid) where an end is no token.
  Vocabulary(std::span<const std::string> tokens, std::span<const TokenId> ends);

  std::size_t size() const { return bytes_.size(); }
  std::size_t words() const { return (size() + 63) / 64; }
  std::span<const TokenId> ends() const { return ends_; }
  bool is_end(TokenId token) const;
  /// Bytes of a token. Requires 0 ≤ token < size().
  std::string_view bytes(TokenId token) const { return bytes_[static_cast<std::size_t>(token)]; }

  /// A prefix of tokens, in depth-first order: the first child stands behind its parent, the next sibling at `end`.
  struct Node {
    std::uint32_t end = 0;    ///< behind the last node below this one
    std::uint32_t first = 0;  ///< in ordered(): the first token of this node or after
    std::uint16_t depth = 0;  ///< bytes
    std::uint8_t byte = 0;    ///< the last one
  };
  /// Node 0 is the empty prefix; behind the last stands one that only closes the token ranges.
  std::span<const Node> nodes() const { return nodes_; }
  std::uint32_t node_count() const { return static_cast<std::uint32_t>(nodes_.size() - 1); }
  std::span<const TokenId> ordered() const { return ordered_; }  ///< by bytes
  std::span<const TokenId> tokens_at(std::uint32_t node) const;
  /// Tokens of the nodes below `node`, itself not among them.
  std::span<const TokenId> tokens_below(std::uint32_t node) const;

  /// Whether all tokens below this node, begun here inside a JSON string in `state`, end inside it between two
  /// characters.
  bool plain_below(std::uint32_t node, std::uint8_t state) const { return plain_[node] >> state & 1; }

  /// What tokens do that begin inside a JSON string.
  struct TextTokens {
    struct Inside {
      TokenId token;
      std::uint16_t units;  ///< characters that begin in it
      std::uint8_t rest;    ///< bytes that the last one lacks
    };
    struct Close {
      std::uint32_t at;  ///< the token that ends with the quote, or the node after which others go on
      std::uint16_t units;
    };
    std::vector<Inside> inside;
    std::vector<Close> closing, leaving;
    Bits inside_bits, closing_bits;
    std::uint16_t units_max = 0;
    std::uint8_t rest_max = 0;
  };
  const TextTokens& text_tokens(std::uint8_t state) const;
  /// Tokens that stay inside and begin at most so many characters.
  const Bits& inside_at_most(std::uint8_t state, std::uint32_t units) const;

 private:
  void build_nodes();
  void find_plain();
  std::unique_ptr<TextTokens> classify(std::uint8_t state) const;

  std::vector<std::string> bytes_;
  std::vector<TokenId> ends_;
  std::vector<Node> nodes_;
  std::vector<TokenId> ordered_;
  std::vector<std::uint32_t> plain_;  ///< [node], a bit for each state
  struct TextCache {
    std::unique_ptr<TextTokens> tokens;
    std::vector<std::unique_ptr<Bits>> at_most;  ///< [units]
  };
  mutable std::mutex lock_;
  mutable std::array<TextCache, json_text::states> texts_;
};

}  // namespace cofre::grammar
