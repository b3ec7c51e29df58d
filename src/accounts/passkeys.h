#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/directory.h"
#include "accounts/policy.h"
#include "accounts/site.h"
#include "crypto/secret.h"
#include "json/json.h"
#include "store/database.h"

namespace cofre::accounts {

struct Passkey {
  std::int64_t id = 0, owner = 0;
  std::string name;
  std::string rp_id;  ///< the domain that it is bound to
  std::int64_t created = 0;
  std::optional<std::int64_t> used{};
};

/// Passkeys of users (W3C Web Authentication Level 3). A challenge is random, its end, and a MAC over these and what it
/// was given for: nothing is kept of those that nobody answers. It is good for five minutes, in this process, once. Any
/// thread may call anything; all wait for the disk.
class Passkeys {
 public:
  /// All outlive it; the table exists.
  Passkeys(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master, Directory& directory,
           const Policy& policy, Clock clock);

  /// Options for navigator.credentials.create() (PublicKeyCredentialCreationOptionsJSON, §5.1.9), for this credential
  /// of the owner's alone.
  json::Object begin(std::int64_t owner, std::int64_t key_id, const Site& site) const;
  /// Keeps what the browser made of it (RegistrationResponseJSON, §5.1.8.1). Throws Error(invalid, name | credential).
  Passkey add(std::int64_t owner, std::int64_t key_id, const Site& site, std::string_view name,
              const json::Object& credential);

  /// Options for navigator.credentials.get() (PublicKeyCredentialRequestOptionsJSON, §5.1.10): with one of the owner's,
  /// who has proved their password; with any passkey of the site where the owner is 0. Throws Error(not_found,
  /// passkey) where the owner has none there.
  json::Object ask(std::int64_t owner, const Site& site) const;
  /// Who answered it (AuthenticationResponseJSON, §5.1.8.2).
  struct Answered {
    std::int64_t owner = 0;
    bool has_password = false;  ///< the owner had proved it; otherwise the authenticator has verified its user
  };
  /// Throws Error(invalid, credential), also where its counter went back: there is a copy of the passkey somewhere.
  Answered answer(const Site& site, const json::Object& credential);

  bool has(std::int64_t owner) const;
  std::vector<Passkey> list(std::int64_t owner) const;
  /// Throws Error(not_found, passkey).
  void remove(std::int64_t owner, std::int64_t id);
  void remove_all(std::int64_t owner);

 private:
  std::string challenge(const std::string& purpose) const;
  bool is_open(std::string_view challenge, const std::string& purpose) const;
  void close(const std::string& challenge);
  std::string handle_of(std::int64_t owner) const;
  json::Array known(std::int64_t owner, const Site& site) const;

  store::Database& database_;
  std::mutex& database_mutex_;
  Directory& directory_;
  const Policy& policy_;
  crypto::Secret handle_key_;
  crypto::Secret challenge_key_ = crypto::Secret::random();
  Clock clock_;
  mutable std::mutex mutex_;                               ///< of what follows
  std::map<std::string, std::int64_t, std::less<>> used_;  ///< challenges that were answered, until they end
};

}  // namespace cofre::accounts
