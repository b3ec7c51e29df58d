// Any bytes are requests or a refusal; where the bytes are cut changes nothing.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/parser.h"

namespace {

/// What was understood of one request, fed in pieces of `step` bytes.
std::string understood(std::string_view bytes, std::size_t step) {
  using namespace cofre::http;
  RequestParser parser(4096);
  std::string input, out;
  try {
    while (!parser.done()) {
      if (bytes.empty()) return out + " more";
      input += bytes.substr(0, step);
      bytes.remove_prefix(std::min(bytes.size(), step));
      for (std::size_t used = 1; used > 0 && !input.empty() && !parser.done();) {
        const bool had_head = parser.head_done();
        used = parser.feed(input);
        input.erase(0, used);
        if (had_head || !parser.head_done()) continue;
        const auto head = parser.head();
        out += head.method + head.path + head.query;
        parser.limit_body(2048);
      }
    }
    return out + parser.take_body();
  } catch (const Refusal&) {
    return "refused";
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = understood(bytes, 1 << 20);
  if (size < 2048 && understood(bytes, 1) != whole) std::abort();
  return 0;
}
