#include "records/sweeper.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cofre::records {
namespace {

using accounts::Kept;

/// A table of what is kept, whose rows have a number and an id. A row here and those below are all that a new kind
/// needs, beside its name.
struct Table {
  std::string_view name;
  std::string_view holder = "tenant";  ///< the column that says whose it is
  bool has_content = false;            ///< in a file of its own
  std::string_view is_free = "1";      ///< what must be true before a row may go by itself
};
constexpr std::array<Table, 5> tables{{
    {"chats", "owner"},
    {"assistants", "owner"},
    {"responses"},
    {"batches"},
    {"files", "tenant", true, "id NOT IN (SELECT input_file FROM batches WHERE ended IS NULL)"},
}};
constexpr const Table &kept_chats = tables[0], &kept_responses = tables[2], &kept_batches = tables[3],
                      &kept_files = tables[4];

/// A column that says when a row goes.
struct Due {
  Kept kind;
  const Table& table;
  std::string_view column;
  bool is_end = false;  ///< it is that time itself; else the time from which on it is kept so long as rules say
};
constexpr std::array<Due, 6> dues{{
    {Kept::chats, kept_chats, "updated"},
    {Kept::responses, kept_responses, "created"},
    {Kept::responses, kept_responses, "hidden", true},
    {Kept::batches, kept_batches, "ended"},
    {Kept::files, kept_files, "created"},
    {Kept::files, kept_files, "expires", true},
}};

struct Row {
  std::int64_t number = 0, time = 0;
  std::uint64_t holder = 0;
};

/// Who has something in a table still, though their tenant was deleted, or they were erased.
std::optional<std::uint64_t> holder_that_is_gone(Tables& of, const Table& table) {
  const std::lock_guard hold(of.mutex);
  auto row = of.database.query(
      fmt::format("SELECT o.id FROM owners o WHERE (o.erased IS NOT NULL OR o.tenant IN (SELECT id FROM tenants WHERE "
                  "deleted IS NOT NULL)) AND EXISTS (SELECT 1 FROM {} r WHERE r.{} = o.id) LIMIT 1",
                  table.name, table.holder));
  if (!row.next()) return std::nullopt;
  return static_cast<std::uint64_t>(row.integer(0));
}

/// Of one holder, whatever its age. Returns how many; fewer than a piece: none is left.
std::uint64_t remove_some(Tables& of, const Files& files, const Table& table, std::uint64_t holder) {
  std::vector<std::string> gone;
  {
    const std::lock_guard hold(of.mutex);
    for (auto row = of.database.query(
             fmt::format("DELETE FROM {0} WHERE number IN (SELECT number FROM {0} WHERE {1} = ? LIMIT ?) "
                         "RETURNING id",
                         table.name, table.holder),
             static_cast<std::int64_t>(holder), Sweeper::piece_rows);
         row.next();)
      gone.push_back(row.text(0));
  }
  if (table.has_content) files.remove_contents(gone);
  return gone.size();
}

}  // namespace

Sweeper::Sweeper(Tables& of, Files& files, const Keeping& keeping, Clock clock)
    : tables_(of), files_(files), keeping_(keeping), clock_(std::move(clock)) {}

Swept Sweeper::sweep() {
  const bool is_new_round = at_ == 0 && time_ == INT64_MIN;
  for (const auto& table : tables) {
    const auto holder = is_new_round ? holder_that_is_gone(tables_, table) : std::nullopt;
    if (!holder) continue;
    removed_ = true;
    return {table.name, remove_some(tables_, files_, table, *holder), true};
  }
  const auto& [kind, table, column, is_end] = dues.at(at_);
  auto& database = tables_.database;
  const auto now = clock_();
  std::vector<Row> page;
  std::vector<std::string> gone;
  {
    const std::lock_guard hold(tables_.mutex);
    for (auto row = database.query(
             fmt::format("SELECT number, {0}, {1} FROM {2} WHERE {0} <= ? AND ({0}, number) > (?, ?) AND {3} "
                         "ORDER BY {0}, number LIMIT ?",
                         column, table.holder, table.name, table.is_free),
             is_end ? now : now - keeping_.least(kind), time_, number_, piece_rows);
         row.next();)
      page.push_back({row.integer(0), row.integer(1), static_cast<std::uint64_t>(row.integer(2))});
    store::Transaction transaction(database);
    for (const auto& row : page) {
      if (!is_end && row.time > now - keeping_.seconds(kind, row.holder)) continue;
      if (keeping_.is_held(row.holder)) continue;
      auto removed =
          database.query(fmt::format("DELETE FROM {} WHERE number = ? RETURNING id", table.name), row.number);
      while (removed.next()) gone.push_back(removed.text(0));
    }
    transaction.commit();
  }
  if (table.has_content) files_.remove_contents(gone);
  removed_ = removed_ || !gone.empty();
  Swept swept{table.name, gone.size(), true};
  if (page.size() == piece_rows) {
    time_ = page.back().time;
    number_ = page.back().number;
    return swept;
  }
  at_ = (at_ + 1) % dues.size();
  time_ = INT64_MIN;
  number_ = 0;
  swept.more = at_ != 0;
  if (!swept.more && std::exchange(removed_, false)) {
    const std::lock_guard hold(tables_.mutex);
    database.empty_log();  // the keys of what is gone stand nowhere any more
  }
  return swept;
}

std::vector<std::pair<std::string_view, std::uint64_t>> Sweeper::remove_all(std::uint64_t holder) {
  std::vector<std::pair<std::string_view, std::uint64_t>> removed;
  for (const auto& table : tables) {
    std::uint64_t rows = 0, some = 0;
    do {
      some = remove_some(tables_, files_, table, holder);
      rows += some;
    } while (some == static_cast<std::uint64_t>(piece_rows));
    removed.emplace_back(table.name, rows);
  }
  return removed;
}

}  // namespace cofre::records
