#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/password.h"

namespace cofre::accounts {

/// Rules for signing in, as the settings say. Set once, at the start.
struct Policy {
  enum class SecondFactor : std::uint8_t { nobody, administrators, everybody };  ///< who must have one
  std::size_t password_letters = 12;                                             ///< at least
  std::size_t password_history = 5;    ///< of the last so many none comes again
  std::int64_t idle_s = 1800;          ///< after which a session ends
  std::int64_t session_s = 12 * 3600;  ///< after which it ends in any case
  SecondFactor second_factor = SecondFactor::nobody;
  crypto::PasswordCost cost{};
  std::string passkeys_domain;                ///< that passkeys are bound to; empty: the host name of the page
  std::vector<std::string> passkeys_origins;  ///< of pages that may ask for them; empty: https:// and the host
  bool passkeys_verify = false;               ///< the authenticator must verify its user beside a password too
  bool passkeys_alone = true;                 ///< a verifying passkey signs in without a password
  /// Whose a client's certificate is that nobody registered: the user or service account that has the name in it.
  enum class CertificateName : std::uint8_t { none, common_name, email };
  CertificateName certificate_name = CertificateName::none;
  std::string certificate_tenant = "home";  ///< to which these belong
};

}  // namespace cofre::accounts
