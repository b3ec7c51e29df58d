#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "json/json.h"

namespace cofre::protocol {

/// What an application asks of a model, with nothing of any wire dialect left in it. Dialects fill it in, `serving`
/// answers it, frames carry it between processes.

/// How the next token is chosen. What is absent is the catalogue row's advice, else a default.
struct Sampling {
  std::optional<double> temperature;         ///< 0…2; 0: always the most likely token
  std::optional<double> top_p;               ///< (0, 1]
  std::optional<double> min_p;               ///< [0, 1]
  std::optional<double> typical_p;           ///< (0, 1]
  std::optional<double> repetition_penalty;  ///< (0, 2]
  std::optional<double> presence_penalty;    ///< −2…2
  std::optional<double> frequency_penalty;   ///< −2…2
  std::optional<std::int64_t> top_k;         ///< 0: all
  std::optional<std::uint64_t> seed;
  std::vector<std::pair<std::int32_t, double>> logit_bias;  ///< token id, −100…100
};

/// What the answer's text must be. Compiled to token masks; a request is refused rather than answered unconstrained.
struct Constraint {
  enum class Kind : std::uint8_t { none, json_object, json_schema, regex, gbnf, choice };
  Kind kind = Kind::none;
  json::Value schema;                ///< json_schema: the schema
  std::string text;                  ///< regex, gbnf
  std::vector<std::string> choices;  ///< choice: one of these
};

enum class ToolChoice : std::uint8_t { none, automatic, required, named };

/// A conversation. `messages` and `tools` are as Hugging Face chat templates read them: messages with role, content
/// (text or parts), name, tool_calls (function.arguments an object), tool_call_id, reasoning_content; tools as
/// {"type":"function","function":{name, description, parameters}}. Dialects bring theirs into this form.
struct Chat {
  json::Array messages;
  json::Array tools;
  ToolChoice tool_choice = ToolChoice::automatic;
  std::string tool_name;  ///< of tool_choice named
  bool parallel_tool_calls = true;
  json::Object template_arguments;  ///< chat_template_kwargs: enable_thinking, reasoning_effort, …
  bool add_generation_prompt = true;
  bool continue_final_message = false;
};

/// A text, or token ids, to be continued. With `suffix`: what stands between the two (fill in the middle).
struct Completion {
  std::variant<std::string, std::vector<std::int32_t>> prompt;
  std::optional<std::string> suffix;
  bool echo = false;
};

/// Texts, or token ids, to be turned into vectors.
struct Embedding {
  /// What a model puts before its texts: nothing, or the prefix that it knows queries or passages by.
  enum class Role : std::uint8_t { plain, query, passage };
  std::vector<std::variant<std::string, std::vector<std::int32_t>>> inputs;
  std::optional<std::uint32_t> dimensions;  ///< the vectors' first so many values, normalised again
  Role role = Role::plain;
};

/// Documents to be scored by how well they answer a query.
struct Rerank {
  std::string query;
  std::vector<std::string> documents;
};

/// A text into token ids; a chat may stand in its place, then its prompt is tokenised.
struct Tokenize {
  std::variant<std::string, Chat> input;
  bool add_special = true;
};
struct Detokenize {
  std::vector<std::int32_t> tokens;
};

struct Request {
  std::string id;            ///< of the whole request, as logs and X-Request-Id have it
  std::string model;         ///< name or alias; resolved by fleet
  std::uint64_t tenant = 0;  ///< salt of the prefix cache, and whose share of the machine it takes
  int priority = 0;          ///< interactive 0, batch −1; higher goes first
  std::variant<Chat, Completion, Embedding, Tokenize, Detokenize, Rerank> task;

  // Of chats and completions.
  Sampling sampling;
  std::uint32_t choices = 1;  ///< n
  std::uint32_t best_of = 0;  ///< of completions: so many are written, the likeliest `choices` told; 0: all are told
  /// Of a choice; absent: as many as the context holds; 0: only what echo shows.
  std::optional<std::uint64_t> max_tokens;
  std::vector<std::string> stop;
  std::vector<std::int32_t> stop_token_ids;
  bool ignore_eos = false;
  bool logprobs = false;
  std::uint32_t top_logprobs = 0;  ///< 0…20
  bool prompt_logprobs = false;    ///< of completions with echo and logprobs
  Constraint constraint;
  bool cache_prompt = true;  ///< false: its prefix is neither looked up nor kept
};

/// Throws Error(invalid, field) where a number lies outside the range that stands beside it, a list is longer than any
/// application needs, or parts contradict each other.
void validate(const Request& request);

/// JSON of a request, as frames carry it, and back. request_from_json throws Error(invalid, field) where it is not one
/// or validate() refuses it.
json::Object to_json(const Request& request);
Request request_from_json(const json::Object& object);

}  // namespace cofre::protocol
