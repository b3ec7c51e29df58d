#include "serving/stop.h"

#include <algorithm>
#include <utility>

namespace cofre::serving {

std::size_t begun(std::string_view text, std::string_view mark) {
  if (mark.empty()) return 0;
  for (std::size_t length = std::min(text.size(), mark.size() - 1); length > 0; --length)
    if (text.ends_with(mark.substr(0, length))) return length;
  return 0;
}

std::string StopStrings::push(std::string_view text) {
  if (stops_.empty()) return std::string(text);
  if (!met_.empty()) return {};
  held_ += text;
  std::size_t first = held_.npos, end = held_.npos;
  for (const auto& stop : stops_) {
    const auto at = held_.find(stop);
    if (at == held_.npos || at + stop.size() > end || (at + stop.size() == end && at > first)) continue;
    first = at;
    end = at + stop.size();
    met_ = stop;
  }
  if (first != held_.npos) {
    held_.resize(first);
    return std::exchange(held_, {});
  }
  std::size_t hold = 0;
  for (const auto& stop : stops_) hold = std::max(hold, begun(held_, stop));
  std::string shown = held_.substr(0, held_.size() - hold);
  held_.erase(0, shown.size());
  return shown;
}

std::string StopStrings::finish() { return std::exchange(held_, {}); }

}  // namespace cofre::serving
