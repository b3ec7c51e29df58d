#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "accounts/scopes.h"
#include "crypto/secret.h"
#include "store/database.h"

namespace cofre::accounts {

/// Seconds since 1970.
using Clock = std::function<std::int64_t()>;
std::int64_t system_seconds();

/// A key as people see it.
struct Key {
  std::int64_t id = 0;
  std::string name;
  std::string prefix;  ///< the first letters of its text: "cofre_Ab3d"
  Scopes scopes;
  std::int64_t created = 0;
  std::optional<std::int64_t> expires{}, revoked{};
};

/// Who sends a request. What it holds stays true while the request runs, but for is_valid().
class Caller {
 public:
  std::uint64_t tenant = 0;  ///< salt of the prefix cache; whose share of the machine a request takes
  std::int64_t key_id = 0;
  std::string key_name;
  Scopes scopes;

  /// False once the key is revoked or over. Costs one load: streams ask before each piece they send, and Keys::watch
  /// wakes those that have nothing to send.
  bool is_valid() const noexcept { return standing_ != nullptr && standing_->load(std::memory_order_relaxed); }

 private:
  friend class Keys;
  std::shared_ptr<const std::atomic<bool>> standing_;
};

/// The keys of the API. A key is 256 random bits, written `cofre_` and 43 letters; kept is its HMAC-SHA-256 under a key
/// derived from the master key. Each key is a tenant of its own. Reads come from memory and wait for no disk; any
/// thread may call anything. Nobody else writes the table while one lives.
class Keys {
 public:
  /// Brings the tables up to date and reads them. `database` must outlive it, and is used under `database_mutex` alone.
  Keys(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master,
       const std::filesystem::path& backups, Clock clock = system_seconds);

  /// Makes a key and returns its text, which nobody can tell again. Throws Error(invalid, name | expires) where the
  /// name is taken, empty, longer than 64 bytes or not printable, or the time is over.
  std::string create(std::string_view name, Scopes scopes, std::optional<std::int64_t> expires = std::nullopt);

  /// All of them, revoked ones too, oldest first.
  std::vector<Key> list() const;

  /// Takes effect at once: on authenticate(), on the is_valid() of running callers, and by the watchers.
  /// Throws Error(not_found, name) where no such key is in use.
  void revoke(std::string_view name);

  /// Whose key this is; nothing where it is none, revoked or over. Microseconds.
  std::optional<Caller> authenticate(std::string_view presented) const;

  /// Ends the standing of keys whose time is over. To be called about once a second.
  void expire();

  /// `told` is called, on the thread that revokes or expires, with the id of every key that is no longer valid.
  void watch(std::function<void(std::int64_t key_id)> told);

 private:
  struct Entry {
    Key key;
    std::uint64_t tenant = 0;
    std::shared_ptr<std::atomic<bool>> standing;
  };
  struct HashOfMac {
    std::size_t operator()(const crypto::Mac& mac) const noexcept;
  };
  void read();
  void end(const std::vector<std::int64_t>& ids);

  store::Database& database_;
  std::mutex& database_mutex_;
  crypto::Secret mac_key_;
  Clock clock_;
  mutable std::shared_mutex mutex_;  ///< of what follows; never held while the disk works
  std::unordered_map<crypto::Mac, Entry, HashOfMac> entries_;
  std::vector<std::function<void(std::int64_t)>> watchers_;
};

}  // namespace cofre::accounts
