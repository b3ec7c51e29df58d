// Whatever a model writes: calls, thoughts and text come out the same however the text is cut, and nothing of it is
// lost that the reader did not take for a call, a thought or white space.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serving/reasoning.h"
#include "serving/tool_calls/call_reader.h"
#include "serving/tool_calls/harmony.h"
#include "text/utf8.h"

namespace {

using namespace cofre::serving;

const tool_calls::Tools& tools() {
  static const tool_calls::Tools all(
      cofre::json::parse(R"([{"function":{"name":"f","parameters":{"properties":{"s":{"type":"string"}}}}},
    {"function":{"name":"g"}}])")
          .get_array());
  return all;
}

std::unique_ptr<AnswerReader> reader(const tool_calls::Format& format, bool thinks, bool begun) {
  if (format.body == tool_calls::Format::Body::harmony) return std::make_unique<tool_calls::HarmonyReader>(tools());
  auto calls = std::make_unique<tool_calls::CallReader>(format, tools());
  if (!thinks) return calls;
  return std::make_unique<ThoughtReader>(ThoughtMarks{"<think>", "</think>"}, begun, std::move(calls));
}

/// Everything told, kind by kind, calls apart.
struct Told {
  std::string text, thought;
  std::vector<std::string> calls;
  bool operator==(const Told&) const = default;
};

Told read(AnswerReader& reader, std::string_view text, std::size_t step, bool cut) {
  Told told;
  std::vector<Piece> pieces;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t bytes = 0;
    while (bytes < step && at + bytes < text.size()) bytes += cofre::text::decode_utf8(text, at + bytes).bytes;
    reader.push(text.substr(at, bytes), at, pieces);
    at += bytes;
  }
  reader.finish(cut, pieces);
  for (const auto& piece : pieces) {
    if (piece.begin > piece.end || piece.end > text.size()) std::abort();
    switch (piece.kind) {
      case Piece::Kind::text: told.text += piece.text; break;
      case Piece::Kind::reasoning: told.thought += piece.text; break;
      case Piece::Kind::call: told.calls.push_back(piece.text + "\n" + piece.id + "\n"); break;
      case Piece::Kind::arguments:
        if (told.calls.empty()) std::abort();
        told.calls.back() += piece.text;
    }
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto formats = tool_calls::formats();
  const auto& format = formats[data[0] % formats.size()];
  const bool thinks = data[1] & 1, begun = data[1] & 2, cut = data[1] & 4;
  const auto text = cofre::text::replace_invalid_utf8({reinterpret_cast<const char*>(data) + 2, size - 2});
  const auto whole = read(*reader(format, thinks, begun), text, text.size() + 1, cut);
  for (const std::size_t step : {1, 3, 16})
    if (!(read(*reader(format, thinks, begun), text, step, cut) == whole)) std::abort();
  return 0;
}
