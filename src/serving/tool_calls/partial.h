#pragma once

#include <string>
#include <string_view>

#include "serving/tool_calls/format.h"
#include "serving/tool_calls/tools.h"

namespace cofre::serving::tool_calls {

/// What is known of a call of which so much was written. A function of the text alone: however the text was cut on its
/// way, the same comes out.
struct Partial {
  enum class State { more, malformed, done };
  State state = State::more;
  bool begun = false;  ///< its name is known and its arguments begin: from here on it is a call
  std::string name{}, id{};
  std::string arguments{};   ///< JSON so far; with more text more is appended, nothing taken back
  std::size_t consumed = 0;  ///< where done: bytes of the call, its end mark included
};

/// `raw`: the text behind the call's begin mark. Not for harmony.
Partial parse(std::string_view raw, const Format& format, const Tools& tools);

}  // namespace cofre::serving::tool_calls
