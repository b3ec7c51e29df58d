#include "accounts/keys.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <span>

#include "base/error.h"
#include "store/migrate.h"

namespace cofre::accounts {

std::span<const store::Migration> migrations();  // of src/accounts/migrations, built in

namespace {

constexpr std::string_view text_prefix = "cofre_";
constexpr std::size_t shown_letters = 10;  // "cofre_" and four more: 24 of 256 bits
constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t presented_bytes = text_prefix.size() + 43;  // 43 letters of base64url hold 256 bits

void check_name(std::string_view name) {
  const bool printable = std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < ' ' || byte == 0x7f;
  });
  if (name.empty() || name.size() > name_bytes_max || !printable) {
    fail_field(Code::invalid, "name", "name: must be 1 to {} printable bytes", name_bytes_max);
  }
}

}  // namespace

std::int64_t system_seconds() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

std::size_t Keys::HashOfMac::operator()(const crypto::Mac& mac) const noexcept {
  std::size_t hash;  // of a MAC any bytes are as good as random
  std::memcpy(&hash, mac.data(), sizeof hash);
  return hash;
}

Keys::Keys(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master,
           const std::filesystem::path& backups, Clock clock)
    : database_(database),
      database_mutex_(database_mutex),
      mac_key_(master.derive("api keys")),
      clock_(std::move(clock)) {
  const std::lock_guard hold(database_mutex_);
  store::migrate(database_, "accounts", migrations(), backups);
  read();
}

void Keys::read() {
  for (auto row = database_.query(
           "SELECT id, name, mac, prefix, scopes, tenant, created, expires, revoked FROM keys ORDER BY id");
       row.next();) {
    const auto bytes = row.blob(2);
    crypto::Mac mac{};
    if (bytes.size() != mac.size()) fail(Code::invalid, "the key {} in the database has no HMAC", row.text(1));
    std::copy(bytes.begin(), bytes.end(), mac.begin());
    Entry entry;
    entry.key = {.id = row.integer(0),
                 .name = row.text(1),
                 .prefix = row.text(3),
                 .scopes = Scopes::parse(row.text(4)),
                 .created = row.integer(6),
                 .expires = row.integer_if_any(7),
                 .revoked = row.integer_if_any(8)};
    entry.tenant = static_cast<std::uint64_t>(row.integer(5));
    entry.standing = std::make_shared<std::atomic<bool>>(!entry.key.revoked.has_value());
    entries_.emplace(mac, std::move(entry));
  }
}

std::string Keys::create(std::string_view name, Scopes scopes, std::optional<std::int64_t> expires) {
  check_name(name);
  const std::int64_t now = clock_();
  if (expires && *expires <= now) fail_field(Code::invalid, "expires", "expires: that time is over");
  const auto random = crypto::Secret::random(), salt = crypto::Secret::random();
  std::string text = std::string(text_prefix) + crypto::base64url(random.bytes());
  const auto mac = crypto::hmac_sha256(mac_key_, text);
  Entry entry;
  std::memcpy(&entry.tenant, salt.bytes().data(), sizeof entry.tenant);
  entry.tenant >>= 1;  // SQLite's integers have a sign
  entry.key = {.id = 0,
               .name = std::string(name),
               .prefix = text.substr(0, shown_letters),
               .scopes = scopes,
               .created = now,
               .expires = expires};
  entry.standing = std::make_shared<std::atomic<bool>>(true);
  const std::lock_guard hold(database_mutex_);
  if (database_.query("SELECT 1 FROM keys WHERE name = ? AND revoked IS NULL", name).next()) {
    fail_field(Code::invalid, "name", "name: there is a key {} already; revoke it first or choose another name", name);
  }
  database_.run("INSERT INTO keys (name, mac, prefix, scopes, tenant, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
                name, mac, entry.key.prefix, scopes.text(), static_cast<std::int64_t>(entry.tenant), now, expires);
  entry.key.id = database_.last_id();
  const std::unique_lock change(mutex_);
  entries_.emplace(mac, std::move(entry));
  return text;
}

std::vector<Key> Keys::list() const {
  std::vector<Key> keys;
  {
    const std::shared_lock hold(mutex_);
    for (const auto& [mac, entry] : entries_) keys.push_back(entry.key);
  }
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.id < b.id; });
  return keys;
}

void Keys::revoke(std::string_view name) {
  const std::int64_t now = clock_();
  std::vector<std::int64_t> ended;
  {
    const std::lock_guard hold(database_mutex_);
    database_.run("UPDATE keys SET revoked = ? WHERE name = ? AND revoked IS NULL", now, name);
    if (database_.changes() == 0) fail_field(Code::not_found, "name", "name: there is no key {} in use", name);
    const std::unique_lock change(mutex_);
    for (auto& [mac, entry] : entries_) {
      if (entry.key.name != name || entry.key.revoked) continue;
      entry.key.revoked = now;
      ended.push_back(entry.key.id);
      entry.standing->store(false, std::memory_order_relaxed);
    }
  }
  end(ended);
}

std::optional<Caller> Keys::authenticate(std::string_view presented) const {
  if (presented.size() != presented_bytes || !presented.starts_with(text_prefix)) return std::nullopt;
  const auto mac = crypto::hmac_sha256(mac_key_, presented);
  const std::shared_lock hold(mutex_);
  const auto found = entries_.find(mac);
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  if (!entry.standing->load(std::memory_order_relaxed)) return std::nullopt;
  if (entry.key.expires && *entry.key.expires <= clock_()) return std::nullopt;
  Caller caller;
  caller.tenant = entry.tenant;
  caller.key_id = entry.key.id;
  caller.key_name = entry.key.name;
  caller.scopes = entry.key.scopes;
  caller.standing_ = entry.standing;
  return caller;
}

void Keys::expire() {
  const std::int64_t now = clock_();
  std::vector<std::int64_t> ended;
  {
    const std::shared_lock hold(mutex_);
    for (const auto& [mac, entry] : entries_) {
      const bool is_over = entry.key.expires && *entry.key.expires <= now;
      if (is_over && entry.standing->exchange(false, std::memory_order_relaxed)) ended.push_back(entry.key.id);
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
