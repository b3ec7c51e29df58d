#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "protocol/event.h"
#include "protocol/request.h"

namespace cofre::protocol {

/// What gateway and worker send each other over one Unix socket, many streams on it.
///
///   frame    u32 little endian: bytes of the JSON that follows, 2 … frame_bytes_max
///            one JSON object, its member "frame" says which
///
///   gateway → worker   submit cancel ping
///   worker → gateway   ready (once, first) event status

inline constexpr std::size_t frame_bytes_max = 64u << 20;

struct Submit {
  std::uint64_t stream = 0;
  Request request;
};
/// The stream's caller left: its work ends within one step, no event of it follows.
struct Cancel {
  std::uint64_t stream = 0;
};
/// Answered by a Status at once.
struct Ping {};

/// What the gateway needs to know of a model, sent when the first token can be made.
struct Ready {
  std::string architecture, name;
  std::uint64_t context = 0;  ///< tokens of one sequence
  std::uint64_t vocabulary = 0;
  std::uint64_t width = 0;  ///< of an embedding
  std::uint64_t parameters = 0;
  std::uint64_t file_bytes = 0, kv_bytes = 0, resident_bytes = 0;
  std::uint64_t sequences = 0;        ///< most that run at once
  std::uint64_t page_tokens = 0;      ///< of the KV pool
  bool chat = false;                  ///< has a chat template
  std::vector<std::string> confined;  ///< what the sandbox applied
  std::vector<std::string> refused;   ///< what the kernel refused, each with the reason
};
struct StreamEvent {
  std::uint64_t stream = 0;
  Event event;
};
/// The worker's pulse: sent every 100 ms while it works, each second while it rests.
struct Status {
  std::uint64_t token_age_ms = 0;  ///< since the last token, of a stream or of the idle self-probe
  std::uint64_t running = 0, waiting = 0;
  std::uint64_t free_pages = 0, total_pages = 0;
  // Since the start.
  std::uint64_t steps = 0, rows = 0;  ///< rows: of all steps together
  std::uint64_t prompt_tokens = 0, generated_tokens = 0, cached_tokens = 0, preemptions = 0;
  std::uint64_t drafts = 0, draft_tokens = 0,
                accepted_tokens = 0;     ///< guesses of coming tokens, and how many were right
  std::vector<std::uint64_t> step_rows;  ///< steps of at most 2^i rows, but more than 2^(i−1)
  std::uint64_t resident_bytes = 0;
};

using Frame = std::variant<Submit, Cancel, Ping, Ready, StreamEvent, Status>;

/// Length and JSON. Throws Error(exhausted) where the frame would be longer than frame_bytes_max.
std::string encode(const Frame& frame);

/// Throws Error(invalid, field) where it is no frame. Of a Submit with a request at fault, stream_of() still tells the
/// stream, so that the stream alone is refused.
Frame frame_from_json(const json::Object& object);
/// Of a submit, cancel or event; nothing for others.
std::optional<std::uint64_t> stream_of(const json::Object& object);

/// Cuts bytes that arrive in any pieces into frames.
class Decoder {
 public:
  explicit Decoder(std::size_t bytes_max = frame_bytes_max) : bytes_max_(bytes_max) {}
  void feed(std::span<const std::byte> bytes);
  /// The next whole frame's object; nothing until more bytes come. Throws Error(invalid) where a length is out of
  /// bounds or the bytes are no JSON object: the connection is then of no more use.
  std::optional<json::Object> next();

 private:
  std::size_t bytes_max_;
  std::string buffer_;
  std::size_t read_ = 0;  ///< bytes of buffer_ that were taken
};

}  // namespace cofre::protocol
