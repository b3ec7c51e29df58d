#pragma once

#include <filesystem>
#include <functional>

#include "accounts/directory.h"
#include "accounts/keys.h"
#include "accounts/ledger.h"
#include "accounts/machine_cost.h"
#include "accounts/passkeys.h"
#include "accounts/policy.h"
#include "accounts/prices.h"
#include "accounts/quotas.h"
#include "accounts/retention.h"
#include "accounts/sessions.h"
#include "accounts/sign_in.h"
#include "json/json.h"

namespace cofre::accounts {

struct Action;
struct Actor;

/// Everything about who may use the box and how much, over one database.
class Accounts {
 public:
  /// Brings the tables up to date and reads them. `database` must outlive it, and is used under `database_mutex` alone.
  Accounts(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master,
           const std::filesystem::path& backups, Clock time = system_seconds);

 private:
  bool migrated_;  ///< before anything reads

 public:
  /// Runs an action that changes something, and records it; throws what the action throws, and where the record cannot
  /// be kept. Empty: nothing is recorded. Set before anything acts.
  std::function<json::Object(const Actor&, const Action&, const json::Object& request,
                             const std::function<json::Object()>& run)>
      recorder;
  /// Told of every attempt to sign in.
  struct SignedIn {
    std::string name;        ///< that was given; empty: none was
    std::string from;        ///< the address
    std::int64_t owner = 0;  ///< whose it was; 0: it was refused
    std::string_view with;   ///< "password", "code", "passkey"
    std::string why{};       ///< it was refused, where a password or a code was not just wrong
  };
  std::function<void(const SignedIn&)> signed_in;
  /// Whether a legal hold is on somebody, by the name that the audit trail has of them; empty: on nobody. Set before
  /// anything acts.
  std::function<bool(const std::string& person)> held;
  /// What the box itself costs, as the settings say now. Set before anything acts; empty: nobody knows.
  std::function<MachineCost()> machine_cost;
  const Clock clock;
  Policy policy{};       ///< set before anybody signs in
  std::string base_url;  ///< of this box, for links: "https://box.example:8443"
  Directory directory;
  Keys keys;
  Ledger ledger;
  Prices prices;
  Quotas quotas;
  Retention retention;
  Sessions sessions;
  Passkeys passkeys;
  SignIn sign_in;

  /// What passes by itself: keys and sessions end. To be called about once a second. Throws Error where
  /// the disk refuses to keep that.
  void tick();
};

}  // namespace cofre::accounts
