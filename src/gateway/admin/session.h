#pragma once

#include <functional>
#include <string>

#include "gateway/errors.h"
#include "gateway/services.h"

/// Signing in and out with a browser.
namespace cofre::gateway::admin {

/// Who says who they are.
struct Attempt {
  std::int64_t tenant = 0;
  std::string name, password, code;
};
using PasswordWork = std::function<http::Response(const Attempt&, Call&)>;
/// Does with {"name", "password", "code", "tenant"} what is to be done, at the entrance where the company's directory
/// is asked. On a thread that may wait.
void try_password(Services& services, Call&& call, const PasswordWork& work);

/// The answer to a right sign-in: a session. What was presented before is worth nothing after.
http::Response welcome(Services& services, Call& call, const accounts::SignIn::Result& result);
/// And to a wrong one.
Failure refusal_of(const accounts::SignIn::Result& result);
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
