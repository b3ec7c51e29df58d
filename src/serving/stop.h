#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cofre::serving {

/// Watches a text for stop strings while it is written. What could still become one is held back, and none of it is
/// ever given out where it does.
class StopStrings {
 public:
  /// None of them is empty.
  explicit StopStrings(std::vector<std::string> stops) : stops_(std::move(stops)) {}

  /// What may be shown now. After a stop string was met: nothing more.
  std::string push(std::string_view text);
  /// What was held back, at the end of the text.
  std::string finish();
  /// The string that ended the text, the first to be complete; empty: none yet.
  const std::string& met() const { return met_; }

 private:
  std::vector<std::string> stops_;
  std::string held_, met_;
};

/// Length of the longest end of `text` that is a beginning of `mark`, but not all of it.
std::size_t begun(std::string_view text, std::string_view mark);

}  // namespace cofre::serving
