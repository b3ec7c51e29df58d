#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/masks.h"

namespace cofre::grammar {

/// One generation under a grammar: before each token fill_mask(), after it accept(). Used by one thread at a time; a
/// copy goes its own way from here. Tokens can be taken back.
class Matcher {
 public:
  explicit Matcher(std::shared_ptr<const Masks> masks);
  Matcher(const Matcher& other);
  Matcher& operator=(const Matcher& other);
  Matcher(Matcher&&) noexcept = default;
  Matcher& operator=(Matcher&&) noexcept = default;
  ~Matcher() = default;

  /// Sets the bits of the tokens that may come next and clears all others; ends of generation where the text is
  /// complete. At least one bit is set unless finished(). `remaining`: tokens that may still be written, this one
  /// counted, an end of generation not. Only tokens after which the text can be finished in time are allowed; where
  /// there are none, those that come nearest to an ending. Requires bits.size() ≥ vocabulary().words(). Throws
  /// Error(exhausted) where the grammar is too ambiguous.
  void fill_mask(std::span<std::uint64_t> bits, std::size_t remaining = SIZE_MAX);

  /// Goes on with a token. False, with nothing changed, where the grammar does not allow it.
  bool accept(TokenId token);
  /// Takes the last `count` tokens back. Requires count ≤ accepted().
  void rollback(std::size_t count);
  std::size_t accepted() const { return history_.size() - 1; }

  /// Whether the text is complete as it stands.
  bool can_end() const { return history_.back().complete; }
  /// Whether it is complete and nothing can follow.
  bool must_end() const { return can_end() && history_.back().threads.empty(); }
  /// Whether a token that ends the generation was accepted.
  bool finished() const { return finished_; }
  /// Tokens that complete the text, at most; 0 where it is complete.
  std::size_t tokens_to_end() const;
  /// The bytes that must come next whatever is chosen, up to `most`; empty where there is a choice or the text may end.
  std::string forced(std::size_t most = 256);

  const Vocabulary& vocabulary() const { return masks_->vocabulary(); }

 private:
  /// Sets what costs at most `limit`; returns the least cost among what it left out.
  std::uint32_t fill(std::span<std::uint64_t> bits, std::uint32_t limit);
  std::uint32_t fill_text(std::span<std::uint64_t> bits, const Thread& thread, std::uint32_t limit);
  std::uint32_t fill_state(std::span<std::uint64_t> bits, const Thread& thread, std::uint32_t limit);
  std::uint32_t fill_leaving(std::span<std::uint64_t> bits, std::uint32_t stack, std::span<const std::uint32_t> nodes,
                             std::uint32_t limit);

  std::shared_ptr<const Masks> masks_;
  std::unique_ptr<Stacks> stacks_;
  std::unique_ptr<Walker> walker_;
  std::vector<Places> history_;  ///< after each token
  bool finished_ = false;
};

/// Whether the whole text is one of the grammar, which has no token ids.
bool matches(const Program& program, std::string_view text);

}  // namespace cofre::grammar
