#pragma once

#include <span>
#include <string_view>

#include "accounts/accounts.h"
#include "accounts/actions/actor.h"
#include "json/json.h"

namespace cofre::accounts {

/// Something that an administrator, or anybody for themselves, can ask of the box, by its socket or over HTTP.
struct Action {
  std::string_view name;  ///< "user.create"
  Scope scope;
  bool changes;  ///< something: it is recorded
  json::Object (*run)(Accounts&, const Actor&, const json::Object&);
};

std::span<const Action> actions();
/// Null: there is none of that name.
const Action* find_action(std::string_view name);

/// Does it, on the calling thread, which may wait for the disk. `request` has the action's fields. Throws
/// Error(invalid, do) for what is no action, Error(not_found) for what the actor does not reach, and what the action
/// throws. The scope was checked for those who come over HTTP, by their route.
json::Object act(Accounts& accounts, const Actor& actor, std::string_view name, const json::Object& request);

}  // namespace cofre::accounts
