#include "grammar/compiler.h"

#include <algorithm>

#include "base/error.h"
#include "grammar/json_text.h"
#include "grammar/limits.h"

namespace cofre::grammar {
namespace {

constexpr std::size_t inline_max = 40;  ///< a rule of so few expressions is copied into its callers

}  // namespace

std::size_t Compiler::measure(Node node, std::vector<RuleId>& calls) const {
  std::size_t size = 0;
  std::vector<Node> work{node};
  while (!work.empty()) {
    const auto& e = builder_.at(work.back());
    work.pop_back();
    ++size;
    if (e.kind == Builder::Kind::repeat)
      size += std::min<std::uint32_t>(e.most == unlimited ? e.least : e.most, inline_max);
    if (e.kind == Builder::Kind::automaton) size += builder_.automata_[e.value].states.size();
    if (e.kind == Builder::Kind::call) calls.push_back(e.value);
    if (e.kind == Builder::Kind::automaton)
      for (const auto& state : builder_.automata_[e.value].states)
        for (const auto& jump : state.calls) calls.push_back(jump.value);
    work.insert(work.end(), e.parts.begin(), e.parts.end());
  }
  return size;
}

/// Rules in use, callees first where no cycle forbids it; a small rule that is reached only after its callees is
/// copied.
void Compiler::visit(RuleId root) {
  struct Frame {
    RuleId rule;
    std::vector<RuleId> calls;
    std::size_t at = 0, size = 0;
    bool leaf = true;  ///< calls only what is copied or apart
  };
  std::vector<bool> done(builder_.rules_.size(), false);
  const auto open = [&](RuleId rule) {
    if (!builder_.rules_[rule].defined) fail(Code::invalid, "rule {} is not defined", builder_.rules_[rule].name);
    seen_[rule] = true;
    Frame frame{.rule = rule, .calls = {}};
    if (!builder_.rules_[rule].text) frame.size = measure(builder_.rules_[rule].body, frame.calls);
    return frame;
  };
  std::vector<Frame> stack;
  stack.push_back(open(root));
  while (!stack.empty()) {
    auto& frame = stack.back();
    if (frame.at < frame.calls.size()) {
      const auto callee = frame.calls[frame.at];
      if (!seen_[callee]) {
        stack.push_back(open(callee));
        continue;
      }
      ++frame.at;
      if (inlined_[callee]) frame.size += sizes_[callee];
      if (!done[callee] || (!inlined_[callee] && !builder_.rules_[callee].apart)) frame.leaf = false;
      continue;
    }
    const auto& rule = builder_.rules_[frame.rule];
    inlined_[frame.rule] = stack.size() > 1 && frame.leaf && !rule.apart && frame.size <= inline_max;
    done[frame.rule] = true;
    sizes_[frame.rule] = frame.size;
    order_.push_back(frame.rule);
    stack.pop_back();
  }
}

std::uint32_t Compiler::add_state(Nfa& nfa) {
  if (++nfa_states_ > nfa_states_max)
    fail(Code::exhausted, "the grammar is too large: more than {} places", nfa_states_max);
  return nfa.add_state();
}

void Compiler::emit_repeat(Nfa& nfa, const Builder::Expression& e, std::uint32_t from, std::uint32_t to) {
  using Label = Nfa::Label;
  const auto part = e.parts[0];
  for (std::uint32_t i = 0; i < e.least; ++i) {
    const auto next = add_state(nfa);
    emit(nfa, part, from, next);
    from = next;
  }
  if (e.most == unlimited) {
    const auto loop = add_state(nfa);
    nfa.states[from].push_back({.label = Label::nothing, .to = loop});
    emit(nfa, part, loop, loop);
    nfa.states[loop].push_back({.label = Label::nothing, .to = to});
    return;
  }
  for (std::uint32_t i = e.least; i < e.most; ++i) {
    const auto next = add_state(nfa);
    nfa.states[from].push_back({.label = Label::nothing, .to = to});
    emit(nfa, part, from, next);
    from = next;
  }
  nfa.states[from].push_back({.label = Label::nothing, .to = to});
}

void Compiler::emit_automaton(Nfa& nfa, const Dfa& dfa, std::uint32_t from, std::uint32_t to) {
  using Label = Nfa::Label;
  const auto base = static_cast<std::uint32_t>(nfa.states.size());
  for (std::size_t i = 0; i < dfa.states.size(); ++i) add_state(nfa);
  nfa.states[from].push_back({.label = Label::nothing, .to = base});
  for (std::size_t i = 0; i < dfa.states.size(); ++i) {
    auto& out = nfa.states[base + i];
    for (const auto& edge : dfa.states[i].edges) out.push_back({Label::bytes, edge.low, edge.high, 0, base + edge.to});
    for (const auto& jump : dfa.states[i].tokens) out.push_back({Label::token, 0, 0, jump.value, base + jump.to});
    for (const auto& jump : dfa.states[i].calls) out.push_back({Label::call, 0, 0, jump.value, base + jump.to});
    if (dfa.states[i].accepts) out.push_back({.label = Label::nothing, .to = to});
  }
}

void Compiler::emit(Nfa& nfa, Node node, std::uint32_t from, std::uint32_t to) {
  using Kind = Builder::Kind;
  using Label = Nfa::Label;
  const auto& e = builder_.at(node);
  switch (e.kind) {
    case Kind::empty: nfa.states[from].push_back({.label = Label::nothing, .to = to}); break;
    case Kind::never: break;
    case Kind::bytes: nfa.states[from].push_back({Label::bytes, e.low, e.high, 0, to}); break;
    case Kind::token: nfa.states[from].push_back({Label::token, 0, 0, e.value, to}); break;
    case Kind::sequence:
      for (std::size_t i = 0; i < e.parts.size(); ++i) {
        const auto next = i + 1 == e.parts.size() ? to : add_state(nfa);
        emit(nfa, e.parts[i], from, next);
        from = next;
      }
      break;
    case Kind::choice:
      for (const auto part : e.parts) {  // a place of its own: a loop in one part must not reach the others
        const auto begin = add_state(nfa);
        nfa.states[from].push_back({.label = Label::nothing, .to = begin});
        emit(nfa, part, begin, to);
      }
      break;
    case Kind::repeat: emit_repeat(nfa, e, from, to); break;
    case Kind::call:
      if (e.value < inlined_.size() && inlined_[e.value]) {
        const auto begin = add_state(nfa), end = add_state(nfa);
        nfa.states[from].push_back({.label = Label::nothing, .to = begin});
        emit(nfa, builder_.rules_[e.value].body, begin, end);
        nfa.states[end].push_back({.label = Label::nothing, .to = to});
      } else {
        nfa.states[from].push_back({Label::call, 0, 0, e.value, to});
      }
      break;
    case Kind::graph: {
      const auto base = static_cast<std::uint32_t>(nfa.states.size());
      for (std::uint32_t i = 0; i < e.value; ++i) add_state(nfa);
      nfa.states[from].push_back({.label = Label::nothing, .to = base});
      nfa.states[base + 1].push_back({.label = Label::nothing, .to = to});
      for (std::size_t i = 0; i < e.parts.size(); ++i)
        emit(nfa, e.parts[i], base + e.ends[i].first, base + e.ends[i].second);
      break;
    }
    case Kind::automaton: emit_automaton(nfa, builder_.automata_[e.value], from, to); break;
  }
}

Dfa Compiler::regular(Node node) {
  Nfa nfa;
  nfa.start = add_state(nfa);
  nfa.accept = add_state(nfa);
  emit(nfa, node, nfa.start, nfa.accept);
  return determinize(nfa, states_max);
}

/// Least fixed point: a state is productive if it accepts or leads, by a byte, a token or a productive rule, to one
/// that is.
void Compiler::find_productive() {
  productive_.assign(builder_.rules_.size(), false);
  useful_.assign(builder_.rules_.size(), {});
  for (const auto rule : order_) {
    if (builder_.rules_[rule].text) productive_[rule] = true;
    useful_[rule].assign(dfas_[rule].states.size(), false);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto rule : order_) {
      const auto& dfa = dfas_[rule];
      auto& useful = useful_[rule];
      for (bool again = true; again;) {
        again = false;
        for (std::size_t s = dfa.states.size(); s-- > 0;) {
          if (useful[s]) continue;
          const auto& state = dfa.states[s];
          const auto leads = [&](const auto& edge) { return useful[edge.to]; };
          if (state.accepts || std::any_of(state.edges.begin(), state.edges.end(), leads) ||
              std::any_of(state.tokens.begin(), state.tokens.end(), leads) ||
              std::any_of(state.calls.begin(), state.calls.end(),
                          [&](const Dfa::Jump& jump) { return productive_[jump.value] && useful[jump.to]; }))
            useful[s] = again = changed = true;
        }
      }
      if (!useful.empty() && useful[0]) productive_[rule] = true;
    }
  }
}

void Compiler::prune() {
  for (const auto rule : order_) {
    auto& useful = useful_[rule];
    for (auto& state : dfas_[rule].states) {
      const auto leads_nowhere = [&](const auto& edge) { return !useful[edge.to]; };
      std::erase_if(state.edges, leads_nowhere);
      std::erase_if(state.tokens, leads_nowhere);
      std::erase_if(state.calls, [&](const Dfa::Jump& jump) { return !useful[jump.to] || !productive_[jump.value]; });
    }
  }
}

/// Edges: from a rule to those it may call before it took a byte. A cycle among them would never end.
void Compiler::refuse_left_recursion() const {
  const std::size_t n = builder_.rules_.size();
  std::vector<bool> nullable(n, false);
  std::vector<std::vector<RuleId>> first(n);
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto rule : order_) {
      if (dfas_[rule].states.empty()) continue;
      std::vector<bool> seen(dfas_[rule].states.size(), false);
      std::vector<std::uint32_t> work{0};
      seen[0] = true;
      first[rule].clear();
      while (!work.empty()) {
        const auto& state = dfas_[rule].states[work.back()];
        work.pop_back();
        if (state.accepts && !nullable[rule]) nullable[rule] = changed = true;
        for (const auto& jump : state.calls) {
          first[rule].push_back(jump.value);
          if (nullable[jump.value] && !seen[jump.to]) seen[jump.to] = true, work.push_back(jump.to);
        }
      }
    }
  }
  std::vector<std::uint8_t> colour(n, 0);
  std::vector<std::pair<RuleId, std::size_t>> stack;
  for (const auto root : order_) {
    if (colour[root] == 0) stack.emplace_back(root, 0), colour[root] = 1;
    while (!stack.empty()) {
      auto& [rule, at] = stack.back();
      if (at == first[rule].size()) {
        colour[rule] = 2;
        stack.pop_back();
        continue;
      }
      const auto callee = first[rule][at++];
      if (colour[callee] == 1)
        fail(Code::invalid, "rule {} calls itself before it takes a byte", builder_.rules_[callee].name);
      if (colour[callee] == 0) colour[callee] = 1, stack.emplace_back(callee, 0);
    }
  }
}

std::shared_ptr<const Program> Compiler::flatten(RuleId root) const {
  auto program = std::make_shared<Program>();
  std::vector<RuleId> id(builder_.rules_.size(), 0);
  for (const auto rule : order_) {
    if (!productive_[rule]) continue;
    id[rule] = static_cast<RuleId>(program->rules.size());
    program->rules.emplace_back();
  }
  for (const auto rule : order_) {
    if (!productive_[rule]) continue;
    const auto& source = builder_.rules_[rule];
    auto& out = program->rules[id[rule]];
    const auto base = static_cast<std::uint32_t>(program->states.size());
    const auto open_state = [&] {
      program->states.push_back({.edges = static_cast<std::uint32_t>(program->edges.size()),
                                 .calls = static_cast<std::uint32_t>(program->calls.size()),
                                 .tokens = static_cast<std::uint32_t>(program->tokens.size()),
                                 .rule = id[rule]});
      return &program->states.back();
    };
    out = {.start = base, .text = source.text, .least = source.least, .most = source.most, .first = base, .begun = 0};
    if (source.text) {
      out.start = base + source.state;
      out.begun = source.state == json_text::boundary ? 0 : 1;
      for (std::uint8_t s = 0; s < json_text::states; ++s) {
        auto* state = open_state();
        state->text = s;
        state->accepts = state->last = s == json_text::closed;
      }
      continue;
    }
    for (const auto& from : dfas_[rule].states) {
      auto* state = open_state();
      state->accepts = from.accepts;
      state->last = from.accepts && from.edges.empty() && from.calls.empty() && from.tokens.empty();
      for (const auto& e : from.edges) program->edges.push_back({e.low, e.high, base + e.to});
      for (const auto& e : from.calls) program->calls.push_back({id[e.value], base + e.to});
      for (const auto& e : from.tokens) program->tokens.push_back({e.value, base + e.to});
    }
  }
  program->root = id[root];
  program->states.push_back({.edges = static_cast<std::uint32_t>(program->edges.size()),
                             .calls = static_cast<std::uint32_t>(program->calls.size()),
                             .tokens = static_cast<std::uint32_t>(program->tokens.size())});
  return program;
}

std::shared_ptr<const Program> Compiler::program(RuleId root) {
  const auto& rules = builder_.rules_;
  sizes_.assign(rules.size(), 0);
  seen_.assign(rules.size(), false);
  inlined_.assign(rules.size(), false);
  visit(root);
  dfas_.resize(rules.size());
  std::size_t states = 0;
  for (const auto rule : order_) {
    if (rules[rule].text || inlined_[rule]) continue;
    Nfa nfa;
    nfa.start = add_state(nfa);
    nfa.accept = add_state(nfa);
    emit(nfa, rules[rule].body, nfa.start, nfa.accept);
    dfas_[rule] = determinize(nfa, states_max - states);
    states += dfas_[rule].states.size();
  }
  std::erase_if(order_, [&](RuleId rule) { return inlined_[rule]; });
  find_productive();
  if (!productive_[root]) fail(Code::invalid, "no text satisfies the grammar");
  prune();
  refuse_left_recursion();
  return flatten(root);
}

}  // namespace cofre::grammar
