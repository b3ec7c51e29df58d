// Any bytes are frames or an error; a frame that was understood says the same after another trip.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/error.h"
#include "protocol/frames.h"

namespace {

using namespace cofre;

std::optional<json::Object> next(protocol::Decoder& decoder) {
  try {
    return decoder.next();
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<protocol::Frame> read(const json::Object& object) {
  try {
    return protocol::frame_from_json(object);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  protocol::Decoder decoder(1 << 20);
  const auto bytes = std::as_bytes(std::span(data, size));
  decoder.feed(bytes.first(size / 2));
  decoder.feed(bytes.subspan(size / 2));
  while (const auto object = next(decoder)) {
    const auto frame = read(*object);
    if (!frame) continue;
    const auto once = protocol::encode(*frame);
    protocol::Decoder second;
    second.feed(std::as_bytes(std::span(once)));
    CHECK(protocol::encode(protocol::frame_from_json(*second.next())) == once);
  }
  return 0;
}
