#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "json/json.h"
#include "oidc/keys.h"

namespace cofre::oidc {

/// What an ID token must be for.
struct Expected {
  std::string_view issuer, client_id, nonce;
  std::string_view access_token;  ///< that came with it; empty: none
  std::int64_t now = 0;           ///< seconds since 1970
};

/// How far the clocks of the provider and of this box may be apart.
inline constexpr std::int64_t clock_skew_s = 60;

/// The claims of an ID token whose signature is good, checked as OpenID Connect Core §3.1.3.7 says: iss, aud, azp, exp,
/// iat, nbf, nonce, at_hash; `sub` is there. Throws Error(invalid) with the claim that is wrong as its field.
json::Object checked_claims(const Signed& token, const Expected& expected);

}  // namespace cofre::oidc
