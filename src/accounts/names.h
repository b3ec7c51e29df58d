#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cofre::accounts {

/// Throws Error(invalid, field) unless it is 1 to 64 printable bytes of UTF-8, without space at its ends.
void check_name(std::string_view name, std::string_view field = "name");

/// What stands between spaces.
std::vector<std::string> words_of(std::string_view text);
/// The words with one space between them.
std::string text_of(const std::vector<std::string>& words);

}  // namespace cofre::accounts
