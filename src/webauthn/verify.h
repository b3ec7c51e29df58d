#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "webauthn/client_data.h"

/// What a relying party verifies of passkeys (W3C Web Authentication Level 3); libfido2 checks signatures.
namespace cofre::webauthn {

/// Algorithms of keys that are taken (COSE, RFC 9053 and 8812): ES256, EdDSA, RS256.
inline constexpr int algorithms[] = {-7, -8, -257};

/// What must be true of a ceremony.
struct Expected {
  std::string rp_id;                 ///< the domain that passkeys are bound to: "box.example"
  std::vector<std::string> origins;  ///< of pages that may ask: "https://box.example:8443"
  bool user_verified = false;        ///< whether the authenticator must have verified its user: PIN, finger, face
};

/// A passkey as it is kept.
struct Credential {
  std::string id{};          ///< bytes of the authenticator's choice
  int algorithm = 0;         ///< one of `algorithms`
  std::string public_key{};  ///< ES256: x and y, 64 bytes; EdDSA: 32 bytes; RS256: n and e, 259 bytes
  std::uint32_t counter = 0;
};

/// A new one (§7.1). The challenge is the caller's to check. Attestation is not asked for: `none` is taken, and a
/// signature by the key itself (§8.2). Throws Error(invalid, credential).
Credential verify_registration(const Expected& expected, const ClientData& client, std::string_view attestation_object);

struct Assertion {
  std::uint32_t counter = 0;
  bool user_verified = false;
};
/// That the passkey's owner is there now (§7.2). The challenge is the caller's to check, and the counter. Throws
/// Error(invalid, credential).
Assertion verify_assertion(const Expected& expected, const Credential& known, const ClientData& client,
                           std::string_view authenticator_data, std::string_view signature);

}  // namespace cofre::webauthn
