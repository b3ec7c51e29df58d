#include "template/parser.h"

#include <charconv>
#include <initializer_list>

#include "base/error.h"
#include "template/lexer.h"

namespace cofre::chat_template {
namespace {

using Kind = Expression::Kind;

class Parser {
 public:
  Parser(std::vector<Token> tokens, std::size_t depth) : tokens_(std::move(tokens)), depth_max_(depth) {}

  Block parse() { return block({}); }

 private:
  [[noreturn]] void fail_here(std::string_view what) const {
    fail(Code::invalid, "template, line {}: {}", now().line, what);
  }

  /// Counts nesting while it lives.
  struct Deeper {
    Parser& parser;
    explicit Deeper(Parser& p) : parser(p) {
      if (++p.depth_ > p.depth_max_) p.fail_here("nested too deeply");
    }
    ~Deeper() { --parser.depth_; }
  };

  const Token& now() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  bool is(Token::Kind kind) const { return now().kind == kind; }
  bool is_op(std::string_view op) const { return is(Token::Kind::op) && now().text == op; }
  bool is_name(std::string_view name) const { return is(Token::Kind::name) && now().text == name; }
  bool take_op(std::string_view op) { return is_op(op) && (++at_, true); }
  bool take_name(std::string_view name) { return is_name(name) && (++at_, true); }
  void want_op(std::string_view op) {
    if (!take_op(op)) fail_here(fmt::format("'{}' expected, not '{}'", op, now().text));
  }
  void want_name(std::string_view name) {
    if (!take_name(name)) fail_here(fmt::format("'{}' expected, not '{}'", name, now().text));
  }
  std::string want_any_name() {
    if (!is(Token::Kind::name)) fail_here("a name expected");
    return tokens_[at_++].text;
  }
  void want_end() {
    if (!is(Token::Kind::block_end)) fail_here(fmt::format("'%}}' expected, not '{}'", now().text));
    ++at_;
  }
  ExpressionPtr make(Kind kind, std::string text = {}) const {
    auto e = std::make_unique<Expression>();
    e->kind = kind;
    e->line = now().line;
    e->text = std::move(text);
    return e;
  }
  ExpressionPtr binary(ExpressionPtr left, std::string op, ExpressionPtr right) const {
    auto e = make(Kind::binary, std::move(op));
    e->parts.push_back(std::move(left));
    e->parts.push_back(std::move(right));
    return e;
  }

  // ---- statements

  /// Statements up to a block tag that one of `ends` names; stands on that name then.
  Block block(std::initializer_list<std::string_view> ends) {
    const Deeper deeper(*this);
    Block out;
    while (!is(Token::Kind::end)) {
      if (is(Token::Kind::text)) {
        auto s = statement(Statement::Kind::text);
        s->text = now().text;
        ++at_;
        out.statements.push_back(std::move(s));
      } else if (is(Token::Kind::output_begin)) {
        ++at_;
        auto s = statement(Statement::Kind::output);
        s->expression = tuple_or_expression();
        if (!is(Token::Kind::output_end)) fail_here(fmt::format("'}}}}' expected, not '{}'", now().text));
        ++at_;
        out.statements.push_back(std::move(s));
      } else {
        ++at_;  // block_begin
        for (const auto end : ends)
          if (is_name(end)) return out;
        out.statements.push_back(tag());
      }
    }
    if (ends.size() > 0) fail_here(fmt::format("'{}' is missing", *ends.begin()));
    return out;
  }

  std::unique_ptr<Statement> statement(Statement::Kind kind) const {
    auto s = std::make_unique<Statement>();
    s->kind = kind;
    s->line = now().line;
    return s;
  }

  std::unique_ptr<Statement> tag() {
    const std::string name = want_any_name();
    if (name == "if") return if_tag();
    if (name == "for") return for_tag();
    if (name == "set") return set_tag();
    if (name == "macro") return macro_tag();
    if (name == "call") return call_tag();
    if (name == "filter") return filter_tag();
    if (name == "generation") return generation_tag();
    if (name == "break" || name == "continue") {
      if (loops_ == 0) fail_here(fmt::format("'{}' outside of a loop", name));
      auto s = statement(name == "break" ? Statement::Kind::leave : Statement::Kind::next);
      want_end();
      return s;
    }
    if (name == "do") {
      auto s = statement(Statement::Kind::run);
      s->expression = tuple_or_expression();
      want_end();
      return s;
    }
    fail_here(fmt::format("unknown tag '{}'", name));
  }

  std::unique_ptr<Statement> if_tag() {
    auto s = statement(Statement::Kind::condition);
    auto condition = tuple_or_expression();
    want_end();
    while (true) {
      s->branches.emplace_back(std::move(condition), block({"endif", "else", "elif"}));
      if (take_name("elif")) {
        condition = tuple_or_expression();
        want_end();
        continue;
      }
      if (take_name("else")) {
        want_end();
        s->otherwise = block({"endif"});
      }
      want_name("endif");
      want_end();
      return s;
    }
  }

  std::unique_ptr<Statement> for_tag() {
    auto s = statement(Statement::Kind::loop);
    s->targets.push_back(target(false));
    want_name("in");
    s->expression = tuple_or_expression(false);
    if (take_name("if")) s->filter = expression();
    if (take_name("recursive")) s->recursive = true;
    want_end();
    ++loops_;
    s->body = block({"endfor", "else"});
    --loops_;
    if (take_name("else")) {
      want_end();
      s->otherwise = block({"endfor"});
    }
    want_name("endfor");
    want_end();
    return s;
  }

  /// What a loop or set assigns to: names, several of them, or (for set) an attribute.
  ExpressionPtr target(bool attribute) {
    const auto one = [&]() -> ExpressionPtr {
      if (take_op("(")) {
        auto inner = target(attribute);
        want_op(")");
        return inner;
      }
      auto e = make(Kind::name, want_any_name());
      if (attribute && take_op(".")) {
        auto whole = make(Kind::attribute, want_any_name());
        whole->parts.push_back(std::move(e));
        return whole;
      }
      return e;
    };
    auto first = one();
    if (!is_op(",")) return first;
    auto tuple = make(Kind::tuple);
    tuple->parts.push_back(std::move(first));
    while (take_op(",")) {
      if (!is(Token::Kind::name) && !is_op("(")) break;
      tuple->parts.push_back(one());
    }
    return tuple;
  }

  std::unique_ptr<Statement> set_tag() {
    auto s = statement(Statement::Kind::set);
    s->targets.push_back(target(true));
    if (take_op("=")) {
      s->expression = tuple_or_expression();
      want_end();
      return s;
    }
    if (is_op("|")) s->filter = filters(nullptr);
    want_end();
    s->body = block({"endset"});
    want_name("endset");
    want_end();
    return s;
  }

  void parameters(Statement& s) {
    want_op("(");
    while (!is_op(")")) {
      std::string name = want_any_name();
      ExpressionPtr otherwise;
      if (take_op("=")) {
        otherwise = expression();
      } else if (!s.parameters.empty() && s.parameters.back().second) {
        fail_here("a parameter without a default follows one with");
      }
      s.parameters.emplace_back(std::move(name), std::move(otherwise));
      if (!take_op(",")) break;
    }
    want_op(")");
  }

  std::unique_ptr<Statement> macro_tag() {
    auto s = statement(Statement::Kind::macro);
    s->text = want_any_name();
    parameters(*s);
    want_end();
    const int loops = std::exchange(loops_, 0);
    s->body = block({"endmacro"});
    loops_ = loops;
    want_name("endmacro");
    if (is(Token::Kind::name)) ++at_;
    want_end();
    return s;
  }

  std::unique_ptr<Statement> call_tag() {
    auto s = statement(Statement::Kind::call);
    if (is_op("(")) parameters(*s);
    s->expression = expression();
    if (s->expression->kind != Kind::call) fail_here("{% call %} needs a call");
    want_end();
    const int loops = std::exchange(loops_, 0);
    s->body = block({"endcall"});
    loops_ = loops;
    want_name("endcall");
    want_end();
    return s;
  }

  std::unique_ptr<Statement> filter_tag() {
    auto s = statement(Statement::Kind::filter);
    s->filter = filters(nullptr, true);
    want_end();
    s->body = block({"endfilter"});
    want_name("endfilter");
    want_end();
    return s;
  }

  std::unique_ptr<Statement> generation_tag() {
    auto s = statement(Statement::Kind::scope);
    want_end();
    s->body = block({"endgeneration"});
    want_name("endgeneration");
    want_end();
    return s;
  }

  // ---- expressions, loosest first

  ExpressionPtr tuple_or_expression(bool conditions = true) {
    const auto one = [&] { return conditions ? expression() : either(); };
    auto first = one();
    if (!is_op(",")) return first;
    auto tuple = make(Kind::tuple);
    tuple->parts.push_back(std::move(first));
    while (take_op(",")) {
      if (is(Token::Kind::block_end) || is(Token::Kind::output_end) || is_op(")")) break;
      tuple->parts.push_back(one());
    }
    return tuple;
  }

  ExpressionPtr expression() {
    const Deeper deeper(*this);
    auto value = either();
    while (take_name("if")) {
      auto e = make(Kind::condition);
      auto condition = either();
      e->parts.push_back(std::move(value));
      e->parts.push_back(std::move(condition));
      e->parts.push_back(take_name("else") ? expression() : nullptr);
      value = std::move(e);
    }
    return value;
  }

  ExpressionPtr either() {
    auto left = both();
    while (take_name("or")) left = binary(std::move(left), "or", both());
    return left;
  }

  ExpressionPtr both() {
    auto left = negation();
    while (take_name("and")) left = binary(std::move(left), "and", negation());
    return left;
  }

  ExpressionPtr negation() {
    if (!take_name("not")) return comparison();
    const Deeper deeper(*this);
    auto e = make(Kind::unary, "not");
    e->parts.push_back(negation());
    return e;
  }

  ExpressionPtr comparison() {
    auto left = sum();
    ExpressionPtr chain;
    while (true) {
      std::string op;
      for (std::string_view candidate : {"==", "!=", "<=", ">=", "<", ">"})
        if (is_op(candidate)) op = candidate;
      if (!op.empty()) {
        ++at_;
      } else if (take_name("in")) {
        op = "in";
      } else if (is_name("not") && ahead().kind == Token::Kind::name && ahead().text == "in") {
        at_ += 2;
        op = "not in";
      } else {
        return chain ? std::move(chain) : std::move(left);
      }
      if (!chain) {
        chain = make(Kind::compare);
        chain->parts.push_back(std::move(left));
      }
      chain->operators.push_back(std::move(op));
      chain->parts.push_back(sum());
    }
  }

  template <class Next>
  ExpressionPtr chain_of(std::initializer_list<std::string_view> ops, Next&& next) {
    auto left = next();
    while (true) {
      std::string op;
      for (std::string_view candidate : ops)
        if (is_op(candidate)) op = candidate;
      if (op.empty()) return left;
      ++at_;
      left = binary(std::move(left), std::move(op), next());
    }
  }
  ExpressionPtr sum() {
    return chain_of({"+", "-"}, [this] { return concatenation(); });
  }
  ExpressionPtr concatenation() {
    return chain_of({"~"}, [this] { return product(); });
  }
  ExpressionPtr product() {
    return chain_of({"*", "/", "//", "%"}, [this] { return power(); });
  }
  ExpressionPtr power() {
    return chain_of({"**"}, [this] { return unary(true); });
  }

  ExpressionPtr unary(bool with_filters) {
    const Deeper deeper(*this);
    ExpressionPtr e;
    if (is_op("-") || is_op("+")) {
      e = make(Kind::unary, now().text);
      ++at_;
      e->parts.push_back(unary(false));
    } else {
      e = postfix(primary());
    }
    return with_filters ? filters_and_tests(std::move(e)) : std::move(e);
  }

  ExpressionPtr literal(Value value) {
    auto e = make(Kind::literal);
    e->value = std::move(value);
    ++at_;
    return e;
  }

  ExpressionPtr primary() {
    const Token& token = now();
    switch (token.kind) {
      case Token::Kind::name:
        if (token.text == "true" || token.text == "True") return literal(true);
        if (token.text == "false" || token.text == "False") return literal(false);
        if (token.text == "none" || token.text == "None") return literal(None{});
        {
          auto e = make(Kind::name, token.text);
          ++at_;
          return e;
        }
      case Token::Kind::string: {
        std::string value;
        while (is(Token::Kind::string)) value += tokens_[at_++].text;  // neighbours join
        --at_;
        return literal(std::move(value));
      }
      case Token::Kind::integer: {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(token.text.data(), token.text.data() + token.text.size(), number);
        if (error != std::errc()) fail_here("a number is too large");
        return literal(number);
      }
      case Token::Kind::real: {
        double number = 0;
        std::from_chars(token.text.data(), token.text.data() + token.text.size(), number);
        return literal(number);
      }
      case Token::Kind::op: break;
      default: fail_here("an expression expected");
    }
    if (take_op("(")) return round_brackets();
    if (take_op("[")) return square_brackets();
    if (take_op("{")) return curly_brackets();
    fail_here(fmt::format("unexpected '{}'", token.text));
  }

  ExpressionPtr round_brackets() {
    if (take_op(")")) return make(Kind::tuple);
    auto inner = tuple_or_expression();
    want_op(")");
    return inner;
  }

  ExpressionPtr square_brackets() {
    auto e = make(Kind::list);
    while (!is_op("]")) {
      e->parts.push_back(expression());
      if (!take_op(",")) break;
    }
    want_op("]");
    return e;
  }

  ExpressionPtr curly_brackets() {
    auto e = make(Kind::dict);
    while (!is_op("}")) {
      e->parts.push_back(expression());
      want_op(":");
      e->parts.push_back(expression());
      if (!take_op(",")) break;
    }
    want_op("}");
    return e;
  }

  ExpressionPtr postfix(ExpressionPtr e) {
    while (true) {
      if (take_op(".")) {
        ExpressionPtr whole;
        if (is(Token::Kind::integer)) {
          whole = make(Kind::item);
          whole->parts.push_back(std::move(e));
          whole->parts.push_back(primary());
        } else {
          whole = make(Kind::attribute, want_any_name());
          whole->parts.push_back(std::move(e));
        }
        e = std::move(whole);
      } else if (take_op("[")) {
        e = subscript(std::move(e));
      } else if (take_op("(")) {
        e = call(std::move(e));
      } else {
        return e;
      }
    }
  }

  ExpressionPtr subscript(ExpressionPtr object) {
    ExpressionPtr first;
    if (!is_op(":")) first = tuple_or_expression();
    if (!is_op(":")) {
      auto e = make(Kind::item);
      e->parts.push_back(std::move(object));
      e->parts.push_back(std::move(first));
      want_op("]");
      return e;
    }
    auto e = make(Kind::slice);
    e->parts.push_back(std::move(object));
    e->parts.push_back(std::move(first));
    for (int i = 0; i < 2; ++i) e->parts.push_back(take_op(":") && !is_op(":") && !is_op("]") ? expression() : nullptr);
    want_op("]");
    return e;
  }

  void arguments(Expression& e) {
    while (!is_op(")")) {
      if (is(Token::Kind::name) && ahead().kind == Token::Kind::op && ahead().text == "=") {
        std::string name = want_any_name();
        ++at_;
        e.named.emplace_back(std::move(name), expression());
      } else {
        if (!e.named.empty()) fail_here("a positional argument follows a named one");
        e.parts.push_back(expression());
      }
      if (!take_op(",")) break;
    }
    want_op(")");
  }

  ExpressionPtr call(ExpressionPtr callee) {
    const Deeper deeper(*this);
    auto e = make(Kind::call);
    e->parts.push_back(std::move(callee));
    arguments(*e);
    return e;
  }

  /// `| name(arguments)` as often as it stands; without a bar first where `bare`.
  ExpressionPtr filters(ExpressionPtr e, bool bare = false) {
    while (bare || take_op("|")) {
      bare = false;
      auto whole = make(Kind::filter, want_any_name());
      while (take_op(".")) whole->text += "." + want_any_name();
      whole->parts.push_back(std::move(e));
      if (take_op("(")) arguments(*whole);
      e = std::move(whole);
    }
    return e;
  }

  ExpressionPtr filters_and_tests(ExpressionPtr e) {
    while (true) {
      if (is_op("|")) {
        e = filters(std::move(e));
      } else if (take_name("is")) {
        e = test(std::move(e));
      } else if (take_op("(")) {
        e = call(std::move(e));
      } else {
        return e;
      }
    }
  }

  ExpressionPtr test(ExpressionPtr object) {
    const bool negated = take_name("not");
    auto e = make(Kind::test, want_any_name());
    e->parts.push_back(std::move(object));
    const bool starts = is(Token::Kind::name) || is(Token::Kind::string) || is(Token::Kind::integer) ||
                        is(Token::Kind::real) || is_op("[") || is_op("{");
    const bool keyword = is_name("else") || is_name("or") || is_name("and") || is_name("is") || is_name("if") ||
                         is_name("not") || is_name("in");
    if (take_op("(")) {
      arguments(*e);
    } else if (starts && !keyword) {
      e->parts.push_back(postfix(primary()));
    }
    if (!negated) return e;
    auto whole = make(Kind::unary, "not");
    whole->parts.push_back(std::move(e));
    return whole;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0, depth_max_;
  int loops_ = 0;
};

}  // namespace

Expression::~Expression() {
  std::vector<std::unique_ptr<Expression>> rest;
  const auto take = [&rest](Expression& from) {
    for (auto& part : from.parts)
      if (part) rest.push_back(std::move(part));
    for (auto& [name, part] : from.named)
      if (part) rest.push_back(std::move(part));
    from.parts.clear();
    from.named.clear();
  };
  take(*this);
  while (!rest.empty()) {
    const auto one = std::move(rest.back());
    rest.pop_back();
    take(*one);
  }
}

Block parse_template(std::string_view source, const Limits& limits) {
  if (source.size() > limits.source_bytes)
    fail(Code::invalid, "the template is {} bytes long; the most is {}", source.size(), limits.source_bytes);
  return Parser(tokenize(source), limits.depth).parse();
}

}  // namespace cofre::chat_template
