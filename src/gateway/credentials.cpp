#include "gateway/credentials.h"

#include <algorithm>

#include "accounts/actions/certificates.h"
#include "crypto/secret.h"
#include "gateway/errors.h"
#include "http/websocket.h"

namespace cofre::gateway {
namespace {

constexpr std::size_t cookie_bytes_max = 8192;

bool only_reads(std::string_view method) { return method == "GET" || method == "HEAD"; }

bool same(std::string_view a, std::string_view b) {
  return crypto::equal(std::as_bytes(std::span(a)), std::as_bytes(std::span(b)));
}

/// A browser tells where a request comes from: a page of another site gets nothing done with this one's cookie.
bool is_from_here(const http::Request& request) {
  const auto site = request.headers.find("sec-fetch-site");
  if (site && *site != "same-origin" && *site != "none") return false;
  const auto origin = request.headers.find("origin");
  const auto host = request.headers.find("host");
  if (!origin) return true;
  const auto scheme = origin->find("://");
  return host && scheme != origin->npos && http::equal_without_case(origin->substr(scheme + 3), *host);
}

accounts::Caller caller_of_session(const accounts::Accounts& accounts, const http::Request& request,
                                   std::string_view session) {
  auto caller = accounts.sessions.authenticate(session);
  if (!caller) throw failure_of(401, "the session is over: sign in again");
  if (only_reads(request.method)) {
    // Any page may have a browser open a WebSocket to here, cookie and all: only the Origin tells (RFC 6455 §10.2).
    if (http::wants_websocket(request) && (!request.headers.find("origin") || !is_from_here(request)))
      throw failure_of(403, "a WebSocket of a session is for pages of this box: the Origin must be its own");
    return std::move(*caller);
  }
  const auto token = request.headers.find("x-csrf-token");
  if (!token || !same(*token, accounts.sessions.csrf_token(session)) || !is_from_here(request)) {
    throw failure_of(403, "a request of a session that changes something needs its X-CSRF-Token");
  }
  return std::move(*caller);
}

/// Programs send neither Origin nor Sec-Fetch-Site, and come in; browsers send one with whatever changes something.
accounts::Caller caller_of_certificate(accounts::Accounts& accounts, const http::Request& request) {
  auto caller = accounts::caller_of(accounts, request.certificate, request.peer);
  if (!caller) {
    auto failure = failure_of(401, "the certificate is nobody's here");
    failure.code = "invalid_certificate";
    throw failure;
  }
  if ((!only_reads(request.method) || http::wants_websocket(request)) && !is_from_here(request)) {
    throw failure_of(403, "a request by a certificate that changes something is for pages of this box, and programs");
  }
  return std::move(*caller);
}

}  // namespace

std::optional<std::string_view> presented_key(const http::Request& request) {
  if (const auto header = request.headers.find("authorization")) {
    constexpr std::string_view bearer = "bearer ";
    if (header->size() > bearer.size() && http::equal_without_case(header->substr(0, bearer.size()), bearer))
      return header->substr(bearer.size());
  }
  if (const auto key = request.headers.find("x-api-key")) return key;
  return request.headers.find("api-key");
}

std::optional<std::string_view> presented_cookie(const http::Request& request, std::string_view name) {
  const auto header = request.headers.find("cookie");
  if (!header || header->size() > cookie_bytes_max) return std::nullopt;
  std::string_view left = *header;
  while (!left.empty()) {
    const auto end = std::min(left.find(';'), left.size());
    auto pair = left.substr(0, end);
    left.remove_prefix(std::min(end + 1, left.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
  }
  return std::nullopt;
}

std::optional<std::string_view> presented_session(const http::Request& request) {
  return presented_cookie(request, session_cookie);
}

accounts::Caller authenticate(accounts::Accounts& accounts, const http::Request& request, accounts::Scopes needed) {
  std::optional<accounts::Caller> caller;
  if (const auto key = presented_key(request)) {
    caller = accounts.keys.authenticate(*key, request.peer);
    if (!caller) {
      auto failure = failure_of(401, "the key is not valid here");
      failure.code = "invalid_api_key";
      throw failure;
    }
  } else if (const auto session = presented_session(request)) {
    caller = caller_of_session(accounts, request, *session);
  } else if (request.certificate) {
    caller = caller_of_certificate(accounts, request);
  } else {
    throw failure_of(401, "this needs a key of the box: Authorization: Bearer KEY");
  }
  if (!caller->scopes.has_all(needed))
    throw failure_of(403, fmt::format("the {} lacks the scope \"{}\"", caller->key_id < 0 ? "session" : "key",
                                      needed.without(caller->scopes).names().front()));
  return std::move(*caller);
}

}  // namespace cofre::gateway
