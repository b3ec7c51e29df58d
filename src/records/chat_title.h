#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cofre::records {

inline constexpr std::size_t title_cut_bytes = 80;

/// The title of a chat that begins with this text: its first line that says something, without the signs of Markdown
/// (CommonMark 0.31: headings, quotes, lists, fences, emphasis, code, links, images), cut between words where it is
/// long. Empty where the text is.
std::string title_of(std::string_view text);

}  // namespace cofre::records
