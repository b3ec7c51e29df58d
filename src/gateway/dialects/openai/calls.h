#pragma once

#include <string>
#include <vector>

#include "gateway/dialects/openai/chat.h"
#include "gateway/services.h"

/// What handlers of OpenAI's API have in common.
namespace cofre::gateway::openai {

/// The request's JSON. Throws Error(invalid).
json::Value body_of(const Call& call);
AnswerHead head_of(const Services& services, const Call& call, const std::string& model);
/// A list of one.
std::vector<protocol::Request> one(protocol::Request request);

}  // namespace cofre::gateway::openai
