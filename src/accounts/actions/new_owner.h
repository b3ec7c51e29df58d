#pragma once

#include "accounts/accounts.h"
#include "accounts/actions/actor.h"
#include "accounts/actions/fields.h"

/// Users and service accounts that are not there yet, as requests describe them.
namespace cofre::accounts {

/// The field "kind": user where it is absent.
Owner::Kind kind_of(Fields& fields);

/// Who is to be made: "name", "label", "kind", "tenant", "department", and "roles" or "scopes". Throws Error naming the
/// field that is wrong, and where the actor would give more than it may.
Owner new_owner(Accounts& accounts, const Actor& actor, const json::Object& in);

}  // namespace cofre::accounts
