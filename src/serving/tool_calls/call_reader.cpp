#include "serving/tool_calls/call_reader.h"

#include <algorithm>

#include "serving/stop.h"
#include "serving/tool_calls/scan.h"

namespace cofre::serving::tool_calls {

void CallReader::push(std::string_view text, std::size_t at, std::vector<Piece>& out) {
  held_.append(text, at);
  while (step(out)) {
  }
}

/// Whether something was decided, so that there may be more to do.
bool CallReader::step(std::vector<Piece>& out) {
  if (held_.view().empty()) return false;
  switch (state_) {
    case State::text: return step_text(out);
    case State::between: return step_between();
    case State::call: return step_call(out);
  }
  return false;
}

bool CallReader::step_text(std::vector<Piece>& out) {
  if (lead_) held_.drop(skip_white(held_.view(), 0));
  const auto text = held_.view();
  if (text.empty()) return false;
  lead_ = false;
  if (fresh_ && format_.bare) {
    const auto first = skip_white(text, 0);
    if (first == text.size()) return false;
    if (text[first] == '{') {
      held_.drop(first);
      begin_call(0);
      return true;
    }
  }
  const auto mark = std::min(find_mark(format_.section_begin), find_mark(format_.begin));
  const auto most = mark == text.npos ? text.size() - begun_mark() : mark;
  const auto last = text.substr(0, most).find_last_not_of(white);
  const std::size_t shown = last == text.npos ? 0 : last + 1;
  if (shown > 0) fresh_ = false;
  held_.take(shown, Piece::Kind::text, out);
  if (mark == text.npos) return false;
  const auto section = format_.section_begin;
  const std::size_t blank = mark - shown;
  const bool of_section = !section.empty() && held_.view().substr(blank).starts_with(section);
  if (of_section && !format_.begin.empty()) {
    held_.drop(blank + section.size());
    state_ = State::between;
  } else {
    begin_call(blank + (of_section ? section : format_.begin).size());
  }
  return true;
}

std::size_t CallReader::find_mark(std::string_view mark) const {
  return mark.empty() ? mark.npos : held_.view().find(mark);
}

/// Bytes at the end of the text that may become a mark.
std::size_t CallReader::begun_mark() const {
  return std::max(begun(held_.view(), format_.section_begin), begun(held_.view(), format_.begin));
}

bool CallReader::step_between() {
  const auto text = held_.view();
  const auto skipped = text.find_first_not_of(std::string(white).append(format_.separators));
  if (skipped == text.npos) return false;
  if (!format_.section_end.empty()) {
    const auto end = at_mark(text, skipped, format_.section_end);
    if (end == Here::unknown) return false;
    if (end == Here::yes) {
      held_.drop(skipped + format_.section_end.size());
      state_ = State::text;
      lead_ = true;
      return true;
    }
  }
  if (!format_.begin.empty()) {
    const auto begin = at_mark(text, skipped, format_.begin);
    if (begin == Here::unknown) return false;
    if (begin == Here::yes) {
      held_.drop(skipped);
      begin_call(format_.begin.size());
      return true;
    }
  }
  if ((format_.begin.empty() || format_.bare) && text[skipped] == '{') {
    held_.drop(skipped);
    begin_call(0);
    return true;
  }
  state_ = State::text;
  lead_ = true;
  return true;
}

void CallReader::begin_call(std::size_t mark_bytes) {
  state_ = State::call;
  mark_ = mark_bytes;
  told_ = false;
  sent_ = 0;
  fresh_ = false;
}

bool CallReader::step_call(std::vector<Piece>& out) {
  auto raw = held_.view().substr(mark_);
  // The first call of a list stands behind its bracket.
  const auto skipped = format_.begin.empty() && !format_.separators.empty()
                           ? raw.find_first_not_of(std::string(white).append(format_.separators))
                           : 0;
  if (skipped == raw.npos) return false;
  raw.remove_prefix(skipped);
  const auto call = parse(raw, format_, tools_);
  if (call.state == Partial::State::malformed && !told_) {
    back_to_text(out);
    return true;
  }
  if (call.begun) tell(call, out);
  if (call.state != Partial::State::done) return false;
  end_call(mark_ + skipped + call.consumed);
  return true;
}

void CallReader::tell(const Partial& call, std::vector<Piece>& out) {
  const auto begin = held_.begin(), end = begin + held_.view().size();
  if (!told_) out.push_back({Piece::Kind::call, call.name, begin, end, call.id});
  told_ = true;
  if (call.arguments.size() > sent_) out.push_back({Piece::Kind::arguments, call.arguments.substr(sent_), begin, end});
  sent_ = std::max(sent_, call.arguments.size());
}

void CallReader::end_call(std::size_t bytes) {
  held_.drop(bytes);
  state_ = State::between;
}

/// It was no call: its mark is text, what follows is read anew.
void CallReader::back_to_text(std::vector<Piece>& out) {
  const auto bytes = std::max<std::size_t>(mark_, 1);
  held_.take(std::min(bytes, held_.view().size()), Piece::Kind::text, out);
  state_ = State::text;
}

void CallReader::finish(bool cut, std::vector<Piece>& out) {
  while (state_ == State::call && !told_ && !cut) {  // the model ended before its call was one
    back_to_text(out);
    while (step(out)) {
    }
  }
  if (state_ == State::call) return;
  if (lead_ || state_ == State::between) held_.drop(skip_white(held_.view(), 0));
  const std::size_t hidden = cut ? begun_mark() : 0;
  held_.take(held_.view().size() - hidden, Piece::Kind::text, out);
}

}  // namespace cofre::serving::tool_calls
