#include "template/lexer.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "base/error.h"
#include "text/utf8.h"

namespace cofre::chat_template {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'; }
bool is_name_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) {
    // Line ends become \n; one at the very end is dropped.
    for (std::size_t i = 0; i < source.size(); ++i) {
      if (source[i] == '\r') {
        text_ += '\n';
        if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
      } else {
        text_ += source[i];
      }
    }
    if (text_.ends_with('\n')) text_.pop_back();
  }

  std::vector<Token> run() {
    while (at_ < text_.size()) {
      const std::size_t open = find_open();
      plain(open);
      if (open == std::string::npos) break;
      if (text_[open + 1] == '#') {
        comment();
      } else if (text_[open + 1] == '%' && is_raw()) {
        raw();
      } else {
        tag();
      }
    }
    push(Token::Kind::end, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail_here(std::string_view what) const {
    fail(Code::invalid, "template, line {}: {}", line_, what);
  }
  void push(Token::Kind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }
  void skip(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) line_ += text_[at_ + i] == '\n';
    at_ += count;
  }
  bool here(std::string_view what, std::size_t at) const {
    return std::string_view(text_).substr(at, what.size()) == what;
  }

  std::size_t find_open() const {
    for (std::size_t i = at_; (i = text_.find('{', i)) != std::string::npos; ++i)
      if (i + 1 < text_.size() && (text_[i + 1] == '{' || text_[i + 1] == '%' || text_[i + 1] == '#')) return i;
    return std::string::npos;
  }

  /// Emits the text before the tag at `open`, less what the tag's own sign and lstrip_blocks take away.
  void plain(std::size_t open) {
    const std::size_t end = open == std::string::npos ? text_.size() : open;
    std::string_view part = std::string_view(text_).substr(at_, end - at_);
    if (open != std::string::npos) {
      const char sign = open + 2 < text_.size() ? text_[open + 2] : '\0';
      if (sign == '-') {
        while (!part.empty() && is_space(part.back())) part.remove_suffix(1);
      } else if (sign != '+' && text_[open + 1] != '{') {
        std::size_t keep = part.size();
        while (keep > 0 && (part[keep - 1] == ' ' || part[keep - 1] == '\t')) --keep;
        const bool line_start =
            keep == 0 ? at_ == 0 || text_[at_ - 1] == '\n' || after_block_newline_ : part[keep - 1] == '\n';
        if (line_start) part = part.substr(0, keep);
      }
    }
    if (!part.empty()) push(Token::Kind::text, std::string(part));
    skip(end - at_);
    after_block_newline_ = false;
  }

  /// After a tag's end: `-` takes all white space, else trim_blocks one line end (not after {{ }}).
  void after(char sign, bool block) {
    if (sign == '-') {
      while (at_ < text_.size() && is_space(text_[at_])) skip(1);
    } else if (block && sign != '+' && at_ < text_.size() && text_[at_] == '\n') {
      skip(1);
      after_block_newline_ = true;
    }
  }

  void comment() {
    const std::size_t end = text_.find("#}", at_ + 2);
    if (end == std::string::npos) fail_here("a comment does not end");
    const char sign = end > at_ + 2 ? text_[end - 1] : '\0';
    skip(end + 2 - at_);
    after(sign, true);
  }

  /// Whether the block at at_ is {% raw %}.
  bool is_raw() const {
    std::size_t i = at_ + 2;
    if (i < text_.size() && (text_[i] == '-' || text_[i] == '+')) ++i;
    while (i < text_.size() && is_space(text_[i])) ++i;
    return here("raw", i) && i + 3 < text_.size() &&
           (is_space(text_[i + 3]) || text_[i + 3] == '-' || text_[i + 3] == '%');
  }

  void raw() {
    const std::size_t begin = text_.find("%}", at_);
    if (begin == std::string::npos) fail_here("a block does not end");
    const char sign = text_[begin - 1];
    skip(begin + 2 - at_);
    after(sign, true);
    for (std::size_t i = at_;; ++i) {
      i = text_.find("{%", i);
      if (i == std::string::npos) fail_here("raw does not end");
      std::size_t k = i + 2;
      const bool strip = k < text_.size() && text_[k] == '-';
      if (k < text_.size() && (text_[k] == '-' || text_[k] == '+')) ++k;
      while (k < text_.size() && is_space(text_[k])) ++k;
      if (!here("endraw", k)) continue;
      std::string_view part = std::string_view(text_).substr(at_, i - at_);
      if (strip) {
        while (!part.empty() && is_space(part.back())) part.remove_suffix(1);
      } else {
        std::size_t keep = part.size();
        while (keep > 0 && (part[keep - 1] == ' ' || part[keep - 1] == '\t')) --keep;
        if (keep > 0 && part[keep - 1] == '\n') part = part.substr(0, keep);
      }
      if (!part.empty()) push(Token::Kind::text, std::string(part));
      const std::size_t end = text_.find("%}", k);
      if (end == std::string::npos) fail_here("a block does not end");
      const char last = text_[end - 1];
      skip(end + 2 - at_);
      after(last, true);
      return;
    }
  }

  void tag() {
    const bool block = text_[at_ + 1] == '%';
    const std::string_view close = block ? "%}" : "}}";
    push(block ? Token::Kind::block_begin : Token::Kind::output_begin, "");
    skip(2);
    if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) skip(1);
    std::string brackets;
    while (true) {
      while (at_ < text_.size() && is_space(text_[at_])) skip(1);
      if (at_ >= text_.size()) fail_here("a tag does not end");
      const char sign = text_[at_];
      if (brackets.empty() && (sign == '-' || sign == '+') && here(close, at_ + 1)) {
        if (sign == '-' || block) {
          skip(3);
          return finish(block, sign);
        }
      }
      if (brackets.empty() && here(close, at_)) {
        skip(2);
        return finish(block, '\0');
      }
      element(brackets);
    }
  }

  void finish(bool block, char sign) {
    push(block ? Token::Kind::block_end : Token::Kind::output_end, "");
    after(sign, block);
  }

  void element(std::string& brackets) {
    const char c = text_[at_];
    if (is_name_start(c)) return name();
    if (is_digit(c)) return number();
    if (c == '"' || c == '\'') return string();
    for (std::string_view op : {"//", "**", "==", "!=", "<=", ">="})
      if (here(op, at_)) {
        push(Token::Kind::op, std::string(op));
        return skip(op.size());
      }
    if (std::string_view("+-*/%~<>=.,:|()[]{}").find(c) == std::string_view::npos)
      fail_here(fmt::format("unexpected character '{}'", c));
    if (c == '(' || c == '[' || c == '{') brackets += c;
    if (c == ')' || c == ']' || c == '}') {
      const char open = c == ')' ? '(' : c == ']' ? '[' : '{';
      if (brackets.empty() || brackets.back() != open) fail_here(fmt::format("unexpected '{}'", c));
      brackets.pop_back();
    }
    push(Token::Kind::op, std::string(1, c));
    skip(1);
  }

  void name() {
    std::size_t end = at_;
    while (end < text_.size() && (is_name_start(text_[end]) || is_digit(text_[end]))) ++end;
    push(Token::Kind::name, text_.substr(at_, end - at_));
    skip(end - at_);
  }

  void number() {
    std::size_t end = at_;
    bool real = false;
    const auto digits = [&] {
      while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '_')) ++end;
    };
    digits();
    if (end + 1 < text_.size() && text_[end] == '.' && is_digit(text_[end + 1])) {
      real = true;
      ++end;
      digits();
    }
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      std::size_t exponent = end + 1;
      if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
      if (exponent < text_.size() && is_digit(text_[exponent])) {
        real = true;
        end = exponent;
        digits();
      }
    }
    std::string text = text_.substr(at_, end - at_);
    std::erase(text, '_');
    push(real ? Token::Kind::real : Token::Kind::integer, std::move(text));
    skip(end - at_);
  }

  void string() {
    const char quote = text_[at_];
    std::string value;
    std::size_t i = at_ + 1;
    for (; i < text_.size() && text_[i] != quote; ++i) {
      if (text_[i] != '\\' || i + 1 >= text_.size()) {
        value += text_[i];
        continue;
      }
      escape(++i, value);
    }
    if (i >= text_.size()) fail_here("a string does not end");
    push(Token::Kind::string, std::move(value));
    skip(i + 1 - at_);
  }

  /// Python's escapes; `i` stands on the character after the backslash and is left on the last one taken.
  void escape(std::size_t& i, std::string& value) {
    const char c = text_[i];
    const auto code = [&](std::size_t digits) {
      char32_t number = 0;
      for (std::size_t k = 1; k <= digits; ++k) {
        const char h = i + k < text_.size() ? text_[i + k] : ' ';
        if (!std::isxdigit(static_cast<unsigned char>(h))) fail_here("a string has a wrong escape");
        number = number * 16 + static_cast<char32_t>(is_digit(h) ? h - '0' : (h | 32) - 'a' + 10);
      }
      if (number > 0x10ffff || (number >= 0xd800 && number < 0xe000)) fail_here("a string has a wrong escape");
      text::append_utf8(number, value);
      i += digits;
    };
    switch (c) {
      case 'n': value += '\n'; return;
      case 't': value += '\t'; return;
      case 'r': value += '\r'; return;
      case 'b': value += '\b'; return;
      case 'f': value += '\f'; return;
      case 'v': value += '\v'; return;
      case 'a': value += '\a'; return;
      case '0': value += '\0'; return;
      case '\n': return;
      case '\\':
      case '\'':
      case '"': value += c; return;
      case 'x': return code(2);
      case 'u': return code(4);
      case 'U': return code(8);
      default: value += '\\', value += c; return;
    }
  }

  std::string text_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool after_block_newline_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source) { return Lexer(source).run(); }

}  // namespace cofre::chat_template
