#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/secret.h"
#include "crypto/sha256.h"

namespace cofre::oidc {

/// What waits for a browser to come back, found by 256 random bits that the browser alone has. Each is taken once, and
/// is gone after a while. There is an end to how many wait: the oldest goes. Any thread may call anything.
template <class T>
class Waiting {
 public:
  struct Limits {
    std::size_t most = 10'000;
    std::size_t most_of_peer = 1'000;  ///< so that one address does not push out the others'
    std::int64_t seconds = 600;
  };
  Waiting(Limits limits, std::function<std::int64_t()> clock) : limits_(limits), clock_(std::move(clock)) {}

  /// What the browser is given.
  std::string add(T value, const std::string& peer) {
    const auto random = crypto::Secret::random();
    auto key = crypto::base64url(random.bytes());
    const std::scoped_lock lock(mutex_);
    drop_old();
    if (auto& of_peer = peers_[peer]; of_peer.size() >= limits_.most_of_peer) drop(of_peer.front());
    if (entries_.size() >= limits_.most) drop(entries_.begin());
    entries_.push_back({crypto::sha256_hex(key), peer, std::move(value), clock_() + limits_.seconds});
    const auto entry = std::prev(entries_.end());
    peers_[peer].push_back(entry);
    by_key_.emplace(entry->key, entry);
    return key;
  }

  /// Nothing: there is none, it was taken, or its time is over.
  std::optional<T> find(std::string_view key) {
    const std::scoped_lock lock(mutex_);
    drop_old();
    const auto found = by_key_.find(crypto::sha256_hex(key));
    return found == by_key_.end() ? std::nullopt : std::optional(found->second->value);
  }

  /// The one of this key, and no more to be found by it; where `is_meant` says so.
  std::optional<T> take(std::string_view key, const std::function<bool(const T&)>& is_meant) {
    const std::scoped_lock lock(mutex_);
    drop_old();
    const auto found = by_key_.find(crypto::sha256_hex(key));
    if (found == by_key_.end() || !is_meant(found->second->value)) return std::nullopt;
    std::optional<T> taken(std::move(found->second->value));
    drop(found->second);
    return taken;
  }

  std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return entries_.size();
  }

 private:
  struct Entry {
    std::string key;  ///< its SHA-256: how long a search takes tells nothing of the key
    std::string peer;
    T value;
    std::int64_t until = 0;
  };
  using Place = typename std::list<Entry>::iterator;

  void drop(Place entry) {
    const auto of_peer = peers_.find(entry->peer);
    of_peer->second.remove(entry);
    if (of_peer->second.empty()) peers_.erase(of_peer);
    by_key_.erase(entry->key);
    entries_.erase(entry);
  }
  void drop_old() {
    const auto now = clock_();
    while (!entries_.empty() && entries_.front().until <= now) drop(entries_.begin());
  }

  const Limits limits_;
  const std::function<std::int64_t()> clock_;
  mutable std::mutex mutex_;                       ///< of what follows
  std::list<Entry> entries_;                       ///< the oldest first
  std::map<std::string, std::list<Place>> peers_;  ///< likewise
  std::map<std::string, Place, std::less<>> by_key_;
};

}  // namespace cofre::oidc
