#pragma once

#include "accounts/accounts.h"
#include "accounts/actions/actor.h"
#include "accounts/actions/fields.h"

/// What actions name, found as far as the actor reaches it: what it does not reach is Error(not_found), as what is not
/// there. And the forms in which actions tell things.
namespace cofre::accounts {

/// How long an invitation's link is good.
inline constexpr std::int64_t invitation_s = 7 * 86400;

/// The field "tenant", else the actor's own.
Tenant tenant_of(Accounts& accounts, const Actor& actor, Fields& fields);
Department department_of(Accounts& accounts, const Actor& actor, Fields& fields, std::int64_t tenant);
/// The field "user": a name, looked for in the tenant, or an id.
Owner owner_of(Accounts& accounts, const Actor& actor, Fields& fields);
/// The field "key": an id, or a name, of "user" where that is given. Throws Error(invalid, key) where several have it.
Key key_of(Accounts& accounts, const Actor& actor, Fields& fields);

/// Throws Error(invalid, session) unless the actor is signed in.
void must_be_person(const Actor& actor);

json::Object shown(const Tenant& tenant);
json::Object shown(const Department& department);
json::Object shown(Accounts& accounts, const Owner& owner);
json::Object shown(Accounts& accounts, const Key& key);
/// Where a link's secret, of SignIn::make_link(), sets a password.
std::string link_text(const Accounts& accounts, const std::string& token);
json::Array listed(const std::vector<std::string>& texts);
json::Value time_or_null(const std::optional<std::int64_t>& time);

}  // namespace cofre::accounts
