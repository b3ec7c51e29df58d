#pragma once

#include "gateway/services.h"

/// Signing in and out with a browser.
namespace cofre::gateway::admin {

/// Begins the session of somebody who was signed in (`result` has the owner); what was presented before is worth
/// nothing after. Returns what goes into Set-Cookie.
std::string begin_session(Services& services, const Call& call, const accounts::SignIn::Result& result);

/// {"name", "password", "code", "tenant"}: a session, whose secret only the cookie holds.
void sign_in(Services& services, Call&& call);
void sign_out(Services& services, Call&& call);
/// {"password"}: a second factor's secret, for which the password is asked once more.
void begin_factor(Services& services, Call&& call);
/// Who is signed in, and the token that requests which change something repeat.
void show_session(Services& services, Call&& call);
/// {"token", "password"}: what an invitation's link does.
void use_link(Services& services, Call&& call);

}  // namespace cofre::gateway::admin
