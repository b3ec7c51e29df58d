#pragma once

#include "gateway/services.h"
#include "records/batches.h"

/// /v1/batches of OpenAI's API.
namespace cofre::gateway::openai {

json::Object batch_object(const records::Batch& batch);

void create_batch(Services& services, Call&& call);
void list_batches(Services& services, Call&& call);
void get_batch(Services& services, Call&& call);
void cancel_batch(Services& services, Call&& call);

}  // namespace cofre::gateway::openai
