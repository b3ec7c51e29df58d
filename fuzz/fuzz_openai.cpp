// Any bytes of another server are events or an error; nothing follows the last event.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "fleet/openai.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cofre;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  fleet::OpenAiReader reader(data[0] % 2 == 0);
  std::vector<protocol::Event> events;
  try {
    reader.feed(bytes.substr(0, bytes.size() / 2), events);
    reader.feed(bytes.substr(bytes.size() / 2), events);
    reader.finish(events);
  } catch (const Error&) {
  }
  for (std::size_t i = 0; i + 1 < events.size(); ++i) CHECK(!protocol::is_last(events[i]));
  fleet::openai_failure(400, bytes);
  return 0;
}
