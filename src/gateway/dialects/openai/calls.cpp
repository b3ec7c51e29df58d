#include "gateway/dialects/openai/calls.h"

#include <ctime>
#include <utility>

#include "base/error.h"

namespace cofre::gateway::openai {

json::Value body_of(const Call& call) {
  if (call.request.body.empty()) fail(Code::invalid, "the request needs a body: a JSON object");
  return json::parse(call.request.body);
}

AnswerHead head_of(const Services& services, const Call& call, const std::string& model) {
  return {call.request.id, model, std::time(nullptr), services.settings.reasoning_field};
}

std::vector<protocol::Request> one(protocol::Request request) {
  std::vector<protocol::Request> requests;
  requests.push_back(std::move(request));
  return requests;
}

}  // namespace cofre::gateway::openai
