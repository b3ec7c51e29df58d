#include "grammar/gbnf.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "grammar/characters.h"
#include "grammar/limits.h"
#include "text/utf8.h"

namespace cofre::grammar {
namespace {

bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

class Parser {
 public:
  Parser(Builder& builder, std::string_view text, std::string_view field)
      : builder_(builder), text_(text), field_(field) {
    if (text.size() > source_bytes_max)
      fail_field(Code::exhausted, field_, "the grammar is longer than {} bytes", source_bytes_max);
    if (text::find_invalid_utf8(text)) fail_field(Code::invalid, field_, "the grammar is not UTF-8");
  }

  Node parse() {
    for (skip_space(); at_ < text_.size();) {
      const auto name = take_name();
      if (name.empty()) invalid("a rule's name is missing");
      skip_space();
      if (!take("::=")) invalid("::= is missing after the rule's name");
      skip_space();
      auto& rule = rule_of(name);
      if (rule.defined) invalid("the rule " + name + " is defined twice");
      rule.defined = true;
      const auto id = rule.id;
      builder_.define(id, alternatives(0));
    }
    for (const auto& [name, rule] : rules_)
      if (!rule.defined) fail_field(Code::invalid, field_, "the grammar's rule {} is not defined", name);
    const auto root = rules_.find("root");
    if (root == rules_.end()) fail_field(Code::invalid, field_, "the grammar has no rule root");
    return builder_.call(root->second.id);
  }

 private:
  struct Rule {
    RuleId id = 0;
    bool defined = false;
  };

  [[noreturn]] void invalid(const std::string& what) const {
    const auto line =
        1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, text_.size())), '\n');
    fail_field(Code::invalid, field_, "the grammar is invalid in line {}: {}", line, what);
  }

  Rule& rule_of(const std::string& name) {
    const auto found = rules_.find(name);
    if (found != rules_.end()) return found->second;
    return rules_.emplace(name, Rule{builder_.declare(name), false}).first->second;
  }

  void skip_space() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r') {
        ++at_;
      } else {
        return;
      }
    }
  }

  bool take(std::string_view what) {
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string take_name() {
    const auto begin = at_;
    while (name_character(peek())) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  Node alternatives(std::size_t depth) {
    if (depth > nesting_max) fail_field(Code::exhausted, field_, "the grammar is nested deeper than {}", nesting_max);
    std::vector<Node> parts;
    do {
      skip_space();
      parts.push_back(sequence(depth));
    } while (take("|"));
    return builder_.choice(std::move(parts));
  }

  /// Whether the next rule begins here.
  bool at_rule() {
    const auto begin = at_;
    const bool named = !take_name().empty();
    skip_space();
    const bool rule = named && text_.substr(at_).starts_with("::=");
    at_ = begin;
    return rule;
  }

  Node sequence(std::size_t depth) {
    std::vector<Node> parts;
    while (at_ < text_.size() && peek() != '|' && peek() != ')' && !at_rule()) {
      auto part = item(depth);
      skip_space();
      for (std::uint32_t least = 0, most = 0; quantifier(least, most); skip_space())
        part = builder_.repeat(part, least, most);
      parts.push_back(part);
    }
    return builder_.sequence(std::move(parts));
  }

  Node item(std::size_t depth) {
    if (take("\"")) return literal();
    if (take("[")) return write_character(builder_, char_class(), Writing::plain);
    if (take(".")) return builder_.code_points({{0, code_point_max}});
    if (take("(")) {
      const auto node = alternatives(depth + 1);
      if (!take(")")) invalid("a group without its end");
      return node;
    }
    if (take("<[")) {
      const auto id = number();
      if (!id || *id > INT32_MAX || !take("]>")) invalid("a token must be written <[id]>");
      return builder_.token(static_cast<TokenId>(*id));
    }
    const auto name = take_name();
    if (name.empty()) invalid(std::string("unexpected character ") + peek());
    return builder_.call(rule_of(name).id);
  }

  std::optional<std::uint32_t> number() {
    if (peek() < '0' || peek() > '9') return std::nullopt;
    std::uint32_t value = 0;
    for (; peek() >= '0' && peek() <= '9'; ++at_) {
      const auto tens = checked_mul<std::uint32_t>(value, 10);
      const auto sum =
          tens ? checked_add<std::uint32_t>(*tens, static_cast<std::uint32_t>(peek() - '0')) : std::nullopt;
      if (!sum || *sum == unlimited) invalid("a number is too large");
      value = *sum;
    }
    return value;
  }

  bool quantifier(std::uint32_t& least, std::uint32_t& most) {
    least = 0;
    most = unlimited;
    if (take("*")) return true;
    if (take("+")) return least = 1, true;
    if (take("?")) return most = 1, true;
    if (!take("{")) return false;
    skip_space();
    const auto low = number();
    skip_space();
    if (take(",")) {
      skip_space();
      const auto high = number();
      least = low.value_or(0);
      most = high.value_or(unlimited);
      if (!low && !high) invalid("a repetition without a number");
    } else {
      if (!low) invalid("a repetition without a number");
      least = most = *low;
    }
    skip_space();
    if (!take("}")) invalid("a repetition without its end");
    if (least > most) invalid("a repetition whose least is above its most");
    return true;
  }

  Node literal() {
    std::string bytes;
    while (!take("\"")) {
      if (at_ >= text_.size()) invalid("a literal without its end");
      text::append_utf8(character(), bytes);
    }
    return builder_.literal(bytes);
  }

  CharacterSet char_class() {
    const bool negative = take("^");
    CharacterSet set;
    while (!take("]")) {
      if (at_ >= text_.size()) invalid("a class without its end");
      const auto first = character();
      auto last = first;
      if (peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        last = character();
        if (first > last) invalid("a range that runs backwards");
      }
      set.emplace_back(first, last);
    }
    return negative ? complement(std::move(set)) : normal(std::move(set));
  }

  char32_t character() {
    if (at_ >= text_.size()) invalid("the text ends too early");
    if (take("\\")) {
      const char code = peek();
      ++at_;
      switch (code) {
        case 'x': return hex(2);
        case 'u': return hex(4);
        case 'U': return hex(8);
        case 't': return '\t';
        case 'r': return '\r';
        case 'n': return '\n';
        case '\\':
        case '"':
        case '[':
        case ']':
        case '-':
        case '^':
        case '/': return static_cast<char32_t>(code);
        default: invalid("an unknown escape");
      }
    }
    const auto decoded = text::decode_utf8(text_, at_);
    at_ += decoded.bytes;
    return decoded.code;
  }

  char32_t hex(int digits) {
    char32_t code = 0;
    for (; digits > 0; --digits, ++at_) {
      const char c = peek();
      const char lower = static_cast<char>(c | 0x20);
      if (c >= '0' && c <= '9') {
        code = code << 4 | static_cast<char32_t>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        code = code << 4 | static_cast<char32_t>(lower - 'a' + 10);
      } else {
        invalid("a hexadecimal digit is missing");
      }
    }
    if (code > code_point_max || (code >= 0xd800 && code <= 0xdfff)) invalid("an escape that is no character");
    return code;
  }

  Builder& builder_;
  const std::string_view text_;
  const std::string field_;
  std::size_t at_ = 0;
  std::map<std::string, Rule> rules_;
};

}  // namespace

Node add_gbnf(Builder& builder, std::string_view text, std::string_view field) {
  return Parser(builder, text, field).parse();
}

}  // namespace cofre::grammar
