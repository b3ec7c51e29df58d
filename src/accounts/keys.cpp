#include "accounts/keys.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "accounts/names.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr std::string_view text_prefix = "cofre_";
constexpr std::size_t shown_letters = 10;                         // "cofre_" and four more: 24 of 256 bits
constexpr std::size_t presented_bytes = text_prefix.size() + 43;  // 43 letters of base64url hold 256 bits
constexpr std::size_t models_max = 256;

std::optional<std::int64_t> id_or_null(std::int64_t id) { return id == 0 ? std::nullopt : std::optional(id); }

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
      clock_(std::move(clock)) {
  const std::lock_guard hold(database_mutex_);
  read();
}

void Keys::read() {
  for (auto row = database_.query("SELECT id, owner, maker, name, mac, prefix, scopes, models, addresses, created, "
                                  "expires, replaced, revoked FROM keys");
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
                 .scopes = Scopes::parse(row.text(6)),
                 .models = words_of(row.text(7)),
                 .addresses = words_of(row.text(8)),
                 .created = row.integer(9),
                 .expires = row.integer_if_any(10),
                 .replaced = row.integer_if_any(11),
                 .revoked = row.integer_if_any(12)};
    entry.networks = Networks::parse(entry.key.addresses);
    entry.models = std::make_shared<const std::vector<std::string>>(entry.key.models);
    entry.had = scopes_now(entry.key);
    entry.standing = std::make_shared<std::atomic<bool>>(!entry.key.revoked.has_value());
    add(mac, std::move(entry));
  }
}

/// With the entries held.
void Keys::add(const crypto::Mac& mac, Entry entry) {
  const auto id = entry.key.id;
  by_id_[id] = &entries_.emplace(mac, std::move(entry)).first->second;
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
  Entry entry;
  entry.networks = Networks::parse(key.addresses);
  entry.models = std::make_shared<const std::vector<std::string>>(key.models);
  entry.had = scopes_now(key);
  entry.standing = std::make_shared<std::atomic<bool>>(true);
  database_.run(
      "INSERT INTO keys (owner, maker, name, mac, prefix, scopes, models, addresses, created, expires) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      key.owner, id_or_null(key.maker), key.name, mac, key.prefix, key.scopes.text(), text_of(key.models),
      text_of(key.addresses), key.created, key.expires);
  key.id = database_.last_id();
  entry.key = std::move(key);
  const std::unique_lock change(mutex_);
  add(mac, std::move(entry));
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
    auto& replaced = by_id_.at(id)->key;
    replaced.replaced = now;
    replaced.expires = ends;
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
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : std::optional(found->second->key);
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
    for (const auto& key : ended) database_.run("UPDATE keys SET revoked = ? WHERE id = ?", now, key.id);
    transaction.commit();
    for (const auto& key : ended) ids.push_back(key.id);
    const std::unique_lock change(mutex_);
    for (const auto id : ids) {
      auto& entry = *by_id_.at(id);
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
  const auto found = by_id_.find(key_id);
  return found == by_id_.end() ? std::nullopt : caller_of(*found->second);
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
    database_.run("UPDATE keys SET revoked = expires WHERE id = ? AND revoked IS NULL", id);
  }
  transaction.commit();
  const std::unique_lock change(mutex_);
  for (const auto id : over) by_id_.at(id)->key.revoked = by_id_.at(id)->key.expires;
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
