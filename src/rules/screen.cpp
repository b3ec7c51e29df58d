#include "rules/screen.h"

#include <algorithm>

#include "text/utf8.h"

namespace cofre::rules {
namespace {

constexpr std::size_t context_symbols = 64;  // that are kept of what went
constexpr std::size_t word_symbols_max = 256;

}  // namespace

std::string Screen::take(std::string_view piece) {
  if (refused_) return {};
  unread_ += piece;
  return pass(false);
}

std::string Screen::flush() {
  if (refused_) return {};
  auto text = pass(true);
  resumed_ = true;
  return text;
}

void Screen::found(std::uint32_t rule, std::size_t begin, std::size_t end, std::vector<bool>& masked) {
  const auto deed = matcher_->rules[rule].deed;
  // What lies wholly in what went was found when it went.
  if (end <= gone_) return;
  matched_.insert(rule);
  if (deed == Deed::refuse) refused_ = true;
  if (deed == Deed::mask) std::fill(masked.begin() + begin, masked.begin() + end, true);
}

/// Where what is to be held begins.
std::size_t Screen::look_for_words(std::vector<bool>& masked) {
  if (matcher_->words.empty()) return symbols_.size();
  Words::State state = 0;
  std::vector<std::size_t> places;  // of the plain characters
  for (std::size_t at = resumed_ ? 0 : gone_; at < symbols_.size(); ++at) {
    if (symbols_[at].plain == 0) continue;
    places.push_back(at);
    state = matcher_->words.step(state, symbols_[at].plain);
    matcher_->words.ends(state, [&](std::uint32_t rule, std::uint32_t length) {
      found(rule, places[places.size() - length], at + 1, masked);
    });
  }
  const auto open = matcher_->words.open(state);
  return open == 0 ? symbols_.size() : places[places.size() - open];
}

std::size_t Screen::look_for_patterns(std::vector<bool>& masked, bool at_end) {
  if (matcher_->patterns.empty()) return symbols_.size();
  std::string subject;
  std::vector<std::size_t> places;  // of each byte
  std::size_t from = 0;
  for (std::size_t at = 0; at < symbols_.size(); ++at) {
    if (at == gone_ && !resumed_) from = subject.size();
    if (symbols_[at].plain == 0) continue;
    // Half of a pair of escapes is no character of its own.
    const bool lone = symbols_[at].plain >= 0xd800 && symbols_[at].plain <= 0xdfff;
    text::append_utf8(lone ? U'\ufffd' : symbols_[at].plain, subject);
    places.resize(subject.size(), at);
  }
  if (gone_ == symbols_.size() && !resumed_) from = subject.size();
  std::size_t held = symbols_.size();
  for (const auto& [pattern, rule] : matcher_->patterns) {
    const auto result = pattern.find(subject, from, at_end);
    for (const auto& range : result.matches) found(rule, places[range.begin], places[range.end - 1] + 1, masked);
    if (result.open < subject.size()) held = std::min(held, places[result.open]);
  }
  return held;
}

std::string Screen::pass(bool at_end) {
  take_symbols(unread_, writing_, at_end, symbols_);
  masked_.resize(symbols_.size(), false);
  auto hold = std::min(look_for_words(masked_), look_for_patterns(masked_, at_end));
  hold = at_end ? symbols_.size() : std::max(hold, gone_);
  if (symbols_.size() - std::min(hold, symbols_.size()) > held_max) {
    for (const auto& [pattern, rule] : matcher_->patterns) found(rule, hold, symbols_.size(), masked_);
    hold = symbols_.size();
  }
  if (refused_) return {};
  std::string text;
  for (std::size_t at = gone_; at < hold; ++at) text += masked_[at] ? std::string("*") : symbols_[at].written;
  const auto kept = resumed_ || at_end ? word_symbols_max : context_symbols;
  const auto drop = hold > kept ? hold - kept : 0;
  symbols_.erase(symbols_.begin(), symbols_.begin() + static_cast<std::ptrdiff_t>(drop));
  masked_.erase(masked_.begin(), masked_.begin() + static_cast<std::ptrdiff_t>(drop));
  gone_ = hold - drop;
  return text;
}

}  // namespace cofre::rules
