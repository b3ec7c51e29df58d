#include "serving/tool_calls/scan.h"

#include <algorithm>

#include "serving/stop.h"

namespace cofre::serving::tool_calls {

constexpr auto npos = std::string_view::npos;

std::size_t skip_white(std::string_view text, std::size_t at) {
  const auto next = text.find_first_not_of(white, std::min(at, text.size()));
  return next == npos ? text.size() : next;
}

std::string_view trim(std::string_view text) {
  const auto first = skip_white(text, 0);
  return first == text.size() ? std::string_view() : text.substr(first, text.find_last_not_of(white) + 1 - first);
}

std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return npos;
}

std::size_t value_end_at(std::string_view text, std::size_t at, std::string_view stop) {
  if (text[at] == '"') return string_end(text, at);
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (!stop.empty() && text.substr(at).starts_with(stop)) return at;
    if (c == '"') {
      at = string_end(text, at);
      if (at == npos) return npos;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    }
    if (depth == 0 && (c == ',' || white.find(c) != npos)) return at;
    ++at;
  }
  return npos;
}

std::string_view settled(std::string_view text, std::string_view mark) {
  return text.substr(0, text.size() - begun(text, mark));
}

Here at_mark(std::string_view text, std::size_t at, std::string_view mark) {
  const auto rest = text.substr(std::min(at, text.size()));
  if (rest.starts_with(mark)) return Here::yes;
  return mark.starts_with(rest) ? Here::unknown : Here::no;
}

}  // namespace cofre::serving::tool_calls
