#include "serving/answer_grammar.h"

#include "base/error.h"
#include "grammar/automaton.h"
#include "grammar/grammar.h"
#include "grammar/json_rules.h"
#include "grammar/limits.h"
#include "serving/tool_calls/grammar.h"

namespace cofre::serving {
namespace {

using Kind = protocol::Constraint::Kind;
using Body = tool_calls::Format::Body;

const protocol::Chat* chat_of(const protocol::Request& request) { return std::get_if<protocol::Chat>(&request.task); }

/// The field by which callers know what binds an answer.
const char* field_of(Kind kind) {
  switch (kind) {
    case Kind::json_object: return "response_format";
    case Kind::json_schema: return "response_format.json_schema.schema";
    case Kind::regex: return "guided_regex";
    case Kind::gbnf: return "grammar";
    case Kind::choice: return "guided_choice";
    case Kind::none: break;
  }
  return "tools";
}

/// A call without marks and a text that a constraint holds may begin alike: then the constraint holds alone.
bool holds_calls(const protocol::Request& request, const tool_calls::Format& format) {
  const bool demanded = chat_of(request)->tool_choice != protocol::ToolChoice::automatic;
  return !format.unmarked || demanded || request.constraint.kind == Kind::none;
}

bool is_harmony(const Idiom& idiom) { return idiom.calls != nullptr && idiom.calls->body == Body::harmony; }

}  // namespace

bool is_bound(const protocol::Request& request, const Idiom& idiom, const tool_calls::Tools& tools) {
  if (request.constraint.kind != Kind::none) return true;
  const auto* chat = chat_of(request);
  return chat != nullptr && !tools.empty() && idiom.calls != nullptr && holds_calls(request, *idiom.calls);
}

std::shared_ptr<const grammar::Program> AnswerGrammar::compile(bool thinking) {
  const bool chats = chat_of(request_) != nullptr;
  const auto root = !chats ? demanded() : is_harmony(idiom_) ? harmony() : with_thought(answer(), thinking);
  return grammar::compile(builder_, root, field_of(request_.constraint.kind));
}

/// Special tokens by their ids, all else by its bytes.
grammar::Node AnswerGrammar::mark(std::string_view text) {
  std::vector<Node> parts;
  std::string bytes;
  const auto flush = [&] {
    if (!bytes.empty()) parts.push_back(builder_.literal(bytes));
    bytes.clear();
  };
  for (const auto id : tokenizer_.encode(text, tokenizer::Special::parse)) {
    if (!tokenizer_.is_special(id)) {
      tokenizer_.append_bytes(id, true, bytes);
      continue;
    }
    flush();
    parts.push_back(builder_.token(id));
  }
  flush();
  return builder_.sequence(std::move(parts));
}

/// White space that models write around thoughts.
grammar::Node AnswerGrammar::lines() { return builder_.repeat(builder_.literal("\n"), 0, 2); }

grammar::Node AnswerGrammar::demanded() {
  const auto& constraint = request_.constraint;
  switch (constraint.kind) {
    case Kind::json_object: return grammar::JsonRules(builder_).object();
    case Kind::json_schema: return grammar::add_schema(builder_, constraint.schema, field_of(constraint.kind));
    case Kind::regex: return grammar::add_regex(builder_, constraint.text, field_of(constraint.kind));
    case Kind::gbnf: return grammar::add_gbnf(builder_, constraint.text, field_of(constraint.kind));
    case Kind::choice: {
      std::vector<Node> choices;
      for (const auto& one : constraint.choices) choices.push_back(builder_.literal(one));
      return builder_.choice(std::move(choices));
    }
    case Kind::none: break;
  }
  return free_text();
}

/// Any text in which no call and no thought begins.
grammar::Node AnswerGrammar::free_text() {
  std::vector<std::string> without;
  if (idiom_.thoughts != nullptr) without.emplace_back(idiom_.thoughts->begin);
  if (!tools_.empty() && idiom_.calls != nullptr)
    for (const auto begin : {idiom_.calls->section_begin, idiom_.calls->begin})
      if (!begin.empty()) without.emplace_back(begin);
  return builder_.text_without(without);
}

/// What stands behind the thought.
grammar::Node AnswerGrammar::answer() {
  const auto& chat = *chat_of(request_);
  if (tools_.empty() || !holds_calls(request_, *idiom_.calls)) return demanded();
  tool_calls::CallGrammar grammar(builder_, *idiom_.calls, tools_,
                                  [this](std::string_view text) { return mark(text); });
  const bool many = chat.parallel_tool_calls, automatic = chat.tool_choice == protocol::ToolChoice::automatic;
  const auto& format = *idiom_.calls;
  if (automatic && format.bare && request_.constraint.kind == Kind::none) {
    const auto bare = grammar.bare(many);
    const auto marked = format.unmarked ? builder_.sequence({mark(format.begin), bare}) : grammar.calls(many);
    return builder_.choice({builder_.sequence({grammar.blank(), bare}),
                            builder_.sequence({text_without_bare(grammar), builder_.optional(marked)})});
  }
  const auto calls = grammar.calls(many);
  if (!automatic) return calls;
  if (request_.constraint.kind != Kind::none) return builder_.choice({demanded(), calls});
  return builder_.sequence({free_text(), builder_.optional(calls)});
}

/// Free text that does not begin as a call without marks does.
grammar::Node AnswerGrammar::text_without_bare(tool_calls::CallGrammar& grammar) {
  const auto call = builder_.sequence({grammar.blank(), grammar.bare_beginning(), builder_.text_without({})});
  return builder_.automaton(grammar::combine(builder_.to_dfa(free_text()), builder_.to_dfa(call),
                                             grammar::Combine::first_only, grammar::states_max));
}

grammar::Node AnswerGrammar::with_thought(Node body, bool thinking) {
  if (idiom_.thoughts == nullptr) return body;
  const auto& marks = *idiom_.thoughts;
  const auto thought = builder_.sequence({builder_.text_without({std::string(marks.end)}), mark(marks.end), lines()});
  if (thinking) return builder_.sequence({thought, body});
  return builder_.sequence({builder_.optional(builder_.sequence({lines(), mark(marks.begin), thought})), body});
}

grammar::Node AnswerGrammar::harmony_call(const tool_calls::Tool& tool) {
  tool_calls::CallGrammar grammar(builder_, *idiom_.calls, tools_,
                                  [this](std::string_view text) { return mark(text); });
  return builder_.sequence({mark("<|channel|>commentary to=functions." + tool.name + " <|constrain|>json<|message|>"),
                            grammar.arguments(tool)});
}

/// Messages in channels: perhaps analysis, then the final one or a call.
grammar::Node AnswerGrammar::harmony() {
  const auto& chat = *chat_of(request_);
  const auto thought = builder_.sequence(
      {mark("<|channel|>analysis<|message|>"), builder_.text_without({"<|end|>"}), mark("<|end|><|start|>assistant")});
  std::vector<Node> last;
  if (chat.tool_choice == protocol::ToolChoice::automatic || tools_.empty())
    last.push_back(
        builder_.sequence({mark("<|channel|>final<|message|>"),
                           request_.constraint.kind == Kind::none ? builder_.text_without({"<|end|>"}) : demanded()}));
  for (const auto& tool : tools_.all()) last.push_back(harmony_call(tool));
  return builder_.sequence({builder_.optional(thought), builder_.choice(std::move(last))});
}

}  // namespace cofre::serving
