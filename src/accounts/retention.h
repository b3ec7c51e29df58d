#pragma once

#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <string_view>
#include <vector>

#include "accounts/directory.h"
#include "accounts/level.h"
#include "store/database.h"

namespace cofre::accounts {

/// What is kept for some time and then removed, each kind by rules of its own. Contents are what requests held, in the
/// audit trail: without a rule they are not kept at all.
enum class Kept : std::uint8_t { chats, responses, batches, files, logs, contents };
std::string_view name_of(Kept kind);
Kept kept_named(std::string_view name);  ///< or Error(invalid, kind)

/// How many days something is kept.
struct RetentionRule {
  std::int64_t id = 0;
  Level level = Level::box;  ///< never a key's: what a key makes belongs to its owner
  std::int64_t subject = 0;  ///< the id of that tenant, …; 0 of the box
  Kept kind = Kept::files;
  std::int64_t days = 0;
};

/// The rules of how long things are kept. The narrowest that speaks of an owner holds: of the user, the department, the
/// tenant, the box. Any thread may call anything; reading is possible with the database's mutex held.
class Retention {
 public:
  static constexpr std::int64_t days_most = 36'500;

  /// All outlive it; the table exists.
  Retention(store::Database& database, std::mutex& database_mutex, const Directory& directory, Clock clock);

  /// Replaces the rule of the same level, subject and kind. Requires days from 1 to days_most. Throws
  /// Error(invalid, kind) for logs of less than the box.
  RetentionRule set(RetentionRule rule);
  /// Throws Error(not_found, rule).
  void remove(std::int64_t id);
  RetentionRule rule(std::int64_t id) const;
  std::vector<RetentionRule> list() const;

  /// For what belongs to this owner, deleted ones too; nothing where no rule speaks of it.
  std::optional<std::int64_t> days(Kept kind, std::int64_t owner) const;
  /// For what belongs to nobody.
  std::optional<std::int64_t> days_of_box(Kept kind) const;
  /// Of all rules of this kind.
  std::optional<std::int64_t> least_days(Kept kind) const;

 private:
  std::optional<std::int64_t> find(Kept kind, Level level, std::int64_t subject) const;

  store::Database& database_;
  std::mutex& database_mutex_;
  const Directory& directory_;
  Clock clock_;
  mutable std::shared_mutex mutex_;  ///< of what follows; never held while the disk works
  std::vector<RetentionRule> rules_;
};

}  // namespace cofre::accounts
