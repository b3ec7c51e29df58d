#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/pattern.h"
#include "rules/words.h"

namespace cofre::rules {

/// What happens to a text that a rule matches.
enum class Deed : std::uint8_t {
  report,  ///< it goes on; the audit trail names the rule
  mask,    ///< each of its characters becomes "*"
  refuse,  ///< the request is refused, the answer ends
};

enum class Direction : std::uint8_t { input, output };

/// The rules of one tenant for one direction, ready to match. Any thread.
struct Matcher {
  struct Rule {
    std::string name;
    Deed deed = Deed::report;
  };
  std::vector<Rule> rules;
  Words words;
  std::vector<std::pair<Pattern, std::uint32_t>> patterns;  ///< with the rule that each belongs to
  bool alters() const;                                      ///< masks or refuses something
};

/// How a tenant's answers say that a machine wrote them (GB 45438-2025; Regulation (EU) 2024/1689, article 50).
struct Label {
  std::string visible;   ///< stands before each answer; empty: nothing does
  std::string producer;  ///< ContentProducer of the metadata; empty: there are none
};

/// The content rules of a box, as DIR/rules.json has them:
///
///   {"rules": [{"name": "project", "do": "mask", "on": ["output"], "tenant": "acme",
///               "words": ["Blue Heron"], "patterns": ["heron-\\d{4,8}"]}],
///    "labels": [{"tenant": "acme", "visible": "[AI]", "producer": "ACME GmbH"}]}
///
/// "on" absent: both directions; "tenant" absent: every tenant.
class Rules {
 public:
  Rules() = default;
  /// Throws Error(invalid, field) for what is no such text, naming the place.
  static Rules parse(std::string_view text);

  /// Null: nothing is asked of this tenant there.
  std::shared_ptr<const Matcher> matcher(const std::string& tenant, Direction direction) const;
  std::optional<Label> label(const std::string& tenant) const;

 private:
  struct Tenant {
    std::shared_ptr<const Matcher> input, output;
  };
  std::map<std::string, Tenant> tenants_;  ///< "": those that no rule names
  std::map<std::string, Label> labels_;
};

/// {"Label":"1","ContentProducer":…,"ProduceID":…}: the value of `AIGC` (GB 45438-2025), in ASCII.
std::string aigc(const Label& label, std::string_view produce_id);

}  // namespace cofre::rules
