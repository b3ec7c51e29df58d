#pragma once

#include "gateway/services.h"

/// Passkeys of browsers (W3C Web Authentication): set up by who is signed in, and to sign in with.
namespace cofre::gateway::admin {

/// {"name", "password", "tenant"}, or nothing: options for navigator.credentials.get().
void begin_passkey_sign_in(Services& services, Call&& call);
/// {"credential"}: a session, as after a password.
void sign_in_by_passkey(Services& services, Call&& call);
/// {"password"}: options for navigator.credentials.create().
void begin_passkey(Services& services, Call&& call);
/// {"name", "credential"}: keeps what the browser made.
void create_passkey(Services& services, Call&& call);
/// {"password"}
void remove_passkey(Services& services, Call&& call);

}  // namespace cofre::gateway::admin
