#pragma once

#include <optional>
#include <string_view>

#include "accounts/accounts.h"
#include "http/message.h"

/// What a request carries to say who it is.
namespace cofre::gateway {

/// The cookie of a session. Its prefix binds it to this host and to TLS (RFC 6265bis §4.1.3).
inline constexpr std::string_view session_cookie = "__Host-cofre";

/// The key as clients send it: Bearer, Anthropic's way, Azure's way.
std::optional<std::string_view> presented_key(const http::Request& request);
/// What a cookie of this name holds.
std::optional<std::string_view> presented_cookie(const http::Request& request, std::string_view name);
/// What the session's cookie holds.
std::optional<std::string_view> presented_session(const http::Request& request);

/// The one place where a request becomes a caller. A key comes before a session, a session before the certificate that
/// the connection has shown; what comes first and is not valid is not made up for by what comes later. Throws Failure:
/// 401 without a valid one; 403 where it lacks one of the scopes, or where a request that changes something, by a
/// session or a certificate, which a browser sends along by itself, did not come from the box's own pages.
accounts::Caller authenticate(accounts::Accounts& accounts, const http::Request& request, accounts::Scopes needed);

}  // namespace cofre::gateway
