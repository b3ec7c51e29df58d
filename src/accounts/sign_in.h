#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/directory.h"
#include "accounts/passkeys.h"
#include "accounts/policy.h"
#include "crypto/secret.h"
#include "store/database.h"

namespace cofre::accounts {

/// Passwords, second factors, sign-in by passkey, links that set a password. Checking a password takes tens of
/// milliseconds and waits for the disk, one of elsewhere() also for the network: never on a thread that serves
/// connections. Any thread may call anything.
class SignIn {
 public:
  /// Whose name and password these are where this box keeps no password of theirs: the owner, who is made or brought up
  /// to date where need be; nothing: wrong. Throws Error(unavailable) where that cannot be known now, Error(invalid)
  /// where what it says cannot be. Empty: this box's own passwords are all there is. Set before anybody signs in.
  std::function<std::optional<std::int64_t>(std::int64_t tenant, const std::string& name, const std::string& password)>
      elsewhere;
  /// The systems that keep how their users sign in: VouchedUsers::Options::source of each that is set up.
  std::set<std::string, std::less<>> vouchers;

  /// All outlive it; the tables exist.
  SignIn(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master, Directory& directory,
         Passkeys& passkeys, const Policy& policy, Clock clock);

  enum class Answer : std::uint8_t {
    welcome,
    limited,      ///< welcome, but a second factor must be set up first
    wrong,        ///< no such user, not active, or not this password or code: which is not told
    code_needed,  ///< the password is right; the second factor is missing
    wait,         ///< too many failures: nothing was looked at
  };
  struct Result {
    Answer answer = Answer::wrong;
    std::int64_t owner = 0;          ///< where welcome
    std::int64_t retry_after_s = 0;  ///< of wait
  };
  /// Failures make the next attempt wait, longer each time. `code`: of the second factor, or a recovery code. Throws
  /// what elsewhere() throws; that counts as no attempt.
  Result sign_in(std::int64_t tenant, std::string_view name, std::string_view password, std::string_view code);
  /// Signs in an owner for whom somebody else has vouched just now, without a password of this box. Failures of the
  /// code make the next attempt wait as those of passwords do.
  Result admit(std::int64_t owner, std::string_view code);
  /// The first half of a sign-in by password and passkey: whose password it is, as `welcome`. Throws as sign_in().
  Result prove_password(std::int64_t tenant, std::string_view name, std::string_view password);
  /// The second half of it, or all of a sign-in by passkey alone. What Passkeys::answer() throws is thrown; `wrong`
  /// where its owner may not come in so: who has no password here, as their company's directory has it, must bring
  /// that.
  Result sign_in(const Site& site, const json::Object& passkey);

  /// Whether a password under this name is one that elsewhere() knows: it is set, and the box keeps none itself.
  bool asks_elsewhere(std::int64_t tenant, std::string_view name) const;

  /// Which of `vouchers` keeps how this user signs in: here no password is set, by nobody. Nothing: this box does.
  std::optional<std::string> kept_by(std::int64_t owner) const;

  bool has_password(std::int64_t owner) const;
  /// Throws Error(invalid, password) where the policy refuses it.
  void set_password(std::int64_t owner, std::string_view password);
  /// Also counts as an attempt. False where it is not the password. Throws as sign_in() does.
  bool check_password(std::int64_t owner, std::string_view password);
  /// Forgets failed attempts.
  void unlock(std::int64_t owner);

  /// A new link's secret. Links of this owner that were not used are void.
  std::string make_link(std::int64_t owner, std::int64_t valid_s);
  /// The first link of an owner, in a transaction of the caller's, who holds the mutex of the database.
  std::string add_link(std::int64_t owner, std::int64_t valid_s);
  /// Whose password the link sets. Throws Error(not_found, token) where it was used or its time is over.
  std::int64_t owner_of_link(std::string_view token) const;
  /// Sets the password that the link allows, once. Throws Error(not_found, token), Error(invalid, password). Returns
  /// the owner.
  std::int64_t use_link(std::string_view token, std::string_view password);

  // Second factors: an authenticator app (TOTP), passkeys, and recovery codes in place of either.

  /// Begins an app: its secret. It counts from confirm_factor() on.
  std::vector<std::byte> begin_factor(std::int64_t owner);
  /// Throws Error(invalid, code) where it is not the code of now. Returns what first_recovery_codes() does.
  std::vector<std::string> confirm_factor(std::int64_t owner, std::string_view code);
  /// Recovery codes, each good once, for who has none yet; else nothing.
  std::vector<std::string> first_recovery_codes(std::int64_t owner);
  bool has_app(std::int64_t owner) const;
  bool has_factor(std::int64_t owner) const;
  void remove_app(std::int64_t owner);
  void remove_passkey(std::int64_t owner, std::int64_t passkey);
  /// All of them, and the recovery codes.
  void remove_factors(std::int64_t owner);
  /// Whether the policy demands one of this user.
  bool needs_factor(std::int64_t owner) const;
  /// Takes a code, once. A code of TOTP or a recovery code.
  bool check_code(std::int64_t owner, std::string_view code);

 private:
  struct Failures {
    std::int64_t count = 0, last = 0;
  };
  std::optional<std::string> hash_of(std::int64_t owner) const;
  struct Attempt;
  std::int64_t begin_attempt(std::int64_t owner);
  std::int64_t begin_attempt(std::int64_t tenant, std::string_view stranger);
  void take_back(const Attempt& attempt);
  Result let_in(std::int64_t owner, std::string_view code);
  Result try_password(std::int64_t tenant, std::string_view name, std::string_view password);
  std::int64_t verify(const Attempt& attempt, std::string_view password);
  void forget_codes_without_factor(std::int64_t owner);
  void check_policy(std::int64_t owner, std::string_view password) const;
  std::string mac_text(std::string_view purpose, std::string_view secret) const;

  store::Database& database_;
  std::mutex& database_mutex_;
  Directory& directory_;
  Passkeys& passkeys_;
  const Policy& policy_;
  crypto::Secret mac_key_;
  Clock clock_;
  std::mutex mutex_;                                                    ///< of what follows
  std::map<std::pair<std::int64_t, std::string>, Failures> strangers_;  ///< names that nobody has
};

}  // namespace cofre::accounts
