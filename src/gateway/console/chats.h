#pragma once

#include "gateway/services.h"

/// Chats of people: docs/chats.md.
namespace cofre::gateway::console {

// /console/v1/chats: GET lists (limit, after, folder, query), POST makes one
void list_chats(Services& services, Call&& call);
void create_chat(Services& services, Call&& call);
// /console/v1/chats/{chat}
void get_chat(Services& services, Call&& call);
void change_chat(Services& services, Call&& call);
void delete_chat(Services& services, Call&& call);
// …/messages: GET lists (limit, after, order, leaf), POST says something and begins the answer
void list_messages(Services& services, Call&& call);
void say(Services& services, Call&& call);
// …/messages/{message}/answers
void answer_again(Services& services, Call&& call);
// …/export: format
void export_chat(Services& services, Call&& call);
// …/share
void share_chat(Services& services, Call&& call);
void unshare_chat(Services& services, Call&& call);
// /console/v1/shared/{share} and …/messages
void get_shared(Services& services, Call&& call);
void list_shared_messages(Services& services, Call&& call);
// /console/v1/folders and /console/v1/folders/{folder}
void list_folders(Services& services, Call&& call);
void rename_folder(Services& services, Call&& call);
void delete_folder(Services& services, Call&& call);

/// The chat that a path names, of the one who calls. At the desk. Throws Error(not_found, chat).
records::Chat chat_of(const Services& services, const Call& call);

}  // namespace cofre::gateway::console
