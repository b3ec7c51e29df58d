#include "accounts/names.h"

#include <algorithm>

#include "base/error.h"
#include "text/utf8.h"

namespace cofre::accounts {
namespace {

constexpr std::size_t name_bytes_max = 64;

}  // namespace

void check_name(std::string_view name, std::string_view field) {
  const bool printable = std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < ' ' || byte == 0x7f;
  });
  const bool framed = !name.empty() && (name.front() == ' ' || name.back() == ' ');
  if (name.empty() || name.size() > name_bytes_max || !printable || framed || text::find_invalid_utf8(name)) {
    fail_field(Code::invalid, std::string(field), "{}: must be 1 to {} printable bytes without spaces at the ends",
               field, name_bytes_max);
  }
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    if (space > 0) words.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

std::string text_of(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace cofre::accounts
