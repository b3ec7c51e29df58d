#include <algorithm>

#include "accounts/keys.h"
#include "base/error.h"

/// How keys end: revoked, over, or their owner may do less.
namespace cofre::accounts {
namespace {

constexpr std::int64_t keep_used_s = 60;

}  // namespace

std::vector<Key> Keys::revoke_where(const std::function<bool(const crypto::Mac&, const Key&)>& chosen) {
  const std::int64_t now = clock_();
  std::vector<Key> ended;
  std::vector<std::int64_t> ids;
  {
    const std::lock_guard hold(database_mutex_);
    {
      const std::shared_lock look(mutex_);
      for (const auto& [mac, entry] : entries_) {
        if (!entry.key.revoked && chosen(mac, entry.key)) ended.push_back(entry.key);
      }
    }
    if (ended.empty()) return ended;
    store::Transaction transaction(database_);
    for (const auto& key : ended) database_.run("UPDATE keys SET revoked = ? WHERE id = ?", now, key.id);
    transaction.commit();
    for (const auto& key : ended) ids.push_back(key.id);
    const std::unique_lock change(mutex_);
    for (auto& [mac, entry] : entries_) {
      if (std::find(ids.begin(), ids.end(), entry.key.id) == ids.end()) continue;
      entry.key.revoked = now;
      entry.standing->store(false, std::memory_order_relaxed);
    }
  }
  end(ids);
  return ended;
}

void Keys::revoke(std::int64_t id) {
  if (revoke_where([&](const auto&, const Key& key) { return key.id == id; }).empty()) {
    fail_field(Code::not_found, "key", "key: it is not in use");
  }
}

void Keys::revoke(std::string_view name) {
  if (revoke_where([&](const auto&, const Key& key) { return key.name == name; }).empty()) {
    fail_field(Code::not_found, "name", "name: there is no key {} in use", name);
  }
}

std::vector<Key> Keys::revoke_leaked(std::string_view beginning, const std::function<bool(const Key&)>& reached) {
  if (beginning.size() < shown_letters || !beginning.starts_with(key_prefix) || beginning.size() > key_bytes) {
    fail_field(Code::invalid, "prefix", "prefix: at least the first {} letters of the key, \"cofre_\" among them",
               shown_letters);
  }
  if (beginning.size() == key_bytes) {
    const auto wanted = crypto::hmac_sha256(mac_key_, beginning);
    return revoke_where([&](const crypto::Mac& mac, const Key& key) { return mac == wanted && reached(key); });
  }
  const auto shown = beginning.substr(0, shown_letters);
  return revoke_where([&](const auto&, const Key& key) { return key.prefix == shown && reached(key); });
}

void Keys::expire() {
  const std::int64_t now = clock_();
  std::vector<std::int64_t> over, ended;
  {
    const std::shared_lock hold(mutex_);
    for (const auto& [mac, entry] : entries_) {
      if (entry.key.revoked || !entry.key.expires || *entry.key.expires > now) continue;
      over.push_back(entry.key.id);
      if (entry.standing->exchange(false, std::memory_order_relaxed)) ended.push_back(entry.key.id);
    }
  }
  end(ended);
  keep_used();
  if (over.empty()) return;
  // For good: a clock that is set back brings none of them to life.
  const std::lock_guard hold(database_mutex_);
  store::Transaction transaction(database_);
  for (const auto id : over) {
    database_.run("UPDATE keys SET revoked = expires WHERE id = ? AND revoked IS NULL", id);
  }
  transaction.commit();
  const std::unordered_set<std::int64_t> gone(over.begin(), over.end());
  const std::unique_lock change(mutex_);
  for (auto& [mac, entry] : entries_) {
    if (gone.contains(entry.key.id)) entry.key.revoked = entry.key.expires;
  }
}

/// When each was used last: a minute or so may be lost with the process.
void Keys::keep_used() {
  std::vector<std::pair<std::int64_t, std::int64_t>> used;
  {
    const std::unique_lock change(mutex_);
    for (auto& [mac, entry] : entries_) {
      const auto last = entry.used->load(std::memory_order_relaxed);
      if (last - entry.kept < keep_used_s) continue;
      entry.kept = last;
      used.emplace_back(last, entry.key.id);
    }
  }
  if (used.empty()) return;
  const std::lock_guard hold(database_mutex_);
  store::Transaction transaction(database_);
  for (const auto& [last, id] : used) database_.run("UPDATE keys SET used = ? WHERE id = ?", last, id);
  transaction.commit();
}

void Keys::review(const std::vector<std::int64_t>& owners) {
  const std::unordered_set<std::int64_t> concerned(owners.begin(), owners.end());
  std::vector<std::int64_t> ended;
  {
    const std::unique_lock change(mutex_);
    for (auto& [mac, entry] : entries_) {
      if (!concerned.contains(entry.key.owner) && !concerned.contains(entry.key.maker)) continue;
      const auto now = scopes_now(entry.key);
      const bool lost = !now.has_all(entry.had);
      entry.had = now;
      if (!lost || !entry.standing->exchange(false, std::memory_order_relaxed)) continue;
      ended.push_back(entry.key.id);
      // Later requests are judged anew: an owner may come back.
      entry.standing = std::make_shared<std::atomic<bool>>(true);
    }
  }
  end(ended);
}

void Keys::watch(std::function<void(std::int64_t)> told) {
  const std::unique_lock change(mutex_);
  watchers_.push_back(std::move(told));
}

void Keys::end(const std::vector<std::int64_t>& ids) {
  std::vector<std::function<void(std::int64_t)>> watchers;
  {
    const std::shared_lock hold(mutex_);
    watchers = watchers_;
  }
  for (const auto id : ids) {
    for (const auto& told : watchers) told(id);
  }
}

}  // namespace cofre::accounts
