#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/services.h"
#include "records/assistants.h"

/// Assistants as models: who asks "assistant:NAME" asks its model, with its system prompt and its parameters where the
/// request gives none.
namespace cofre::gateway {

inline constexpr std::string_view assistant_prefix = "assistant:";

records::Assistants::Reader reader_of(const accounts::Caller& caller);

/// A body of POST /v1/chat/completions as its assistant makes it.
void apply_to_chat(const records::Assistant& assistant, json::Object& body);
/// A body of POST /v1/responses.
void apply_to_response(const records::Assistant& assistant, json::Object& body);

/// Calls `next` with the body: as it is, at once, where its model is no assistant; else at the desk, as `apply` makes
/// it. Throws Error(not_found, model) there where the caller sees no such assistant. A key that may ask an assistant by
/// its name may ask it, whatever its model is.
void with_assistant(Services& services, Call&& call, json::Value body,
                    void (*apply)(const records::Assistant&, json::Object&),
                    std::function<void(Call&&, json::Value)> next);

/// The model that a body names, which answers say as theirs; empty where it names none.
std::string asked_model(const json::Value& body);

}  // namespace cofre::gateway
