#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::rules {

/// A regular expression over plain text as it arrives (PCRE2's DFA matcher, which tells what may still become a match).
/// Back references are refused; \b and lookbehind see up to 64 characters of what went before.
class Pattern {
 public:
  /// Throws Error(invalid, field) where it is none, or matches the empty text.
  explicit Pattern(const std::string& text, std::string_view field = "patterns");
  Pattern(Pattern&&) noexcept;
  ~Pattern();

  struct Found {
    struct Range {
      std::size_t begin, end;
    };
    std::vector<Range> matches;
    std::size_t open;  ///< from here on, a longer text may match; the size of the subject: nothing may
  };
  /// Searches subject[from…] (UTF-8). Where it costs more than it may, all of that counts as a match.
  Found find(std::string_view subject, std::size_t from, bool at_end) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace cofre::rules
