#include "accounts/keys.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "accounts/names.h"
#include "base/error.h"
#include "crypto/sealed_text.h"

namespace cofre::accounts {
namespace {

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

/// With when it was used last.
template <class Entry>
Key shown(const Entry& entry) {
  auto key = entry.key;
  if (const auto used = entry.used->load(std::memory_order_relaxed); used > 0) key.used = used;
  return key;
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
                                  "expires, replaced, revoked, used, certificate, subject, access_id, sealed FROM "
                                  "keys");
       row.next();) {
    const auto bytes = row.blob(4);
    crypto::Mac mac{};
    if (bytes.size() != mac.size()) fail(Code::invalid, "the key {} in the database has no HMAC", row.text(3));
    std::copy(bytes.begin(), bytes.end(), mac.begin());
    Key key{.id = row.integer(0),
            .owner = row.integer(1),
            .maker = row.integer(2),
            .name = row.text(3),
            .prefix = row.text(5),
            .access_id = row.text(16),
            .scopes = Scopes::parse(row.text(6)),
            .models = words_of(row.text(7)),
            .addresses = words_of(row.text(8)),
            .created = row.integer(9),
            .expires = row.integer_if_any(10),
            .replaced = row.integer_if_any(11),
            .revoked = row.integer_if_any(12),
            .used = row.integer_if_any(13),
            .certificate = row.text(14),
            .subject = row.text(15)};
    add(mac, made_entry(std::move(key), row.text(17)));
  }
}

/// With the entries held.
void Keys::add(const crypto::Mac& mac, Entry entry) {
  const auto id = entry.key.id;
  if (!entry.sealed.empty()) signing_.emplace(entry.key.access_id, mac);
  by_id_[id] = &entries_.emplace(mac, std::move(entry)).first->second;
}

Keys::Entry Keys::made_entry(Key key, std::string sealed) const {
  Entry entry;
  entry.sealed = std::move(sealed);
  entry.networks = Networks::parse(key.addresses);
  entry.models = std::make_shared<const std::vector<std::string>>(key.models);
  entry.had = scopes_now(key);
  entry.standing = std::make_shared<std::atomic<bool>>(!key.revoked.has_value());
  entry.kept = key.used.value_or(0);
  entry.used = std::make_shared<std::atomic<std::int64_t>>(entry.kept);
  entry.key = std::move(key);
  return entry;
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

Key Keys::wished(const KeyWish& wish) const {
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
  return key;
}

std::string Keys::create(const KeyWish& wish) {
  auto key = wished(wish);
  const std::lock_guard hold(database_mutex_);
  check_is_free(key);
  return insert_new(std::move(key));
}

/// With the database held.
void Keys::check_is_free(const Key& key) {
  if (database_
          .query("SELECT 1 FROM keys WHERE owner = ? AND name = ? AND revoked IS NULL AND replaced IS NULL", key.owner,
                 key.name)
          .next()) {
    fail_field(Code::invalid, "name", "name: there is a key {} already; revoke it first or choose another name",
               key.name);
  }
}

/// Under a new text, with the database held.
std::string Keys::insert_new(Key key) {
  const auto random = crypto::Secret::random();
  std::string text = std::string(key_prefix) + crypto::base64url(random.bytes());
  key.prefix = text.substr(0, shown_letters);
  auto sealed = key.access_id.empty() ? std::string() : crypto::seal_text(seal_key_, text, key.access_id);
  insert(std::move(key), crypto::hmac_sha256(mac_key_, text), std::move(sealed));
  return text;
}

/// With the database held.
Key Keys::insert(Key key, const crypto::Mac& mac, std::string sealed) {
  key.used.reset();
  auto entry = made_entry(std::move(key), std::move(sealed));
  auto& made = entry.key;
  const auto or_null = [&](const std::string& value) { return value.empty() ? std::nullopt : std::optional(value); };
  database_.run(
      "INSERT INTO keys (owner, maker, name, mac, prefix, scopes, models, addresses, created, expires, certificate, "
      "subject, access_id, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      made.owner, id_or_null(made.maker), made.name, mac, made.prefix, made.scopes.text(), text_of(made.models),
      text_of(made.addresses), made.created, made.expires, made.certificate, made.subject, or_null(made.access_id),
      or_null(entry.sealed));
  made.id = database_.last_id();
  Key copy = made;
  const std::unique_lock change(mutex_);
  add(mac, std::move(entry));
  return copy;
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
  if (next.is_certificate()) fail_field(Code::invalid, "key", "key: a certificate is renewed by its authority");
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
    text = insert_new(std::move(next));
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
      if (chosen(entry.key)) keys.push_back(shown(entry));
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
  return found == by_id_.end() ? std::nullopt : std::optional(shown(*found->second));
}

Key Keys::key(std::int64_t id) const {
  if (auto found = find(id)) return std::move(*found);
  fail_field(Code::not_found, "key", "key: there is no such key");
}

std::optional<Caller> Keys::authenticate(std::string_view presented, std::string_view peer) const {
  if (presented.size() != key_bytes || !presented.starts_with(key_prefix)) return std::nullopt;
  return authenticate(crypto::hmac_sha256(mac_key_, presented), peer);
}

std::optional<Caller> Keys::authenticate(const crypto::Mac& mac, std::string_view peer) const {
  const std::shared_lock hold(mutex_);
  const auto found = entries_.find(mac);
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  if (!entry.networks.hold(peer)) return std::nullopt;
  auto caller = caller_of(entry);
  const auto now = clock_();
  if (caller && entry.used->load(std::memory_order_relaxed) != now) entry.used->store(now, std::memory_order_relaxed);
  return caller;
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

}  // namespace cofre::accounts
