#pragma once

#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "json/json.h"
#include "records/chats.h"

/// What is told of chats: docs/chats.md.
namespace cofre::gateway::console {

json::Object chat_object(const accounts::Accounts& accounts, const records::Chat& chat);
json::Object message_object(const records::ChatMessage& message);
/// The link of a chat.
json::Object share_object(const accounts::Accounts& accounts, const records::Chat::Share& share);

/// A branch for people to read.
std::string markdown_of(const std::string& title, const std::string& owner,
                        const std::vector<records::ChatMessage>& branch);

}  // namespace cofre::gateway::console
