#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/event.h"
#include "protocol/request.h"

namespace cofre::fleet {

/// What an OpenAI-compatible server is asked, and how its answer is read (docs/workers.md, remote engines).
struct OpenAiCall {
  std::string path;  ///< behind the base address: "/chat/completions"
  std::string body;
  bool streams = true;
};

/// `model`: its name there. Throws Error(unsupported, field) for what such servers do not all honour: a request is
/// refused rather than answered in another way than asked.
OpenAiCall openai_call(const protocol::Request& request, const std::string& model);

/// Events out of the body of a 200 answer, whose bytes come in any pieces.
class OpenAiReader {
 public:
  static constexpr std::size_t line_bytes_max = 16u << 20;
  static constexpr std::size_t body_bytes_max = 256u << 20;

  explicit OpenAiReader(bool streams) : streams_(streams) {}
  /// Throws Error(unavailable) where the bytes are no such answer.
  void feed(std::string_view bytes, std::vector<protocol::Event>& events);
  /// At the end of the body. Throws Error(unavailable) where the answer broke off.
  void finish(std::vector<protocol::Event>& events);
  bool done() const { return done_; }
  /// Whether a token came.
  bool begun() const { return begun_; }

 private:
  void line(std::string_view text, std::vector<protocol::Event>& events);
  void chunk(const json::Object& object, std::vector<protocol::Event>& events);
  void choice(const json::Object& object, std::vector<protocol::Event>& events);
  void embeddings(const json::Object& object, std::vector<protocol::Event>& events);
  void usage(const json::Object& object);
  void begin(std::vector<protocol::Event>& events);

  bool streams_;
  std::string buffer_;
  protocol::Usage usage_;
  bool begun_ = false, done_ = false;
};

/// What an answer with another status means.
protocol::Failed openai_failure(long status, std::string_view body);

}  // namespace cofre::fleet
