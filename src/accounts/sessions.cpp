#include "accounts/sessions.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr std::size_t presented_bytes = 43;  // 256 bits of base64url
constexpr std::int64_t keep_seen_s = 60;

Scopes limited_scopes() { return {Scope::account}; }

}  // namespace

std::size_t Sessions::HashOfMac::operator()(const crypto::Mac& mac) const noexcept {
  std::size_t hash;  // of a MAC any bytes are as good as random
  std::memcpy(&hash, mac.data(), sizeof hash);
  return hash;
}

Sessions::Sessions(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master,
                   Directory& directory, const Policy& policy, Clock clock)
    : database_(database),
      database_mutex_(database_mutex),
      directory_(directory),
      policy_(policy),
      mac_key_(master.derive("sessions")),
      clock_(std::move(clock)) {
  const std::lock_guard hold(database_mutex_);
  for (auto row = database_.query("SELECT id, owner, mac, limited, created, seen, peer FROM sessions"); row.next();) {
    const auto bytes = row.blob(2);
    crypto::Mac mac{};
    if (bytes.size() != mac.size()) continue;
    std::copy(bytes.begin(), bytes.end(), mac.begin());
    Entry entry;
    entry.session = {row.integer(0), row.integer(1), row.integer(3) != 0, row.integer(4), row.integer(5), row.text(6)};
    entry.seen = std::make_shared<std::atomic<std::int64_t>>(entry.session.seen);
    entry.kept = entry.session.seen;
    entry.had = scopes_now(entry.session);
    entry.standing = std::make_shared<std::atomic<bool>>(true);
    entries_.emplace(mac, std::move(entry));
  }
}

Scopes Sessions::scopes_now(const Session& session) const {
  const auto owner = directory_.standing(session.owner);
  if (!owner) return {};
  return session.limited ? owner->scopes.common(limited_scopes()) : owner->scopes;
}

/// A clock that was set back makes nothing younger than it is: what was used later than now is over.
bool Sessions::is_over(const Entry& entry, std::int64_t now) const {
  const auto seen = entry.seen->load(std::memory_order_relaxed);
  return now - seen >= policy_.idle_s || now - entry.session.created >= policy_.session_s ||
         now < entry.session.created;
}

std::string Sessions::begin(std::int64_t owner, bool limited, std::string_view peer) {
  const auto random = crypto::Secret::random();
  auto text = crypto::base64url(random.bytes());
  const auto mac = crypto::hmac_sha256(mac_key_, text);
  const auto now = clock_();
  Entry entry;
  entry.session = {0, owner, limited, now, now, std::string(peer.substr(0, 64))};
  entry.seen = std::make_shared<std::atomic<std::int64_t>>(now);
  entry.kept = now;
  entry.had = scopes_now(entry.session);
  entry.standing = std::make_shared<std::atomic<bool>>(true);
  const std::lock_guard hold(database_mutex_);
  database_.run("INSERT INTO sessions (owner, mac, limited, created, seen, peer) VALUES (?, ?, ?, ?, ?, ?)", owner, mac,
                limited, now, now, entry.session.peer);
  entry.session.id = database_.last_id();
  const std::unique_lock change(mutex_);
  entries_.emplace(mac, std::move(entry));
  return text;
}

std::optional<Caller> Sessions::authenticate(std::string_view presented) const {
  if (presented.size() != presented_bytes) return std::nullopt;
  const auto mac = crypto::hmac_sha256(mac_key_, presented);
  const std::shared_lock hold(mutex_);
  const auto found = entries_.find(mac);
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  const auto now = clock_();
  if (!entry.standing->load(std::memory_order_relaxed) || is_over(entry, now)) return std::nullopt;
  const auto owner = directory_.standing(entry.session.owner);
  if (!owner) return std::nullopt;
  entry.seen->store(now, std::memory_order_relaxed);
  Caller caller;
  caller.tenant = static_cast<std::uint64_t>(owner->tenant);
  caller.key_id = -entry.session.id;
  caller.key_name = "session";
  caller.user = entry.session.owner;
  caller.department = owner->department;
  caller.roles = owner->roles;
  caller.scopes = scopes_now(entry.session);
  caller.standing = entry.standing;
  return caller;
}

std::string Sessions::csrf_token(std::string_view presented) const {
  return crypto::base64url(crypto::hmac_sha256(mac_key_, "csrf " + std::string(presented)));
}

std::vector<Session> Sessions::list(std::optional<std::int64_t> owner) const {
  std::vector<Session> sessions;
  {
    const std::shared_lock hold(mutex_);
    const auto now = clock_();
    for (const auto& [mac, entry] : entries_) {
      if ((owner && entry.session.owner != *owner) || is_over(entry, now)) continue;
      sessions.push_back(entry.session);
      sessions.back().seen = entry.seen->load(std::memory_order_relaxed);
    }
  }
  std::sort(sessions.begin(), sessions.end(), [](const Session& a, const Session& b) { return a.id < b.id; });
  return sessions;
}

Session Sessions::session(std::int64_t id) const {
  for (auto& session : list()) {
    if (session.id == id) return session;
  }
  fail_field(Code::not_found, "session", "session: there is no such session");
}

void Sessions::end_where(const std::function<bool(const Entry&)>& chosen) {
  std::vector<std::int64_t> ids;
  {
    const std::lock_guard hold(database_mutex_);
    {
      const std::shared_lock look(mutex_);
      for (const auto& [mac, entry] : entries_) {
        if (chosen(entry)) ids.push_back(entry.session.id);
      }
    }
    if (ids.empty()) return;
    store::Transaction transaction(database_);
    for (const auto id : ids) database_.run("DELETE FROM sessions WHERE id = ?", id);
    transaction.commit();
    const std::unordered_set<std::int64_t> ended(ids.begin(), ids.end());
    const std::unique_lock change(mutex_);
    std::erase_if(entries_, [&](const auto& item) {
      if (!ended.contains(item.second.session.id)) return false;
      item.second.standing->store(false, std::memory_order_relaxed);
      return true;
    });
  }
  tell(ids);
}

void Sessions::end(std::int64_t id) {
  end_where([&](const Entry& entry) { return entry.session.id == id; });
}

void Sessions::end_all(std::int64_t owner, std::int64_t but) {
  end_where([&](const Entry& entry) { return entry.session.owner == owner && entry.session.id != but; });
}

void Sessions::expire() {
  const auto now = clock_();
  end_where([&](const Entry& entry) { return is_over(entry, now); });
  std::vector<std::pair<std::int64_t, std::int64_t>> seen;
  {
    const std::unique_lock change(mutex_);
    for (auto& [mac, entry] : entries_) {
      const auto last = entry.seen->load(std::memory_order_relaxed);
      if (last - entry.kept < keep_seen_s) continue;
      entry.kept = last;
      seen.emplace_back(last, entry.session.id);
    }
  }
  if (seen.empty()) return;
  const std::lock_guard hold(database_mutex_);
  store::Transaction transaction(database_);
  for (const auto& [last, id] : seen) database_.run("UPDATE sessions SET seen = ? WHERE id = ?", last, id);
  transaction.commit();
}

void Sessions::review(const std::vector<std::int64_t>& owners) {
  const std::unordered_set<std::int64_t> concerned(owners.begin(), owners.end());
  std::vector<std::int64_t> ended;
  {
    const std::unique_lock change(mutex_);
    for (auto& [mac, entry] : entries_) {
      if (!concerned.contains(entry.session.owner)) continue;
      const auto now = scopes_now(entry.session);
      const bool lost = !now.has_all(entry.had);
      entry.had = now;
      if (!lost || !entry.standing->exchange(false, std::memory_order_relaxed)) continue;
      ended.push_back(entry.session.id);
      entry.standing = std::make_shared<std::atomic<bool>>(true);
    }
  }
  tell(ended);
  end_where([&](const Entry& entry) {
    return concerned.contains(entry.session.owner) && !directory_.standing(entry.session.owner);
  });
}

void Sessions::watch(std::function<void(std::int64_t)> told) {
  const std::unique_lock change(mutex_);
  watchers_.push_back(std::move(told));
}

void Sessions::tell(const std::vector<std::int64_t>& ids) const {
  std::vector<std::function<void(std::int64_t)>> watchers;
  {
    const std::shared_lock hold(mutex_);
    watchers = watchers_;
  }
  for (const auto id : ids) {
    for (const auto& told : watchers) told(-id);
  }
}

}  // namespace cofre::accounts
