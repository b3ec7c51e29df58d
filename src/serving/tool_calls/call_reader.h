#pragma once

#include "serving/answer_reader.h"
#include "serving/tool_calls/format.h"
#include "serving/tool_calls/partial.h"
#include "serving/tool_calls/tools.h"

namespace cofre::serving::tool_calls {

/// Splits calls of tools from text. What is half a call is never told as text; what only looked like one is, as soon as
/// that is known. White space between text and calls is left out.
class CallReader final : public AnswerReader {
 public:
  /// Both must outlive it. Not for harmony.
  CallReader(const Format& format, const Tools& tools) : format_(format), tools_(tools) {}

  void push(std::string_view text, std::size_t at, std::vector<Piece>& out) override;
  void finish(bool cut, std::vector<Piece>& out) override;

 private:
  enum class State { text, between, call };
  bool step(std::vector<Piece>& out);
  bool step_text(std::vector<Piece>& out);
  bool step_between();
  bool step_call(std::vector<Piece>& out);
  std::size_t find_mark(std::string_view mark) const;
  std::size_t begun_mark() const;
  void begin_call(std::size_t mark_bytes);
  void tell(const Partial& call, std::vector<Piece>& out);
  void end_call(std::size_t bytes);
  void back_to_text(std::vector<Piece>& out);

  const Format& format_;
  const Tools& tools_;
  State state_ = State::text;
  bool fresh_ = true;     ///< no text yet: a bare call may begin
  bool lead_ = false;     ///< white space behind calls is still to be left out
  Held held_;             ///< in a call: with its begin mark
  std::size_t mark_ = 0;  ///< bytes of the mark that began the call at hand, and of white space before it
  bool told_ = false;     ///< the call at hand was told
  std::size_t sent_ = 0;  ///< bytes of its arguments that were
};

}  // namespace cofre::serving::tool_calls
