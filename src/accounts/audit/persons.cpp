#include "accounts/audit/persons.h"

#include "base/error.h"
#include "crypto/sealed_text.h"

namespace cofre::accounts::audit {
namespace {

constexpr std::size_t content_keys_most = 1000;  // in memory

}  // namespace

Persons::Persons(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master)
    : database_(database), database_mutex_(database_mutex), nobodys_key_(master.derive("audit nobody")) {
  const std::scoped_lock hold(database_mutex_);
  for (auto row = database_.query("SELECT id, name, key FROM audit_persons WHERE erased IS NULL"); row.next();) {
    const auto bytes = row.blob(2);
    numbers_.emplace(row.text(1), row.integer(0));
    persons_.emplace(row.integer(0), Person{row.text(1), crypto::Secret::from(bytes)});
  }
  for (auto row = database_.query("SELECT name FROM audit_holds"); row.next();) holds_.insert(row.text(0));
}

std::map<std::string, std::int64_t> Persons::numbers(const std::set<std::string>& names, std::int64_t now_s) {
  std::map<std::string, std::int64_t> found;
  std::vector<std::string> fresh;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& name : names) {
      const auto known = numbers_.find(name);
      if (name.empty()) {
        found.emplace(name, nobody);
      } else if (known != numbers_.end()) {
        found.emplace(name, known->second);
      } else {
        fresh.push_back(name);
      }
    }
  }
  if (fresh.empty()) return found;
  std::vector<std::pair<std::int64_t, Person>> made;
  {
    const std::scoped_lock hold_database(database_mutex_);
    store::Transaction transaction(database_);
    for (const auto& name : fresh) {
      auto key = crypto::Secret::random();
      database_.run("INSERT INTO audit_persons (name, key, created) VALUES (?, ?, ?)", name, key.bytes(), now_s);
      made.emplace_back(database_.last_id(), Person{name, std::move(key)});
    }
    transaction.commit();
  }
  const std::scoped_lock lock(mutex_);
  for (auto& [number, person] : made) {
    found.emplace(person.name, number);
    numbers_.emplace(person.name, number);
    persons_.emplace(number, std::move(person));
  }
  return found;
}

std::optional<std::int64_t> Persons::find(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  const auto known = numbers_.find(name);
  if (known == numbers_.end()) return std::nullopt;
  return known->second;
}

std::string Persons::name_of(std::int64_t number) const {
  const std::scoped_lock lock(mutex_);
  const auto known = persons_.find(number);
  return known == persons_.end() ? std::string() : known->second.name;
}

std::string Persons::seal(std::int64_t number, std::string_view text, std::string_view context) const {
  if (number == nobody) return crypto::seal_text(nobodys_key_, text, context);
  const std::scoped_lock lock(mutex_);
  const auto known = persons_.find(number);
  // Erased between numbers() and here: sealed under a key that nobody has.
  if (known == persons_.end()) return crypto::seal_text(crypto::Secret::random(), text, context);
  return crypto::seal_text(known->second.key, text, context);
}

std::optional<std::string> Persons::unseal(std::int64_t number, std::string_view sealed,
                                           std::string_view context) const {
  if (number == nobody) return crypto::unseal_text(nobodys_key_, sealed, context);
  const std::scoped_lock lock(mutex_);
  const auto known = persons_.find(number);
  if (known == persons_.end()) return std::nullopt;
  return crypto::unseal_text(known->second.key, sealed, context);
}

/// Of the cache, or the database; null where the person is none. With the database held.
const Persons::ContentKey* Persons::content_key(std::int64_t number, std::int64_t last_day) {
  const auto known = content_keys_.find({number, last_day});
  if (known != content_keys_.end()) return &known->second;
  const auto fresh = crypto::Secret::random();
  database_.run(
      "INSERT INTO audit_content_keys (person, last_day, key) SELECT id, ?, ? FROM audit_persons "
      "WHERE id = ? AND erased IS NULL ON CONFLICT (person, last_day) DO NOTHING",
      last_day, fresh.bytes(), number);
  auto row =
      database_.query("SELECT id, key FROM audit_content_keys WHERE person = ? AND last_day = ?", number, last_day);
  if (!row.next()) return nullptr;
  if (content_keys_.size() >= content_keys_most) content_keys_.clear();
  ContentKey made{row.integer(0), crypto::Secret::from(row.blob(1))};
  return &content_keys_.emplace(std::pair(number, last_day), std::move(made)).first->second;
}

std::optional<Persons::SealedContent> Persons::seal_content(std::int64_t number, std::int64_t last_day,
                                                            std::string_view text, std::string_view context) {
  if (number == nobody) return std::nullopt;
  const std::scoped_lock hold(database_mutex_);
  const auto* key = content_key(number, last_day);
  if (key == nullptr) return std::nullopt;
  return SealedContent{key->id, crypto::seal_text(key->key, text, context)};
}

std::optional<std::string> Persons::unseal_content(std::int64_t key, std::string_view sealed,
                                                   std::string_view context) const {
  const std::scoped_lock hold(database_mutex_);
  auto row = database_.query("SELECT key FROM audit_content_keys WHERE id = ?", key);
  if (!row.next()) return std::nullopt;
  return crypto::unseal_text(crypto::Secret::from(row.blob(0)), sealed, context);
}

std::uint64_t Persons::retire_contents(std::int64_t today) {
  const std::scoped_lock hold(database_mutex_);
  database_.run(
      "DELETE FROM audit_content_keys WHERE last_day < ? AND NOT EXISTS (SELECT 1 FROM audit_holds h LEFT JOIN "
      "audit_persons p ON p.name = h.name WHERE h.name = '' OR p.id = audit_content_keys.person)",
      today);
  const auto gone = static_cast<std::uint64_t>(database_.changes());
  if (gone == 0) return 0;
  content_keys_.clear();
  database_.empty_log();  // the pages that held the keys must not stay there
  return gone;
}

std::int64_t Persons::erase(const std::string& name, std::int64_t now_s) {
  const auto number = find(name);
  if (!number) fail_field(Code::not_found, "name", "name: the trail knows no person {}", name);
  {
    const std::scoped_lock hold_database(database_mutex_);
    const bool held = database_.query("SELECT 1 FROM audit_holds WHERE name = ? OR name = ''", name).next();
    if (held) fail_field(Code::invalid, "name", "name: a legal hold is on {}: nothing may be erased", name);
    database_.run("DELETE FROM audit_content_keys WHERE person = ?", *number);
    content_keys_.clear();
    database_.run("UPDATE audit_persons SET name = NULL, key = NULL, erased = ? WHERE id = ?", now_s, *number);
    // The pages that held the key must not stay in the write-ahead log.
    database_.empty_log();
  }
  const std::scoped_lock lock(mutex_);
  persons_.erase(*number);
  numbers_.erase(name);
  return *number;
}

void Persons::hold(const std::string& name, std::int64_t now_s) {
  const std::scoped_lock hold_database(database_mutex_);
  database_.run("INSERT INTO audit_holds (name, since) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, now_s);
  const std::scoped_lock lock(mutex_);
  holds_.insert(name);
}

void Persons::release(const std::string& name) {
  const std::scoped_lock hold_database(database_mutex_);
  database_.run("DELETE FROM audit_holds WHERE name = ?", name);
  if (database_.changes() == 0) fail_field(Code::not_found, "name", "name: there is no legal hold on \"{}\"", name);
  const std::scoped_lock lock(mutex_);
  holds_.erase(name);
}

std::vector<std::string> Persons::holds() const {
  const std::scoped_lock lock(mutex_);
  return {holds_.begin(), holds_.end()};
}

bool Persons::is_held(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  return holds_.contains(std::string()) || holds_.contains(name);
}

}  // namespace cofre::accounts::audit
