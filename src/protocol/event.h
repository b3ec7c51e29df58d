#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "json/json.h"

namespace cofre::protocol {

/// What comes back, in order: Started, then text, reasoning and tool calls as they are written, one Finished for each
/// choice, then Done; or Failed in place of what is left. Embeddings, rerankings and tokenizations answer with Vectors
/// or Tokens, then Done.

struct TokenProbability {
  std::int32_t id = -1;
  std::string bytes;                    ///< of the token, whole UTF-8 or not
  std::optional<double> logprob{};      ///< absent: nothing stands before it (a prompt's first token)
  std::vector<TokenProbability> top{};  ///< of the most likely tokens, where asked for
};

struct Usage {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t cached_tokens = 0;  ///< of the prompt, not computed again
  std::uint64_t completion_tokens = 0;
  std::uint64_t reasoning_tokens = 0;  ///< of the completion
};

struct Started {
  std::uint64_t prompt_tokens = 0, cached_tokens = 0;
};
struct Text {
  std::uint32_t choice = 0;
  std::string text;  ///< whole UTF-8
  std::vector<TokenProbability> logprobs{};
};
struct Reasoning {
  std::uint32_t choice = 0;
  std::string text;
};
/// The first piece of a call has its id and name; later ones only more of its arguments' JSON text.
struct ToolCall {
  std::uint32_t choice = 0, index = 0;
  std::string id, name;
  std::string arguments;
};
enum class FinishReason : std::uint8_t { stop, length, tool_calls, content_filter };
/// How long a choice took: it waited, its prompt was read, its tokens were written one after the other.
struct Work {
  double queue_s = 0;    ///< from its arrival to its first row
  double prefill_s = 0;  ///< from there to its first token
  double decode_s = 0;   ///< from there to its last token
  std::uint64_t tokens = 0;
};
struct Finished {
  std::uint32_t choice = 0;
  FinishReason reason = FinishReason::stop;
  std::string stop_sequence;   ///< the one that ended it; empty: the model's own end
  std::optional<Work> work{};  ///< of a model of this box
};
/// Vectors of an Embedding request, in the order of its inputs; of a Rerank the score of each document, alone in its
/// vector: 0…1, where the model has one label.
struct Vectors {
  std::vector<std::vector<float>> vectors;
};
/// Ids of a Tokenize request, or the text of a Detokenize.
struct Tokens {
  std::vector<std::int32_t> ids;
  std::vector<std::string> pieces;
  std::string text;
};
struct Done {
  Usage usage;
};
struct Failed {
  Code code = Code::internal;
  std::string message, field;
  double retry_after_s = 0;  ///< of Code::exhausted: when it may be tried again
  std::string reason{};      ///< a word for programs, where there is one: context_length_exceeded
};

using Event = std::variant<Started, Text, Reasoning, ToolCall, Finished, Vectors, Tokens, Done, Failed>;

/// Whether nothing follows it.
inline bool is_last(const Event& event) {
  return std::holds_alternative<Done>(event) || std::holds_alternative<Failed>(event);
}

/// JSON of an event, as frames carry it, and back. event_from_json throws Error(invalid, field) where it is not one.
json::Object to_json(const Event& event);
Event event_from_json(const json::Object& object);

}  // namespace cofre::protocol
