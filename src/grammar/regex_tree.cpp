#include "grammar/regex_tree.h"

#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "grammar/limits.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace cofre::grammar {
namespace {

const CharacterSet digits{{'0', '9'}};
const CharacterSet words{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
// WhiteSpace and LineTerminator of ECMA-262 §12.
const CharacterSet spaces{{9, 13},          {32, 32},         {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
                          {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
const CharacterSet line_ends{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

RegexTree of(CharacterSet set) { return {.kind = RegexTree::Kind::set, .set = std::move(set)}; }

}  // namespace

RegexParser::RegexParser(std::string_view pattern, std::string_view field) : field_(field) {
  if (pattern.size() > source_bytes_max)
    fail_field(Code::exhausted, field_, "the regular expression is longer than {} bytes", source_bytes_max);
  for (std::size_t at = 0; at < pattern.size();) {
    const auto decoded = text::decode_utf8(pattern, at);
    if (decoded.bytes == 0) invalid("not UTF-8");
    codes_.push_back(decoded.code);
    at += decoded.bytes;
  }
}

void RegexParser::invalid(std::string_view what) const {
  fail_field(Code::invalid, field_, "the regular expression is invalid at character {}: {}", at_ + 1, what);
}

void RegexParser::unsupported(std::string_view what) const {
  fail_field(Code::unsupported, field_, "the regular expression uses {}, which is not supported (character {})", what,
             at_ + 1);
}

RegexTree RegexParser::parse() {
  auto tree = alternatives(0);
  if (!at_end()) invalid("a closing parenthesis without its opening one");
  return tree;
}

RegexTree RegexParser::alternatives(std::size_t depth) {
  if (depth > nesting_max)
    fail_field(Code::exhausted, field_, "the regular expression is nested deeper than {}", nesting_max);
  RegexTree tree{.kind = RegexTree::Kind::choice};
  do tree.parts.push_back(sequence(depth));
  while (take('|'));
  if (tree.parts.size() > 1) return tree;
  auto only = std::move(tree.parts[0]);
  return only;
}

RegexTree RegexParser::sequence(std::size_t depth) {
  RegexTree tree{.kind = RegexTree::Kind::sequence};
  while (!at_end() && peek() != '|' && peek() != ')') tree.parts.push_back(quantified(atom(depth)));
  return tree;
}

RegexTree RegexParser::atom(std::size_t depth) {
  const char32_t code = codes_[at_++];
  switch (code) {
    case '(': return group(depth);
    case '[': return of(char_class());
    case '.': return of(complement(line_ends));
    case '^': return {.kind = RegexTree::Kind::begin};
    case '$': return {.kind = RegexTree::Kind::end};
    case '\\': return of(escape(false));
    case '*':
    case '+':
    case '?': --at_; invalid("a quantifier after nothing");
    case '{': {
      --at_;
      std::uint32_t least = 0, most = 0;
      if (braces(least, most)) invalid("a quantifier after nothing");
      ++at_;
      return of({{code, code}});
    }
    default: return of({{code, code}});
  }
}

RegexTree RegexParser::group(std::size_t depth) {
  if (take('?')) {
    if (take('<')) {
      if (peek() == '=' || peek() == '!') unsupported("look-behind");
      while (!at_end() && peek() != '>') ++at_;
      if (!take('>')) invalid("a group name without its end");
    } else if (take('P')) {
      if (!take('<')) unsupported("(?P…) other than a named group");
      while (!at_end() && peek() != '>') ++at_;
      if (!take('>')) invalid("a group name without its end");
    } else if (peek() == '=' || peek() == '!') {
      unsupported("look-ahead");
    } else if (!take(':')) {
      unsupported("flags inside a group");
    }
  }
  auto tree = alternatives(depth + 1);
  if (!take(')')) invalid("a group without its end");
  return tree;
}

RegexTree RegexParser::quantified(RegexTree part) {
  for (bool first = true;; first = false) {
    std::uint32_t least = 0, most = unlimited;
    if (take('*')) {
    } else if (take('+')) {
      least = 1;
    } else if (take('?')) {
      most = 1;
    } else if (!braces(least, most)) {
      return part;
    }
    if (!first) invalid("a quantifier after a quantifier");
    if (part.kind == RegexTree::Kind::begin || part.kind == RegexTree::Kind::end)
      invalid("a quantifier after an anchor");
    take('?');
    RegexTree tree{.kind = RegexTree::Kind::repeat, .least = least, .most = most};
    tree.parts.push_back(std::move(part));
    part = std::move(tree);
  }
}

/// {n}, {n,} or {n,m}; anything else in braces is text.
bool RegexParser::braces(std::uint32_t& least, std::uint32_t& most) {
  const auto start = at_;
  const auto number = [&](std::uint32_t& out) {
    bool any = false;
    for (out = 0; peek() >= '0' && peek() <= '9'; any = true) {
      const auto tens = checked_mul<std::uint32_t>(out, 10);
      const auto sum = tens ? checked_add<std::uint32_t>(*tens, codes_[at_] - '0') : std::nullopt;
      if (!sum || *sum == unlimited)
        fail_field(Code::exhausted, field_, "a repetition of the regular expression is too large");
      out = *sum;
      ++at_;
    }
    return any;
  };
  if (take('{') && number(least)) {
    most = least;
    if (take(',') && !number(most)) most = unlimited;
    if (take('}')) {
      if (least > most) invalid("a repetition whose least is above its most");
      return true;
    }
  }
  at_ = start;
  return false;
}

CharacterSet RegexParser::char_class() {
  const bool negative = take('^');
  CharacterSet set;
  while (!take(']')) {
    if (at_end()) invalid("a class without its end");
    bool single = true;
    auto first = class_item(single);
    if (single && peek() == '-' && at_ + 1 < codes_.size() && codes_[at_ + 1] != ']') {
      ++at_;
      bool also = true;
      const auto last = class_item(also);
      if (!also) invalid("a range that ends in a class");
      if (first[0].first > last[0].first) invalid("a range that runs backwards");
      first[0].second = last[0].first;
    }
    set.insert(set.end(), first.begin(), first.end());
  }
  return negative ? complement(std::move(set)) : normal(std::move(set));
}

CharacterSet RegexParser::class_item(bool& single) {
  if (at_end()) invalid("a class without its end");
  const auto code = codes_[at_++];
  if (code != '\\') return {{code, code}};
  auto set = escape(true);
  single = set.size() == 1 && set[0].first == set[0].second;
  return set;
}

char32_t RegexParser::hex(int count) {
  char32_t code = 0;
  for (int i = 0; i < count; ++i) {
    const auto c = peek();
    const auto lower = c | 0x20;
    if (c >= '0' && c <= '9') {
      code = code << 4 | (c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      code = code << 4 | (lower - 'a' + 10);
    } else {
      invalid("a hexadecimal digit is missing");
    }
    ++at_;
  }
  return code;
}

char32_t RegexParser::unicode_escape() {
  char32_t code = 0;
  if (take('{')) {
    for (code = hex(1); !take('}');) {
      code = code << 4 | hex(1);
      if (code > code_point_max) invalid("a code point beyond U+10FFFF");
    }
    return code;
  }
  code = hex(4);
  if (code >= 0xd800 && code < 0xdc00) {
    if (!take('\\') || !take('u')) invalid("half a surrogate pair");
    const auto low = hex(4);
    if (low < 0xdc00 || low > 0xdfff) invalid("half a surrogate pair");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  return code;
}

CharacterSet RegexParser::escape(bool in_class) {
  if (at_end()) invalid("a backslash at the end");
  const auto code = codes_[at_++];
  const auto one = [](char32_t c) { return CharacterSet{{c, c}}; };
  switch (code) {
    case 'd': return digits;
    case 'D': return complement(digits);
    case 'w': return words;
    case 'W': return complement(words);
    case 's': return spaces;
    case 'S': return complement(spaces);
    case 'n': return one('\n');
    case 't': return one('\t');
    case 'r': return one('\r');
    case 'f': return one('\f');
    case 'v': return one('\v');
    case 'x': return one(hex(2));
    case 'u': return one(unicode_escape());
    case 'p': return property(false);
    case 'P': return property(true);
    case 'c': {
      const auto letter = peek() | 0x20;
      if (letter < 'a' || letter > 'z') invalid("\\c without a letter");
      ++at_;
      return one(letter - 'a' + 1);
    }
    case '0':
      if (peek() >= '0' && peek() <= '9') unsupported("octal escapes");
      return one(0);
    case 'b':
      if (in_class) return one('\b');
      [[fallthrough]];
    case 'B': unsupported("word boundaries");
    default: break;
  }
  if (code >= '1' && code <= '9') unsupported("backreferences");
  if ((code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z')) unsupported("an unknown escape");
  return one(code);
}

CharacterSet RegexParser::property(bool negative) {
  std::string name;
  if (!take('{')) invalid("\\p without a property in braces");
  while (!at_end() && peek() != '}') text::append_utf8(codes_[at_++], name);
  if (!take('}')) invalid("a property without its end");
  using namespace text;
  static constexpr std::pair<std::string_view, Property> known[] = {
      {"L", letter}, {"Letter", letter}, {"N", number},         {"Number", number},
      {"M", mark},   {"Mark", mark},     {"P", punctuation},    {"Punctuation", punctuation},
      {"S", symbol}, {"Symbol", symbol}, {"White_Space", space}};
  for (const auto& [key, flag] : known) {
    if (name != key) continue;
    CharacterSet set;
    for (char32_t code = 0; code <= code_point_max; ++code) {
      if ((properties(code) & flag) == 0) continue;
      if (!set.empty() && set.back().second + 1 == code) {
        set.back().second = code;
      } else {
        set.emplace_back(code, code);
      }
    }
    return negative ? complement(std::move(set)) : set;
  }
  unsupported("the property " + name);
}

}  // namespace cofre::grammar
