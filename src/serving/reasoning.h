#pragma once

#include <memory>
#include <string_view>

#include "serving/answer_reader.h"

namespace cofre::serving {

/// Marks around a model's thoughts.
struct ThoughtMarks {
  std::string_view begin, end;
};

/// Those of a model with this template; nullptr where it does not think, or not between marks.
const ThoughtMarks* detect_thought_marks(std::string_view chat_template);

/// Splits thoughts from the answer behind them: an answer begins with a thought or has none. White space around both is
/// left out.
class ThoughtReader final : public AnswerReader {
 public:
  /// `begun`: the prompt ended inside a thought already. `answer` reads what comes behind.
  ThoughtReader(const ThoughtMarks& marks, bool begun, std::unique_ptr<AnswerReader> answer)
      : marks_(marks), state_(begun ? State::thought : State::start), lead_(begun), answer_(std::move(answer)) {}

  void push(std::string_view text, std::size_t at, std::vector<Piece>& out) override;
  void finish(bool cut, std::vector<Piece>& out) override;
  bool thinking() const override { return state_ == State::thought; }

 private:
  enum class State { start, thought, after, answer };
  bool step(std::vector<Piece>& out);
  bool step_start();
  bool step_thought(std::vector<Piece>& out);
  ThoughtMarks marks_;
  State state_;
  bool lead_;  ///< white space at the thought's beginning is still to be left out
  Held held_;
  std::unique_ptr<AnswerReader> answer_;
};

}  // namespace cofre::serving
