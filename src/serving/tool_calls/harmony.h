#pragma once

#include "serving/answer_reader.h"
#include "serving/tool_calls/tools.h"

namespace cofre::serving::tool_calls {

/// Reads answers of gpt-oss, which are messages in channels: analysis is thought, final and commentary are text, and
/// what goes to functions.NAME is a call (cookbook.openai.com/articles/openai-harmony). The prompt ends with
/// "<|start|>assistant".
class HarmonyReader final : public AnswerReader {
 public:
  /// `tools` must outlive it.
  explicit HarmonyReader(const Tools& tools) : tools_(tools) {}

  void push(std::string_view text, std::size_t at, std::vector<Piece>& out) override;
  void finish(bool cut, std::vector<Piece>& out) override;
  bool thinking() const override { return !in_head_ && kind_ == Piece::Kind::reasoning; }

 private:
  bool step(std::vector<Piece>& out);
  void read_head(std::string_view head, std::size_t bytes, std::vector<Piece>& out);

  const Tools& tools_;
  bool in_head_ = true;
  Piece::Kind kind_ = Piece::Kind::text;
  Held held_;
};

}  // namespace cofre::serving::tool_calls
