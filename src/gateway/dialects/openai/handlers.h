#pragma once

#include "gateway/services.h"

/// OpenAI's API: docs/api.md tells what is taken of it.
namespace cofre::gateway::openai {

void list_models(Services& services, Call&& call);
void get_model(Services& services, Call&& call);
void chat_completions(Services& services, Call&& call);
void responses(Services& services, Call&& call);
void get_response(Services& services, Call&& call);
void delete_response(Services& services, Call&& call);
void cancel_response(Services& services, Call&& call);
void response_input_items(Services& services, Call&& call);
void completions(Services& services, Call&& call);
void embeddings(Services& services, Call&& call);
void rerank(Services& services, Call&& call);
void tokenize(Services& services, Call&& call);
void detokenize(Services& services, Call&& call);

}  // namespace cofre::gateway::openai
