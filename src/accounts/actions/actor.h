#pragma once

#include <memory>
#include <optional>
#include <string>

#include "accounts/caller.h"
#include "accounts/site.h"

namespace cofre::crypto {
struct CertificateFacts;
}

namespace cofre::accounts {

/// Who asks for a management action.
struct Actor {
  std::int64_t user = 0;  ///< 0: whoever administers the machine, by the socket of the box
  std::int64_t tenant = home_tenant;
  std::int64_t department = 0;
  std::int64_t key_id = 0;  ///< of the credential; a session's is below 0
  Scopes scopes;
  std::string from;                                               ///< the address; "machine"
  std::shared_ptr<const crypto::CertificateFacts> certificate{};  ///< that the connection has shown; null: none
  std::optional<Site> site{};                                     ///< whose page asks, of actions about passkeys

  static Actor machine() {
    Actor actor;
    actor.scopes = Scopes::all();
    actor.from = "machine";
    return actor;
  }
  static Actor of(const Caller& caller, std::string from) {
    Actor actor;
    actor.user = caller.user;
    actor.tenant = static_cast<std::int64_t>(caller.tenant);
    actor.department = caller.department;
    actor.key_id = caller.key_id;
    actor.scopes = caller.scopes;
    actor.from = std::move(from);
    return actor;
  }
  /// Administrators of the home tenant reach every tenant, those of another only their own.
  bool reaches(std::int64_t other) const noexcept { return tenant == home_tenant || tenant == other; }
};

}  // namespace cofre::accounts
