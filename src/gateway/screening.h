#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "protocol/event.h"
#include "protocol/request.h"
#include "rules/screen.h"

namespace cofre::gateway {

/// The texts of a request through the rules of its tenant: masked where a rule says so. Returns the names of the rules
/// that matched. Throws Failure 400 where a rule refuses it, and where it has token ids, which no rule can read.
std::vector<std::string> screen_request(const rules::Matcher& matcher, protocol::Request& request);

/// An answer's events through the rules of its tenant: every text, thought and argument of a call. One call at a time.
class Screening {
 public:
  /// `matcher`: null: no rules. `label`: stands before the text of each choice; empty: nothing does.
  Screening(std::shared_ptr<const rules::Matcher> matcher, std::string label)
      : matcher_(std::move(matcher)), label_(std::move(label)) {}

  /// What goes on in the place of this event. Where a rule refuses it, the choice is told as finished by a filter, and
  /// nothing more is to be asked.
  std::vector<protocol::Event> take(std::size_t run, const protocol::Event& event);
  bool refused() const noexcept { return refused_; }
  /// Of the rules that matched.
  std::vector<std::string> matched() const;

 private:
  enum class Kind : std::uint8_t { text, reasoning, arguments };
  using Place = std::tuple<std::size_t, std::uint32_t>;  ///< run and choice
  using Key = std::tuple<Place, Kind, std::uint32_t>;    ///< and the call's index
  rules::Screen& flow(const Key& key);
  void turn_to(const Key& key, std::vector<protocol::Event>& events);
  void flush(const Key& key, std::vector<protocol::Event>& events);
  void add_text(const Key& key, const protocol::Event& like, std::string text, std::vector<protocol::Event>& events);
  void screened(const Key& key, const protocol::Event& like, const std::string& text,
                std::vector<protocol::Event>& events);
  void refuse(std::uint32_t choice, std::vector<protocol::Event>& events);

  std::shared_ptr<const rules::Matcher> matcher_;
  std::string label_;
  std::map<Key, rules::Screen> flows_;
  std::map<Place, Key> current_;
  std::set<Place> labelled_;
  bool refused_ = false;
};

}  // namespace cofre::gateway
