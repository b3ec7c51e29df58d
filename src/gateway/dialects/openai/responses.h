#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/dialects/openai/chat.h"

namespace cofre::gateway::openai {

/// POST /v1/responses.
struct ResponsesCall {
  protocol::Request request;
  bool stream = false, store = true, background = false;
  std::optional<std::string> previous;  ///< previous_response_id
  json::Array input;                    ///< the items asked, as GET …/input_items tells them, but for their ids
  json::Object asked;                   ///< what the response object repeats of the request
};
/// `earlier`: the items of the conversation so far, which go before the input.
ResponsesCall parse_responses(const json::Value& body, const json::Array& earlier = {});
/// previous_response_id alone: what must be known before the whole can be read.
std::optional<std::string> previous_response_of(const json::Value& body);

/// Writes a response: named events with sequence numbers, or one response object.
class ResponseWriter : public Encoder {
 public:
  /// The events that tell of a response which waits.
  virtual std::string queue() = 0;
  /// The events that tell of one which was cancelled.
  virtual std::string cancel() = 0;
  /// The response object as it is now.
  virtual json::Object object() const = 0;
};
std::unique_ptr<ResponseWriter> encode_responses(const AnswerHead& head, const ResponsesCall& call);

/// An event of a response's stream.
std::string response_event(std::string_view type, std::uint64_t sequence_number, json::Object fields);
/// "resp_" + the digits of "req_…".
std::string response_id(std::string_view request_id);
/// Gives stored items their ids, which are theirs alone: from the response's id and their place.
void name_items(json::Array& items, std::string_view id);

}  // namespace cofre::gateway::openai
