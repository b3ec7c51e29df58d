#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/services.h"
#include "http/message.h"

/// Stored responses, as those who made them ask for them again.
namespace cofre::gateway::openai {

/// The items of the conversation up to and with the response `previous`, which a new input follows. At the desk.
/// Throws Failure, naming previous_response_id, where it is not there, not whole, or has failed.
json::Array items_before(Services& services, std::uint64_t tenant, const std::string& previous);

/// The query of GET /v1/responses/{id}.
struct Retrieval {
  bool stream = false;
  std::optional<std::uint64_t> starting_after;  ///< of a stream: the last event that the client has
};
Retrieval parse_retrieval(const http::Request& request);

}  // namespace cofre::gateway::openai
