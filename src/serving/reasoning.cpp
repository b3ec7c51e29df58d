#include "serving/reasoning.h"

#include "serving/stop.h"
#include "serving/tool_calls/scan.h"

namespace cofre::serving {
namespace {

using tool_calls::at_mark;
using tool_calls::Here;
using tool_calls::skip_white;
using tool_calls::white;

constexpr ThoughtMarks table[] = {{"<think>", "</think>"}, {"[THINK]", "[/THINK]"}, {"<seed:think>", "</seed:think>"}};

}  // namespace

const ThoughtMarks* detect_thought_marks(std::string_view chat_template) {
  for (const auto& marks : table)
    if (chat_template.find(marks.end) != chat_template.npos) return &marks;
  return nullptr;
}

void ThoughtReader::push(std::string_view text, std::size_t at, std::vector<Piece>& out) {
  if (state_ == State::answer) {
    answer_->push(text, at, out);
    return;
  }
  held_.append(text, at);
  while (step(out)) {
  }
}

/// Whether something was decided, so that there may be more to do.
bool ThoughtReader::step(std::vector<Piece>& out) {
  switch (state_) {
    case State::start: return step_start();
    case State::thought: return step_thought(out);
    case State::after:
      held_.drop(skip_white(held_.view(), 0));
      if (held_.view().empty()) return false;
      state_ = State::answer;
      return true;
    case State::answer:
      answer_->push(held_.view(), held_.begin(), out);
      held_.drop(held_.view().size());
      return false;
  }
  return false;
}

bool ThoughtReader::step_start() {
  const auto first = skip_white(held_.view(), 0);
  const auto here = at_mark(held_.view(), first, marks_.begin);
  if (here == Here::unknown) return false;
  if (here == Here::no) {
    state_ = State::answer;
    return true;
  }
  held_.drop(first + marks_.begin.size());
  state_ = State::thought;
  lead_ = true;
  return true;
}

bool ThoughtReader::step_thought(std::vector<Piece>& out) {
  if (lead_) {
    held_.drop(skip_white(held_.view(), 0));
    if (held_.view().empty()) return false;
    lead_ = false;
  }
  const auto text = held_.view();
  const auto end = text.find(marks_.end);
  const auto most = end == text.npos ? text.size() - begun(text, marks_.end) : end;
  const auto last = text.substr(0, most).find_last_not_of(white);
  held_.take(last == text.npos ? 0 : last + 1, Piece::Kind::reasoning, out);
  if (end == text.npos) return false;
  held_.drop(held_.view().find(marks_.end) + marks_.end.size());
  state_ = State::after;
  return true;
}

void ThoughtReader::finish(bool cut, std::vector<Piece>& out) {
  if (state_ == State::start) {
    // What could have begun a thought did not.
    state_ = State::answer;
    step(out);
  } else if (state_ == State::thought) {
    held_.take(held_.view().size(), Piece::Kind::reasoning, out);
  }
  answer_->finish(cut, out);
}

}  // namespace cofre::serving
