#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "accounts/addresses.h"
#include "accounts/caller.h"
#include "accounts/directory.h"
#include "crypto/secret.h"
#include "store/database.h"

namespace cofre::crypto {
struct CertificateFacts;
}

namespace cofre::accounts {

inline constexpr std::string_view key_prefix = "cofre_";
inline constexpr std::size_t shown_letters = 10;                  ///< key_prefix and four more: 24 of 256 bits
inline constexpr std::size_t key_bytes = key_prefix.size() + 43;  ///< 43 letters of base64url hold 256 bits

/// A key as people see it; or a client's certificate (RFC 5280), which is a key without a text.
struct Key {
  std::int64_t id = 0;
  std::int64_t owner = 0;
  std::int64_t maker = 0;  ///< the owner who made it; 0: whoever administers the machine
  std::string name;
  std::string prefix;  ///< the first letters of its text: "cofre_Ab3d"
  Scopes scopes;
  std::vector<std::string> models{};     ///< that it may ask; empty: all
  std::vector<std::string> addresses{};  ///< networks that it may be used from; empty: all
  std::int64_t created = 0;
  std::optional<std::int64_t> expires{}, replaced{}, revoked{};
  std::optional<std::int64_t> used{};  ///< when it asked last
  std::string certificate{};           ///< SHA-256 of the certificate that it is, 64 hex digits; empty: it is a text
  std::string subject{};               ///< of the certificate: the common name

  bool is_certificate() const { return !certificate.empty(); }
};

/// What a new key is to be.
struct KeyWish {
  std::string name;
  std::int64_t owner = 0, maker = 0;
  Scopes scopes;
  std::vector<std::string> models{}, addresses{};
  std::optional<std::int64_t> expires{};
};

/// The keys of the API. A key is 256 random bits, written `cofre_` and 43 letters; kept is its HMAC-SHA-256 under a key
/// derived from the master key. It belongs to an owner, and never does more than its owner and its maker may do at that
/// moment. Reads come from memory and wait for no disk; any thread may call anything. Nobody else writes the table
/// while one lives.
class Keys {
 public:
  /// Reads the table, which exists. `database` must outlive it, and is used under `database_mutex` alone.
  Keys(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master, Directory& directory,
       Clock clock);

  /// Makes a key and returns its text, which nobody can tell again. Throws Error(invalid, name | expires | …) where the
  /// name is taken or no name, the time is over, or the scopes are more than its owner or its maker may do.
  std::string create(const KeyWish& wish);
  /// Of the home tenant's service account of that name, which is made or given these scopes where it lacks them: what
  /// `cofre key create NAME` does.
  std::string create(std::string_view name, Scopes scopes, std::optional<std::int64_t> expires = std::nullopt);

  /// A certificate in place of a text: who shows it over TLS is its owner. It ends with the certificate at the latest.
  /// Throws as create() does, and Error(invalid, certificate) where it is an authority's, over, or was registered
  /// before: one that was revoked stays so.
  Key create(const KeyWish& wish, const crypto::CertificateFacts& certificate);
  /// Whether it was ever registered, whatever became of it.
  bool knows(const crypto::CertificateFacts& certificate) const;

  /// Another key that is to the same owner what this one was, made by `maker`; this one may be used until `until`.
  std::string rotate(std::int64_t id, std::int64_t maker, std::int64_t until);

  /// All of them, revoked ones too, oldest first; or those of one owner.
  std::vector<Key> list() const;
  std::vector<Key> list(std::int64_t owner) const;
  std::vector<Key> list_where(const std::function<bool(const Key&)>& chosen) const;
  /// Throws Error(not_found, key).
  Key key(std::int64_t id) const;
  std::optional<Key> find(std::int64_t id) const;

  /// Takes effect at once: on authenticate(), on the is_valid() of running callers, and by the watchers.
  /// Throws Error(not_found, key) where it is not in use.
  void revoke(std::int64_t id);
  /// Every key in use of that name, whoever owns it. Throws Error(not_found, name) where there is none.
  void revoke(std::string_view name);
  /// Every key in use that begins so (a whole key: that one). Throws Error(invalid, prefix) where it is too short to
  /// tell keys apart. Only keys that are `reached`. Returns them.
  std::vector<Key> revoke_leaked(std::string_view beginning, const std::function<bool(const Key&)>& reached);

  /// Whose key this is; nothing where it is none, revoked, over, sent from where it may not be, or where its owner or
  /// maker is suspended or deleted. Microseconds.
  std::optional<Caller> authenticate(std::string_view presented, std::string_view peer = {}) const;

  /// The same of a certificate, which TLS has verified.
  std::optional<Caller> authenticate(const crypto::CertificateFacts& certificate, std::string_view peer = {}) const;

  /// Who a key that asked before is now; as authenticate(), but from anywhere.
  std::optional<Caller> caller(std::int64_t key_id) const;

  /// Revokes keys whose time is over, and keeps when each was used. To be called about once a second. Throws Error
  /// where the disk refuses; they have ended nevertheless.
  void expire();
  /// These owners may do less than before: what runs with keys that lost something ends.
  void review(const std::vector<std::int64_t>& owners);

  /// `told` is called, on the thread that revokes or expires, with the id of every key that is no longer valid.
  void watch(std::function<void(std::int64_t key_id)> told);

 private:
  struct Entry {
    Key key;
    Networks networks;
    std::shared_ptr<const std::vector<std::string>> models;
    Scopes had;  ///< what it could do when that was last looked at
    std::shared_ptr<std::atomic<bool>> standing;
    std::shared_ptr<std::atomic<std::int64_t>> used;  ///< 0: never
    std::int64_t kept = 0;                            ///< `used` as the database has it
  };
  struct HashOfMac {
    std::size_t operator()(const crypto::Mac& mac) const noexcept;
  };
  void read();
  Entry made_entry(Key key) const;
  Key wished(const KeyWish& wish) const;
  void check_is_free(const Key& key);
  std::string insert_new(Key key);
  Key insert(Key key, const crypto::Mac& mac);
  Scopes scopes_now(const Key& key) const;
  std::vector<Key> revoke_where(const std::function<bool(const crypto::Mac&, const Key&)>& chosen);
  std::optional<Caller> authenticate(const crypto::Mac& mac, std::string_view peer) const;
  std::optional<Caller> caller_of(const Entry& entry) const;
  void keep_used();
  void end(const std::vector<std::int64_t>& ids);

  store::Database& database_;
  std::mutex& database_mutex_;
  Directory& directory_;
  crypto::Secret mac_key_;
  Clock clock_;
  mutable std::shared_mutex mutex_;  ///< of what follows; never held while the disk works
  std::unordered_map<crypto::Mac, Entry, HashOfMac> entries_;
  std::vector<std::function<void(std::int64_t)>> watchers_;
};

}  // namespace cofre::accounts
