#include "grammar/regex.h"

#include <utility>

#include "base/error.h"
#include "grammar/regex_tree.h"

namespace cofre::grammar {
namespace {

/// Turns a tree into expressions. An anchor may only stand at an edge of the whole; where none stands at an edge, the
/// padding does: any text when searching, nothing else.
class Writer {
 public:
  Writer(Builder& builder, std::string_view field, Anchoring anchoring, Writing writing)
      : builder_(builder), field_(field), writing_(writing), padding_(builder.empty()) {
    if (anchoring == Anchoring::search)
      padding_ = builder.repeat(write_character(builder, {{0, code_point_max}}, writing), 0, unlimited);
  }

  Node write(const RegexTree& tree, bool left, bool right) {
    using Kind = RegexTree::Kind;
    switch (tree.kind) {
      case Kind::begin:
        if (!left) misplaced();
        return right ? padding_ : builder_.empty();
      case Kind::end:
        if (!right) misplaced();
        return left ? padding_ : builder_.empty();
      case Kind::choice: {
        std::vector<Node> parts;
        for (const auto& part : tree.parts) parts.push_back(write(part, left, right));
        return builder_.choice(std::move(parts));
      }
      case Kind::sequence: {
        if (tree.parts.empty()) return left || right ? padding_ : builder_.empty();
        std::vector<Node> parts;
        for (std::size_t i = 0; i < tree.parts.size(); ++i)
          parts.push_back(write(tree.parts[i], left && i == 0, right && i + 1 == tree.parts.size()));
        return builder_.sequence(std::move(parts));
      }
      case Kind::set: return padded(write_character(builder_, tree.set, writing_), left, right);
      case Kind::repeat:
        return padded(builder_.repeat(write(tree.parts[0], false, false), tree.least, tree.most), left, right);
    }
    return builder_.never();
  }

 private:
  Node padded(Node node, bool left, bool right) {
    return builder_.sequence({left ? padding_ : builder_.empty(), node, right ? padding_ : builder_.empty()});
  }
  [[noreturn]] void misplaced() const {
    fail_field(Code::unsupported, field_, "the regular expression uses ^ or $ in its middle, which is not supported");
  }

  Builder& builder_;
  const std::string field_;
  const Writing writing_;
  Node padding_;
};

}  // namespace

Node add_regex(Builder& builder, std::string_view pattern, std::string_view field, Anchoring anchoring,
               Writing writing) {
  const auto tree = RegexParser(pattern, field).parse();
  return Writer(builder, field, anchoring, writing).write(tree, true, true);
}

}  // namespace cofre::grammar
