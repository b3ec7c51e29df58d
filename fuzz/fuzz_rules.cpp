// Any bytes are a rule file or an error; with any rules, what leaves does not depend on how the text is cut.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "rules/screen.h"

namespace {

using namespace cofre;

void screen(const std::shared_ptr<const rules::Matcher>& matcher, std::string_view text) {
  if (!matcher) return;
  for (const auto writing : {rules::Writing::plain, rules::Writing::json}) {
    rules::Screen whole(matcher, writing), cut(matcher, writing);
    auto at_once = whole.take(text);
    at_once += whole.flush();
    std::string in_pieces;
    for (std::size_t at = 0; at < text.size(); at += 3) in_pieces += cut.take(text.substr(at, 3));
    in_pieces += cut.flush();
    CHECK(whole.refused() == cut.refused());
    if (!whole.refused()) CHECK(at_once == in_pieces);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto split = bytes.find('\0');
  try {
    const auto read = rules::Rules::parse(bytes.substr(0, split));
    const auto text = split == bytes.npos ? bytes : bytes.substr(split + 1);
    screen(read.matcher("", rules::Direction::input), text);
    screen(read.matcher("", rules::Direction::output), text);
  } catch (const Error&) {
  }
  return 0;
}
