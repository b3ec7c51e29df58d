#include "accounts/keys.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "accounts/names.h"
#include "base/error.h"
#include "crypto/sealed_text.h"

namespace cofre::accounts {
namespace {

constexpr std::string_view text_prefix = "cofre_";
constexpr std::size_t shown_letters = 10;                         // "cofre_" and four more: 24 of 256 bits
constexpr std::size_t presented_bytes = text_prefix.size() + 43;  // 43 letters of base64url hold 256 bits
constexpr std::size_t models_max = 256;
constexpr std::size_t access_id_bytes = 16;  // 32 hex digits: clouds' clients know such ids, and split at nothing in it

std::optional<std::int64_t> id_or_null(std::int64_t id) { return id == 0 ? std::nullopt : std::optional(id); }

std::string new_access_id() {
  const auto random = crypto::Secret::random();
  return crypto::hex(random.bytes().first(access_id_bytes));
}

void check_models(const std::vector<std::string>& models) {
  if (models.size() > models_max) fail_field(Code::invalid, "models", "models: at most {}", models_max);
  for (const auto& model : models) {
    const bool is_word = !model.empty() && model.size() <= 256 && std::none_of(model.begin(), model.end(), [](char c) {
      return static_cast<unsigned char>(c) <= ' ';
    });
    if (!is_word) fail_field(Code::invalid, "models", "models: \"{}\" is no name of a model", model.substr(0, 64));
  }
}

}  // namespace

std::size_t Keys::HashOfMac::operator()(const crypto::Mac& mac) const noexcept {
  std::size_t hash;  // of a MAC any bytes are as good as random
  std::memcpy(&hash, mac.data(), sizeof hash);
  return hash;
}

Keys::Keys(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master, Directory& directory,
           Clock clock)
    : database_(database),
      database_mutex_(database_mutex),
      directory_(directory),
      mac_key_(master.derive("api keys")),
      seal_key_(master.derive("signing keys")),
      clock_(std::move(clock)) {
  const std::lock_guard hold(database_mutex_);
  read();
}

void Keys::read() {
  for (auto row = database_.query("SELECT id, owner, maker, name, mac, prefix, scopes, models, addresses, created, "
                                  "expires, replaced, revoked, access_id, sealed FROM keys");
       row.next();) {
    const auto bytes = row.blob(4);
    crypto::Mac mac{};
    if (bytes.size() != mac.size()) fail(Code::invalid, "the key {} in the database has no HMAC", row.text(3));
    std::copy(bytes.begin(), bytes.end(), mac.begin());
    Entry entry;
    entry.key = {.id = row.integer(0),
                 .owner = row.integer(1),
                 .maker = row.integer(2),
                 .name = row.text(3),
                 .prefix = row.text(5),
                 .access_id = row.text(13),
                 .scopes = Scopes::parse(row.text(6)),
                 .models = words_of(row.text(7)),
                 .addresses = words_of(row.text(8)),
                 .created = row.integer(9),
                 .expires = row.integer_if_any(10),
                 .replaced = row.integer_if_any(11),
                 .revoked = row.integer_if_any(12)};
    entry.sealed = row.text(14);
    entry.networks = Networks::parse(entry.key.addresses);
    entry.models = std::make_shared<const std::vector<std::string>>(entry.key.models);
    entry.had = scopes_now(entry.key);
    entry.standing = std::make_shared<std::atomic<bool>>(!entry.key.revoked.has_value());
    if (!entry.sealed.empty()) signing_.emplace(entry.key.access_id, mac);
    entries_.emplace(mac, std::move(entry));
  }
}

/// What the key may do at this moment: nothing where its owner or its maker is not active.
Scopes Keys::scopes_now(const Key& key) const {
  const auto owner = directory_.standing(key.owner);
  if (!owner) return {};
  auto scopes = key.scopes.common(owner->scopes);
  if (key.maker == 0 || key.maker == key.owner) return scopes;
  const auto maker = directory_.standing(key.maker);
  return maker ? scopes.common(maker->scopes) : Scopes();
}

std::string Keys::create(const KeyWish& wish) {
  check_name(wish.name);
  const std::int64_t now = clock_();
  if (wish.expires && *wish.expires <= now) fail_field(Code::invalid, "expires", "expires: that time is over");
  check_models(wish.models);
  Key key{.id = 0,
          .owner = wish.owner,
          .maker = wish.maker,
          .name = wish.name,
          .prefix = {},
          .access_id = wish.signs ? new_access_id() : std::string(),
          .scopes = wish.scopes,
          .models = wish.models,
          .addresses = wish.addresses,
          .created = now,
          .expires = wish.expires};
  if (const auto had = scopes_now(key); wish.scopes.is_empty() || !had.has_all(wish.scopes)) {
    fail_field(Code::invalid, "scopes", "scopes: a key carries no more than its owner and its maker may do, here: {}",
               had.text());
  }
  const std::lock_guard hold(database_mutex_);
  if (database_
          .query("SELECT 1 FROM keys WHERE owner = ? AND name = ? AND revoked IS NULL AND replaced IS NULL", key.owner,
                 key.name)
          .next()) {
    fail_field(Code::invalid, "name", "name: there is a key {} already; revoke it first or choose another name",
               key.name);
  }
  return insert(std::move(key));
}

/// With the database held.
std::string Keys::insert(Key key) {
  const auto random = crypto::Secret::random();
  std::string text = std::string(text_prefix) + crypto::base64url(random.bytes());
  const auto mac = crypto::hmac_sha256(mac_key_, text);
  key.prefix = text.substr(0, shown_letters);
  const bool signs = !key.access_id.empty();
  const auto or_null = [&](const std::string& value) { return signs ? std::optional(value) : std::nullopt; };
  Entry entry;
  if (signs) entry.sealed = crypto::seal_text(seal_key_, text, key.access_id);
  entry.networks = Networks::parse(key.addresses);
  entry.models = std::make_shared<const std::vector<std::string>>(key.models);
  entry.had = scopes_now(key);
  entry.standing = std::make_shared<std::atomic<bool>>(true);
  database_.run(
      "INSERT INTO keys (owner, maker, name, mac, prefix, scopes, models, addresses, created, expires, access_id, "
      "sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      key.owner, id_or_null(key.maker), key.name, mac, key.prefix, key.scopes.text(), text_of(key.models),
      text_of(key.addresses), key.created, key.expires, or_null(key.access_id), or_null(entry.sealed));
  key.id = database_.last_id();
  entry.key = std::move(key);
  const std::unique_lock change(mutex_);
  if (signs) signing_.emplace(entry.key.access_id, mac);
  entries_.emplace(mac, std::move(entry));
  return text;
}

std::string Keys::create(std::string_view name, Scopes scopes, std::optional<std::int64_t> expires) {
  check_name(name);
  auto owner = directory_.find_owner(home_tenant, name);
  if (!owner) {
    Owner wanted;
    wanted.tenant = home_tenant;
    wanted.kind = Owner::Kind::service;
    wanted.name = std::string(name);
    wanted.granted = scopes;
    owner = directory_.create_owner(wanted);
  } else if (owner->kind == Owner::Kind::service && !owner->granted.has_all(scopes)) {
    auto granted = owner->granted;
    granted.add(scopes);
    directory_.set_granted(owner->id, granted);
  }
  return create(KeyWish{.name = std::string(name), .owner = owner->id, .scopes = scopes, .expires = expires});
}

std::string Keys::rotate(std::int64_t id, std::int64_t maker, std::int64_t until) {
  auto next = key(id);
  const std::int64_t now = clock_();
  if (next.revoked || next.replaced || (next.expires && *next.expires <= now)) {
    fail_field(Code::not_found, "key", "key: it is not in use");
  }
  const std::int64_t ends = std::min(std::max(until, now), next.expires.value_or(until));
  next.id = 0;
  if (!next.access_id.empty()) next.access_id = new_access_id();
  next.maker = maker;
  next.created = now;
  if (!scopes_now(next).has_all(next.scopes)) {
    fail_field(Code::invalid, "scopes", "scopes: the key carries more than its owner and its maker may do now");
  }
  std::string text;
  {
    const std::lock_guard hold(database_mutex_);
    store::Transaction transaction(database_);
    database_.run("UPDATE keys SET replaced = ?, expires = ? WHERE id = ? AND revoked IS NULL AND replaced IS NULL",
                  now, ends, id);
    if (database_.changes() == 0) fail_field(Code::not_found, "key", "key: it is not in use");
    text = insert(std::move(next));
    transaction.commit();
    const std::unique_lock change(mutex_);
    for (auto& [mac, entry] : entries_) {
      if (entry.key.id != id) continue;
      entry.key.replaced = now;
      entry.key.expires = ends;
    }
  }
  expire();
  return text;
}

std::vector<Key> Keys::list_where(const std::function<bool(const Key&)>& chosen) const {
  std::vector<Key> keys;
  {
    const std::shared_lock hold(mutex_);
    for (const auto& [mac, entry] : entries_) {
      if (chosen(entry.key)) keys.push_back(entry.key);
    }
  }
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.id < b.id; });
  return keys;
}

std::vector<Key> Keys::list() const {
  return list_where([](const Key&) { return true; });
}

std::vector<Key> Keys::list(std::int64_t owner) const {
  return list_where([&](const Key& key) { return key.owner == owner; });
}

std::optional<Key> Keys::find(std::int64_t id) const {
  const std::shared_lock hold(mutex_);
  for (const auto& [mac, entry] : entries_) {
    if (entry.key.id == id) return entry.key;
  }
  return std::nullopt;
}

Key Keys::key(std::int64_t id) const {
  if (auto found = find(id)) return std::move(*found);
  fail_field(Code::not_found, "key", "key: there is no such key");
}

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
    for (const auto& key : ended) database_.run("UPDATE keys SET revoked = ?, sealed = NULL WHERE id = ?", now, key.id);
    transaction.commit();
    for (const auto& key : ended) ids.push_back(key.id);
    const std::unique_lock change(mutex_);
    for (auto& [mac, entry] : entries_) {
      if (std::find(ids.begin(), ids.end(), entry.key.id) == ids.end()) continue;
      entry.key.revoked = now;
      entry.standing->store(false, std::memory_order_relaxed);
      forget_text(entry);
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
  if (beginning.size() < shown_letters || !beginning.starts_with(text_prefix) || beginning.size() > presented_bytes) {
    fail_field(Code::invalid, "prefix", "prefix: at least the first {} letters of the key, \"cofre_\" among them",
               shown_letters);
  }
  if (beginning.size() == presented_bytes) {
    const auto wanted = crypto::hmac_sha256(mac_key_, beginning);
    return revoke_where([&](const crypto::Mac& mac, const Key& key) { return mac == wanted && reached(key); });
  }
  const auto shown = beginning.substr(0, shown_letters);
  return revoke_where([&](const auto&, const Key& key) { return key.prefix == shown && reached(key); });
}

std::optional<Caller> Keys::authenticate(std::string_view presented, std::string_view peer) const {
  if (presented.size() != presented_bytes || !presented.starts_with(text_prefix)) return std::nullopt;
  const auto mac = crypto::hmac_sha256(mac_key_, presented);
  const std::shared_lock hold(mutex_);
  const auto found = entries_.find(mac);
  if (found == entries_.end()) return std::nullopt;
  if (!found->second.networks.hold(peer)) return std::nullopt;
  return caller_of(found->second);
}

std::optional<Caller> Keys::authenticate_signed(std::string_view access_id,
                                                const std::function<bool(std::string_view text)>& is_signed,
                                                std::string_view peer) const {
  std::string sealed;
  std::optional<Caller> caller;
  {
    const std::shared_lock hold(mutex_);
    const auto found = signing_.find(std::string(access_id));
    if (found == signing_.end()) return std::nullopt;
    const auto& entry = entries_.at(found->second);
    if (!entry.networks.hold(peer)) return std::nullopt;
    caller = caller_of(entry);
    sealed = entry.sealed;
  }
  if (!caller) return std::nullopt;
  auto text = crypto::unseal_text(seal_key_, sealed, access_id);
  if (!text) fail(Code::internal, "the signing key {} in the database does not open", caller->key_name);
  const bool holds = is_signed(*text);
  crypto::wipe(*text);
  if (!holds) return std::nullopt;
  return caller;
}

/// With mutex_ held for a change.
void Keys::forget_text(Entry& entry) {
  if (entry.sealed.empty()) return;
  signing_.erase(entry.key.access_id);
  entry.sealed.clear();
}

void Keys::erase(std::int64_t owner) {
  revoke_where([&](const auto&, const Key& key) { return key.owner == owner; });
  const std::lock_guard hold(database_mutex_);
  database_.run(
      "UPDATE keys SET name = 'erased', prefix = '', models = '', addresses = '', access_id = NULL WHERE owner = ?",
      owner);
  const std::unique_lock change(mutex_);
  for (auto& [mac, entry] : entries_) {
    if (entry.key.owner != owner) continue;
    entry.key.name = "erased";
    entry.key.prefix = entry.key.access_id = {};
    entry.key.models = entry.key.addresses = {};
    entry.networks = {};
  }
}

std::optional<Caller> Keys::caller_of(const Entry& entry) const {
  if (!entry.standing->load(std::memory_order_relaxed)) return std::nullopt;
  if (entry.key.expires && *entry.key.expires <= clock_()) return std::nullopt;
  const auto owner = directory_.standing(entry.key.owner);
  if (!owner) return std::nullopt;
  Caller caller;
  caller.scopes = scopes_now(entry.key);
  if (caller.scopes.is_empty()) return std::nullopt;
  caller.tenant = static_cast<std::uint64_t>(owner->tenant);
  caller.key_id = entry.key.id;
  caller.key_name = entry.key.name;
  caller.user = entry.key.owner;
  caller.department = owner->department;
  caller.roles = owner->roles;
  caller.models = entry.models;
  caller.standing = entry.standing;
  return caller;
}

std::optional<Caller> Keys::caller(std::int64_t key_id) const {
  const std::shared_lock hold(mutex_);
  for (const auto& [mac, entry] : entries_)
    if (entry.key.id == key_id) return caller_of(entry);
  return std::nullopt;
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
  if (over.empty()) return;
  // For good: a clock that is set back brings none of them to life.
  const std::lock_guard hold(database_mutex_);
  store::Transaction transaction(database_);
  for (const auto id : over) {
    database_.run("UPDATE keys SET revoked = expires, sealed = NULL WHERE id = ? AND revoked IS NULL", id);
  }
  transaction.commit();
  const std::unordered_set<std::int64_t> gone(over.begin(), over.end());
  const std::unique_lock change(mutex_);
  for (auto& [mac, entry] : entries_) {
    if (!gone.contains(entry.key.id)) continue;
    entry.key.revoked = entry.key.expires;
    forget_text(entry);
  }
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
