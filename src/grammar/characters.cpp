#include "grammar/characters.h"

#include <algorithm>
#include <string>

#include "json/json.h"

namespace cofre::grammar {

CharacterSet normal(CharacterSet set) {
  std::sort(set.begin(), set.end());
  CharacterSet out;
  for (const auto& range : set) {
    if (range.first > range.second) continue;
    if (!out.empty() && range.first <= out.back().second + 1) {
      out.back().second = std::max(out.back().second, range.second);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

CharacterSet complement(CharacterSet set) {
  CharacterSet out;
  char32_t next = 0;
  for (const auto& [first, last] : normal(std::move(set))) {
    if (first > next) out.emplace_back(next, first - 1);
    next = last + 1;
  }
  if (next <= code_point_max) out.emplace_back(next, code_point_max);
  return out;
}

Node write_character(Builder& builder, const CharacterSet& set, Writing writing) {
  if (writing == Writing::plain) return builder.code_points(set);
  CharacterSet rest;
  std::vector<Node> parts;
  for (auto [first, last] : normal(set)) {
    for (; first <= last && first < 0x20; ++first) {
      const auto quoted = json::quote(std::string(1, static_cast<char>(first)));
      parts.push_back(builder.literal(std::string_view(quoted).substr(1, quoted.size() - 2)));
    }
    for (const char32_t special : {U'"', U'\\'}) {
      if (first > special || special > last) continue;
      parts.push_back(builder.literal(special == U'"' ? "\\\"" : "\\\\"));
      if (first < special) rest.emplace_back(first, special - 1);
      first = special + 1;
    }
    if (first <= last) rest.emplace_back(first, last);
  }
  if (!rest.empty()) parts.push_back(builder.code_points(rest));
  return builder.choice(std::move(parts));
}

}  // namespace cofre::grammar
