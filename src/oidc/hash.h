#pragma once

#include <string>
#include <string_view>

namespace cofre::oidc {

/// base64url of a text's hash: a PKCE challenge by "SHA256" (RFC 7636 §4.2). `hash`: a name that OpenSSL knows.
std::string hash_text(const char* hash, std::string_view text);
/// base64url of its left half.
std::string half_hash_text(const char* hash, std::string_view text);

}  // namespace cofre::oidc
