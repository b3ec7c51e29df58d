#pragma once

#include "accounts/accounts.h"
#include "accounts/actions/actor.h"
#include "accounts/actions/fields.h"
#include "accounts/level.h"

namespace cofre::accounts {

/// Of whom a quota or a rule speaks.
struct Subject {
  Level level = Level::box;
  std::int64_t id = 0;  ///< of that tenant, …; 0 of the box
};

/// Whom the fields "tenant", "department", "user", "key" name: the narrowest of them; none: the whole box. Throws
/// Error(not_found, field) for what the actor does not reach.
Subject read_subject(Accounts& accounts, const Actor& actor, Fields& fields);
/// Its tenant; 0: the box.
std::int64_t tenant_of(Accounts& accounts, const Subject& subject);
/// The whole box is reached by those of the home tenant.
bool is_reached(Accounts& accounts, const Actor& actor, const Subject& subject);
/// Null of the box, and of what is no more.
json::Value name_or_null(Accounts& accounts, const Subject& subject);

}  // namespace cofre::accounts
