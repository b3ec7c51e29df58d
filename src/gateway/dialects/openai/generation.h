#pragma once

#include "gateway/dialects/openai/form.h"
#include "protocol/request.h"

namespace cofre::gateway::openai {

/// How the answer is sent.
struct Delivery {
  bool stream = false;
  bool include_usage = false;  ///< stream_options: a last chunk with the usage
};

// What chats and completions have in common. Each reads its fields out of the form into the request.

Delivery read_delivery(Form& form);
/// model, temperature, top_p, penalties, seed, stop, n, logit_bias, and what local servers have beside them.
void read_sampling(Form& form, protocol::Request& request);
/// response_format (where `chat`), grammar, guided_*, structured_outputs: at most one of them.
void read_constraint(Form& form, protocol::Request& request, bool chat);
/// {"type": "json_schema", "json_schema": {…}} and its like; `flat`: as the Responses API writes it, without the inner
/// object.
protocol::Constraint read_format(Form form, bool flat);
/// user, metadata and others that change no answer.
void read_labels(Form& form);

}  // namespace cofre::gateway::openai
