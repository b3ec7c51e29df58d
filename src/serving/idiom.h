#pragma once

#include <optional>
#include <vector>

#include "serving/chat.h"
#include "serving/reasoning.h"
#include "serving/text_model.h"
#include "serving/tool_calls/format.h"

namespace cofre::serving {

/// How a model reads and writes, as far as its template and its vocabulary tell.
struct Idiom {
  /// Both must outlive it. Throws Error(invalid) where the template is wrong.
  explicit Idiom(const TextModel& model);

  std::optional<ChatFormat> chat;             ///< absent: it has no template
  const tool_calls::Format* calls = nullptr;  ///< absent: it calls no tools, or in a way not known
  const ThoughtMarks* thoughts = nullptr;     ///< absent: it does not think, or not between marks
  std::vector<engine::TokenId> ends;          ///< of an answer
  std::vector<bool> shown;  ///< [vocabulary]: special tokens that are read as text: marks of thoughts and calls

  /// Tokens for texts with a gap: prefix PREFIX suffix SUFFIX middle, or the suffix first.
  struct Fill {
    engine::TokenId prefix, suffix, middle;
    bool suffix_first = false;
  };
  std::optional<Fill> fill;
  std::vector<engine::TokenId> fill_ends;  ///< end what is filled in, beside `ends`
};

}  // namespace cofre::serving
