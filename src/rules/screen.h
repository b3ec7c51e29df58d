#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rules.h"
#include "rules/symbols.h"

namespace cofre::rules {

/// One text on its way through the rules, in pieces. What it lets go can become no part of a forbidden text any more;
/// it holds back the longest suffix that could, and nothing else. One thread at a time.
class Screen {
 public:
  /// A text that has been held for so long is taken for what it may become.
  static constexpr std::size_t held_max = 8192;

  Screen(std::shared_ptr<const Matcher> matcher, Writing writing) : matcher_(std::move(matcher)), writing_(writing) {}

  /// What may go now. Once refused() there is nothing more.
  std::string take(std::string_view piece);
  /// What is left: nothing follows for now. Where more follows after all, it is matched together with what went before.
  std::string flush();
  bool refused() const noexcept { return refused_; }
  /// Indices of the rules that matched.
  const std::set<std::uint32_t>& matched() const noexcept { return matched_; }

 private:
  std::string pass(bool at_end);
  std::size_t look_for_words(std::vector<bool>& masked);
  std::size_t look_for_patterns(std::vector<bool>& masked, bool at_end);
  void found(std::uint32_t rule, std::size_t begin, std::size_t end, std::vector<bool>& masked);

  std::shared_ptr<const Matcher> matcher_;
  Writing writing_;
  std::string unread_;           ///< the begin of a character or an escape
  std::vector<Symbol> symbols_;  ///< what went lately, then what is held
  std::vector<bool> masked_;     ///< of symbols_
  std::size_t gone_ = 0;         ///< symbols that went
  bool resumed_ = false;         ///< symbols went that could have become more
  bool refused_ = false;
  std::set<std::uint32_t> matched_;
};

}  // namespace cofre::rules
