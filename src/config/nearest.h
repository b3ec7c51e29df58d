#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cofre::config {

/// The word of `known` that is fewest letters away (Levenshtein), where that is near enough to be a slip of the hand:
/// at most 2 letters, or a third of a longer word.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known);

}  // namespace cofre::config
