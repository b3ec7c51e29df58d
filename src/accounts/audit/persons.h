#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "crypto/secret.h"
#include "store/database.h"

namespace cofre::accounts::audit {

/// The keys under which the personal fields of records are sealed, one a person, and those of contents. Any thread;
/// never called with the database's mutex held.
class Persons {
 public:
  static constexpr std::int64_t nobody = 0;  ///< whoever was not known: its key is the box's own and stays

  /// The tables are there. `database` outlives it.
  Persons(store::Database& database, std::mutex& database_mutex, const crypto::Secret& master);

  /// The numbers of these names, new ones made and stored. An empty name is nobody.
  std::map<std::string, std::int64_t> numbers(const std::set<std::string>& names, std::int64_t now_s);
  /// Nothing where the name has never acted, or was erased.
  std::optional<std::int64_t> find(const std::string& name) const;
  std::string name_of(std::int64_t number) const;  ///< empty: nobody, or erased

  std::string seal(std::int64_t number, std::string_view text, std::string_view context) const;
  /// Nothing where the person was erased, or the text was changed.
  std::optional<std::string> unseal(std::int64_t number, std::string_view sealed, std::string_view context) const;

  struct SealedContent {
    std::int64_t key = 0;  ///< its number
    std::string text;
  };
  /// Under this person's key for what can be read until `last_day` (days since 1970) is over; made where there is none.
  /// Nothing for nobody, and where the person was erased.
  std::optional<SealedContent> seal_content(std::int64_t number, std::int64_t last_day, std::string_view text,
                                            std::string_view context);
  /// Nothing where that key was destroyed, or the text was changed.
  std::optional<std::string> unseal_content(std::int64_t key, std::string_view sealed, std::string_view context) const;
  /// Destroys the keys whose last day was before `today`, but for people on whom a legal hold is. Returns how many.
  std::uint64_t retire_contents(std::int64_t today);

  /// Destroys name and keys. Throws Error(not_found, name), Error(invalid, name) where a legal hold is on the person.
  std::int64_t erase(const std::string& name, std::int64_t now_s);

  /// Legal holds; the empty name holds everybody.
  void hold(const std::string& name, std::int64_t now_s);
  /// Throws Error(not_found, name).
  void release(const std::string& name);
  std::vector<std::string> holds() const;
  /// Whether a hold is on this person, or on everybody. May be asked with the database's mutex held: no hold comes
  /// meanwhile.
  bool is_held(const std::string& name) const;

 private:
  struct Person {
    std::string name;
    crypto::Secret key;
  };
  struct ContentKey {
    std::int64_t id = 0;
    crypto::Secret key;
  };
  const ContentKey* content_key(std::int64_t number, std::int64_t last_day);

  store::Database& database_;
  std::mutex& database_mutex_;
  crypto::Secret nobodys_key_;
  /// As used, by person and last day; the database's mutex is theirs too.
  std::map<std::pair<std::int64_t, std::int64_t>, ContentKey> content_keys_;
  mutable std::mutex mutex_;  ///< of what follows; never held while the disk works
  std::unordered_map<std::int64_t, Person> persons_;
  std::unordered_map<std::string, std::int64_t> numbers_;
  std::set<std::string> holds_;
};

}  // namespace cofre::accounts::audit
