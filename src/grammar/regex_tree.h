#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/characters.h"

namespace cofre::grammar {

/// A parsed regular expression.
struct RegexTree {
  enum class Kind : std::uint8_t { set, sequence, choice, repeat, begin, end };
  Kind kind = Kind::sequence;
  CharacterSet set{};
  std::vector<RegexTree> parts{};
  std::uint32_t least = 1, most = 1;
};

/// Reads the syntax. Errors as add_regex().
class RegexParser {
 public:
  RegexParser(std::string_view pattern, std::string_view field);
  RegexTree parse();

 private:
  RegexTree alternatives(std::size_t depth);
  RegexTree sequence(std::size_t depth);
  RegexTree atom(std::size_t depth);
  RegexTree group(std::size_t depth);
  RegexTree quantified(RegexTree part);
  bool braces(std::uint32_t& least, std::uint32_t& most);
  CharacterSet char_class();
  CharacterSet class_item(bool& single);
  CharacterSet escape(bool in_class);
  CharacterSet property(bool negative);
  char32_t hex(int digits);
  char32_t unicode_escape();
  bool at_end() const { return at_ >= codes_.size(); }
  char32_t peek() const { return at_end() ? 0 : codes_[at_]; }
  bool take(char32_t code) { return !at_end() && codes_[at_] == code ? (++at_, true) : false; }
  [[noreturn]] void invalid(std::string_view what) const;
  [[noreturn]] void unsupported(std::string_view what) const;

  std::u32string codes_;
  std::string field_;
  std::size_t at_ = 0;
};

}  // namespace cofre::grammar
