#pragma once

#include "accounts/accounts.h"
#include "accounts/actions/actor.h"
#include "accounts/actions/fields.h"

/// What actions that make a key, or take a certificate for one, read from their request.
namespace cofre::accounts {

/// The fields "scopes", "models", "addresses" and "expires".
KeyWish wish_of(Fields& fields, std::string name, Scopes otherwise);

/// A key that was made with a key is bound as that one is: it asks no other models, from nowhere else, no longer.
/// Throws Error(invalid) for a wish beyond that.
void bind_to_maker(const Accounts& accounts, const Actor& actor, KeyWish& wish);

}  // namespace cofre::accounts
