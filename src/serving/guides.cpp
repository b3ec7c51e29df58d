#include "serving/guides.h"

#include <algorithm>

#include "base/error.h"
#include "grammar/matcher.h"
#include "serving/answer_grammar.h"

namespace cofre::serving {
namespace {

constexpr std::size_t kept_max = 64;

class GrammarGuide final : public engine::Guide {
 public:
  explicit GrammarGuide(std::shared_ptr<const grammar::Masks> masks) : matcher_(std::move(masks)) {}

  void mask(std::span<std::uint64_t> allowed, std::size_t remaining) override {
    const auto words = matcher_.vocabulary().words();
    matcher_.fill_mask(allowed.first(words), remaining);
    std::fill(allowed.begin() + static_cast<std::ptrdiff_t>(words), allowed.end(), 0);  // rows that stand for no token
  }
  bool free(std::size_t) const override { return false; }
  void accept(engine::TokenId token) override {
    if (!matcher_.accept(token)) fail(Code::internal, "token {} does not keep to the grammar", token);
  }
  bool finished() const override { return matcher_.finished() || matcher_.must_end(); }

 private:
  grammar::Matcher matcher_;
};

/// What tells grammars apart. Tenants share none: how fast an answer begins would tell what others asked for.
std::string key_of(const protocol::Request& request, const tool_calls::Tools& tools, bool thinking) {
  const auto& constraint = request.constraint;
  const auto* chat = std::get_if<protocol::Chat>(&request.task);
  json::Array choices, listed;
  for (const auto& one : constraint.choices) choices.push_back(json::Value(one));
  for (const auto& tool : tools.all()) listed.push_back(json::Array{tool.name, tool.schema, tool.strict, tool.index});
  return json::dump(json::Array{request.tenant, chat != nullptr, thinking, static_cast<int>(constraint.kind),
                                constraint.schema, constraint.text, std::move(choices), std::move(listed),
                                chat == nullptr ? 0 : static_cast<int>(chat->tool_choice),
                                chat != nullptr && chat->parallel_tool_calls});
}

}  // namespace

std::shared_ptr<engine::Guide> Guides::guide(std::shared_ptr<const grammar::Masks> masks) {
  return std::make_shared<GrammarGuide>(std::move(masks));
}

std::shared_ptr<const grammar::Masks> Guides::masks(const protocol::Request& request, const tool_calls::Tools& tools,
                                                    bool thinking) {
  if (!is_bound(request, idiom_, tools)) return nullptr;
  auto key = key_of(request, tools, thinking);
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = kept_.find(key); at != kept_.end()) {
      order_.splice(order_.end(), order_, at->second.used);
      return at->second.masks;
    }
  }
  auto made = compile(request, tools, thinking);  // meanwhile others may go on
  const std::lock_guard lock(mutex_);
  if (const auto at = kept_.find(key); at != kept_.end()) return at->second.masks;
  order_.push_back(key);
  kept_.emplace(std::move(key), Kept{made, std::prev(order_.end())});
  if (kept_.size() > kept_max) {
    kept_.erase(order_.front());
    order_.pop_front();
  }
  return made;
}

std::shared_ptr<const grammar::Masks> Guides::compile(const protocol::Request& request, const tool_calls::Tools& tools,
                                                      bool thinking) {
  auto program = AnswerGrammar(model_.loaded().tokenizer, idiom_, request, tools).compile(thinking);
  return std::make_shared<grammar::Masks>(std::move(program), vocabulary());
}

std::shared_ptr<const grammar::Vocabulary> Guides::vocabulary() {
  const std::lock_guard lock(mutex_);
  if (vocabulary_) return vocabulary_;
  const auto& tokenizer = model_.loaded().tokenizer;
  std::vector<std::string> tokens(tokenizer.size());
  for (std::size_t id = 0; id < tokens.size(); ++id)
    tokenizer.append_bytes(static_cast<engine::TokenId>(id), false, tokens[id]);
  return vocabulary_ = std::make_shared<grammar::Vocabulary>(tokens, idiom_.ends);
}

}  // namespace cofre::serving
