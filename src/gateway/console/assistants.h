#pragma once

#include "gateway/services.h"

/// Assistants of people: docs/chats.md.
namespace cofre::gateway::console {

// /console/v1/assistants: GET lists (limit, after), POST makes one
void list_assistants(Services& services, Call&& call);
void create_assistant(Services& services, Call&& call);
// /console/v1/assistants/{assistant}
void get_assistant(Services& services, Call&& call);
void change_assistant(Services& services, Call&& call);
void delete_assistant(Services& services, Call&& call);

}  // namespace cofre::gateway::console
