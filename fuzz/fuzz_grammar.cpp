// The first byte chooses schema, regular expression or GBNF; the rest is its text. What compiles is followed for a few
// tokens: a mask always offers something, all of it is accepted, and an ending comes in time.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "grammar/grammar.h"

namespace {

using namespace cofre;

std::shared_ptr<const grammar::Vocabulary> make_vocabulary() {
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  for (const auto* text :
       {"{\"", "\":", "\", \"", "\"}", "}}", "[[", "true", "null", "ab", "12", "\\u00", "\n  ", "世界"})
    tokens.emplace_back(text);
  tokens.emplace_back();
  return std::make_shared<const grammar::Vocabulary>(tokens,
                                                     std::array{static_cast<grammar::TokenId>(tokens.size() - 1)});
}

void follow(const grammar::Grammar& compiled, std::uint64_t random) {
  static const auto vocabulary = make_vocabulary();
  grammar::Matcher matcher(std::make_shared<const grammar::Masks>(compiled, vocabulary));
  grammar::Bits bits(vocabulary->words());
  const auto least = matcher.tokens_to_end();
  if (least > 64) return;
  for (std::size_t remaining = least + 24; remaining > 0 && !matcher.finished(); --remaining) {
    matcher.fill_mask(bits, remaining);
    std::vector<grammar::TokenId> allowed;
    for (std::size_t id = 0; id < vocabulary->size(); ++id)
      if (bits[id / 64] >> (id % 64) & 1) allowed.push_back(static_cast<grammar::TokenId>(id));
    if (allowed.empty()) std::abort();
    random = random * 6364136223846793005u + 1442695040888963407u;
    if (!matcher.accept(allowed[(random >> 33) % allowed.size()])) std::abort();
  }
  if (!matcher.can_end()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  std::uint64_t random = size;
  for (const char c : text) random = random * 31 + static_cast<std::uint8_t>(c);
  try {
    switch (data[0]) {
      case 's': follow(grammar::from_schema(json::parse(text), "schema"), random); break;
      case 'r': follow(grammar::from_regex(text, "regex"), random); break;
      case 'g': follow(grammar::from_gbnf(text, "grammar"), random); break;
      default: break;
    }
  } catch (const Error&) {
  }
  return 0;
}
