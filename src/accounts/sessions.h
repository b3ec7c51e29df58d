#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "accounts/caller.h"
#include "accounts/directory.h"
#include "accounts/policy.h"
#include "crypto/secret.h"
#include "store/database.h"

namespace cofre::accounts {

struct Session {
  std::int64_t id = 0, owner = 0;
  bool limited = false;  ///< its user may only see to their own account: a second factor is demanded and not there
  std::int64_t created = 0, seen = 0;
  std::string peer;  ///< the address that signed in
};

/// Who is signed in. A session is 256 random bits in a cookie; kept is their HMAC. Reads come from memory; any thread
/// may call anything.
class Sessions {
 public:
  /// Reads the table, which exists. All outlive it.
  Sessions(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master, Directory& directory,
           const Policy& policy, Clock clock);

  /// A new session: what its cookie holds.
  std::string begin(std::int64_t owner, bool limited, std::string_view peer);
  /// Whose session this is; nothing where it is none, over, or its owner is not active. Its key_id is −(its id).
  std::optional<Caller> authenticate(std::string_view presented) const;
  /// What requests that change something repeat in X-CSRF-Token: another site cannot know it.
  std::string csrf_token(std::string_view presented) const;

  std::vector<Session> list(std::optional<std::int64_t> owner = std::nullopt) const;
  /// Throws Error(not_found, session).
  Session session(std::int64_t id) const;
  void end(std::int64_t id);
  /// All of an owner, but one.
  void end_all(std::int64_t owner, std::int64_t but = 0);

  /// Ends those whose time is over, and keeps when each was used. To be called about once a second.
  void expire();
  /// These owners may do less than before: their sessions go on with less; who is not active is out.
  void review(const std::vector<std::int64_t>& owners);
  /// `told` is called with −id of every session that is no longer valid.
  void watch(std::function<void(std::int64_t key_id)> told);

 private:
  struct Entry {
    Session session;
    std::shared_ptr<std::atomic<std::int64_t>> seen;
    std::int64_t kept = 0;  ///< `seen` as the database has it
    Scopes had;
    std::shared_ptr<std::atomic<bool>> standing;
  };
  struct HashOfMac {
    std::size_t operator()(const crypto::Mac& mac) const noexcept;
  };
  bool is_over(const Entry& entry, std::int64_t now) const;
  Scopes scopes_now(const Session& session) const;
  void end_where(const std::function<bool(const Entry&)>& chosen);
  void tell(const std::vector<std::int64_t>& ids) const;

  store::Database& database_;
  std::mutex& database_mutex_;
  Directory& directory_;
  const Policy& policy_;
  crypto::Secret mac_key_;
  Clock clock_;
  mutable std::shared_mutex mutex_;  ///< of what follows; never held while the disk works
  std::unordered_map<crypto::Mac, Entry, HashOfMac> entries_;
  std::vector<std::function<void(std::int64_t)>> watchers_;
};

}  // namespace cofre::accounts
