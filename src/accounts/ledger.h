#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "accounts/directory.h"
#include "accounts/journal.h"
#include "accounts/spent.h"
#include "store/database.h"
#include "text/calendar.h"

namespace cofre::accounts {

/// The day of a tenant as a number, 20261125, and its month.
struct TenantTime {
  std::int32_t day = 0;
  std::int64_t day_begin = 0, day_end = 0, month_begin = 0, month_end = 0;
};

/// What was used, by whom. add() keeps an entry in the journal before it returns, where killing the process does not
/// reach it; a thread of its own brings entries into the database, some together. After a crash the journal's rest is
/// brought in at the start. Any thread may call anything.
class Ledger {
 public:
  /// The tables exist. `database` is used under `database_mutex` alone. The journal lies beside the database.
  Ledger(store::Database& database, std::mutex& database_mutex, Directory& directory, Clock clock);
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;
  ~Ledger();

  /// Throws nothing: where the disk refuses, it is kept in memory and tried again.
  void add(const User& user, const Spent& spent);
  /// Waits until all that was added is in the database; false where the disk refused it.
  bool flush();

  TenantTime time_of(std::int64_t tenant, std::int64_t seconds);

  /// Of one or more columns: "day", "month", "tenant", "department", "user", "key", "model".
  struct Question {
    std::int32_t from = 0, to = 99991231;  ///< days, both of them too
    std::vector<std::string> by;
    std::optional<std::int64_t> tenant{}, department{}, user{}, key{};
    std::optional<std::string> model{};
    std::vector<std::int32_t> cuts{};  ///< days at which a row is cut in two, for prices that change
  };
  struct Row {
    std::vector<std::int64_t> of;  ///< the columns as asked; a model by its number
    std::size_t part = 0;          ///< how many of `cuts` lie at or before its days
    Spent spent;
  };
  /// What was used, ordered by the columns. Throws Error(exhausted) beyond 100,000 rows.
  std::vector<Row> ask(const Question& question);
  std::string model_name(std::int64_t number);

  /// Sums of a day range for one subject; "tenant" 0 is everybody.
  Spent sum(const Question& question);

 private:
  using Place = std::tuple<std::int64_t, std::int32_t, std::int64_t, std::int64_t, std::int64_t, std::string>;
  struct Zone {
    std::string name;
    text::Calendar calendar;
    TenantTime now;
  };
  void run();
  void write(const std::map<Place, Spent>& batch, std::int64_t last);
  TenantTime time_locked(std::int64_t tenant, std::int64_t seconds);

  store::Database& database_;
  std::mutex& database_mutex_;
  Directory& directory_;
  Clock clock_;
  std::mutex mutex_;  ///< of what follows; never held while the database works
  std::condition_variable changed_;
  std::map<std::int64_t, Zone> zones_;
  Journal journal_;
  std::map<Place, Spent> pending_;
  std::int64_t last_ = 0, written_ = 0;  ///< numbers of entries
  bool failing_ = false, closing_ = false;
  std::thread thread_;
};

}  // namespace cofre::accounts
