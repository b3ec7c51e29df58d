#pragma once

#include "grammar/builder.h"
#include "protocol/request.h"
#include "serving/idiom.h"
#include "serving/tool_calls/grammar.h"
#include "serving/tool_calls/tools.h"
#include "tokenizer/tokenizer.h"

namespace cofre::serving {

/// Whether an answer must keep to a grammar.
bool is_bound(const protocol::Request& request, const Idiom& idiom, const tool_calls::Tools& tools);

/// Writes the grammar of a whole answer: a thought where the model thinks, then what the request demands: text that the
/// constraint holds, calls with arguments by their schemas.
class AnswerGrammar {
 public:
  /// All must outlive it.
  AnswerGrammar(const tokenizer::Tokenizer& tokenizer, const Idiom& idiom, const protocol::Request& request,
                const tool_calls::Tools& tools)
      : tokenizer_(tokenizer), idiom_(idiom), request_(request), tools_(tools) {}

  /// Throws Error naming the field of what cannot be held.
  std::shared_ptr<const grammar::Program> compile(bool thinking);

 private:
  using Node = grammar::Node;
  Node mark(std::string_view text);
  Node lines();
  Node demanded();
  Node free_text();
  Node answer();
  Node text_without_bare(tool_calls::CallGrammar& grammar);
  Node with_thought(Node body, bool thinking);
  Node harmony();
  Node harmony_call(const tool_calls::Tool& tool);

  const tokenizer::Tokenizer& tokenizer_;
  const Idiom& idiom_;
  const protocol::Request& request_;
  const tool_calls::Tools& tools_;
  grammar::Builder builder_;
};

}  // namespace cofre::serving
