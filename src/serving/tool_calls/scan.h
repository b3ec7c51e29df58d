#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cofre::serving::tool_calls {

inline constexpr std::string_view white = " \t\r\n";

/// The first place from `at` on that is no white space; text.size() where there is none.
std::size_t skip_white(std::string_view text, std::size_t at);
std::string_view trim(std::string_view text);

/// Behind the JSON string that begins at `at`; npos: not all of it is there.
std::size_t string_end(std::string_view text, std::size_t at);
/// Behind the JSON value that begins at `at`; npos: not all of it is there. Brackets are counted, what stands between
/// them is not judged. `stop` ends it too, unless inside a string.
std::size_t value_end_at(std::string_view text, std::size_t at, std::string_view stop);

/// The part of a growing text that no beginning of `mark` at its end can take back.
std::string_view settled(std::string_view text, std::string_view mark);

/// Whether a mark stands at a place: yes, no, or too little text to know.
enum class Here { yes, no, unknown };
Here at_mark(std::string_view text, std::size_t at, std::string_view mark);

}  // namespace cofre::serving::tool_calls
