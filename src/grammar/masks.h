#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "grammar/program.h"
#include "grammar/vocabulary.h"
#include "grammar/walker.h"

namespace cofre::grammar {

/// A grammar over one vocabulary: which tokens each of its states allows, found when first needed and kept. Shared by
/// all generations that the grammar constrains, from any thread.
class Masks {
 public:
  Masks(std::shared_ptr<const Program> program, std::shared_ptr<const Vocabulary> vocabulary);

  /// Tokens that a state takes before its rule is left, by the cost of what is left of the rule after them.
  struct TokenSet {
    struct Group {
      std::uint32_t cost = 0;
      std::vector<TokenId> tokens;
      Bits bits;  ///< instead of `tokens`, where they are many
    };
    std::vector<Group> groups;           ///< cheapest first
    std::vector<std::uint32_t> leaving;  ///< nodes at which the rule may end while tokens go on
  };
  std::shared_ptr<const TokenSet> tokens_of(std::uint32_t state) const;

  const Program& program() const { return *program_; }
  const Vocabulary& vocabulary() const { return *vocabulary_; }
  Costs costs() const { return costs_; }

 private:
  std::shared_ptr<const TokenSet> find_tokens(std::uint32_t state, std::size_t& bytes) const;

  std::shared_ptr<const Program> program_;
  std::shared_ptr<const Vocabulary> vocabulary_;
  std::vector<std::uint32_t> costs_;
  mutable std::mutex lock_;
  mutable std::unordered_map<std::uint32_t, std::shared_ptr<const TokenSet>> sets_;
  mutable std::size_t bytes_ = 0;
};

}  // namespace cofre::grammar
