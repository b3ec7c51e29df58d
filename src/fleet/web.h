#pragma once

#include <cstdint>
#include <string>

#include "fleet/listener.h"
#include "os/disk.h"

namespace cofre::fleet {

/// An address of the web and what is shown to its host, and to that host only: redirects elsewhere go without it.
struct WebRequest {
  std::string url;
  std::string token;  ///< bearer token; none where empty
};

/// The body of a small answer. Proxies are taken from the environment (http_proxy, https_proxy, no_proxy).
/// Throws Error(not_found) for 404, Error(unavailable) for every other failure, Error(invalid) beyond `bytes_max`.
std::string fetch_text(const WebRequest& request, std::uint64_t bytes_max, Listener& listener);

/// Appends what `part` lacks of a file of `bytes`, asking for the rest only (RFC 9110 §14 Range) and beginning anew
/// where the server does not know ranges. A broken connection is taken up again as long as bytes arrive.
/// Throws as fetch_text(), and Error(invalid) where the server sends more than `bytes`.
void fetch_rest(const WebRequest& request, os::AppendFile& part, std::uint64_t bytes, Listener& listener);

}  // namespace cofre::fleet
