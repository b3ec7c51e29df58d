#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "accounts/ledger.h"
#include "accounts/level.h"
#include "accounts/prices.h"
#include "accounts/spent.h"
#include "store/database.h"

namespace cofre::accounts {

/// How much may be used: by whom, of which model, of what, in which time.
struct Quota {
  using Level = accounts::Level;
  enum class Metric : std::uint8_t { requests, tokens, concurrency, money, storage };
  enum class Period : std::uint8_t { minute, day, month, now };  ///< now: of concurrency and storage
  std::int64_t id = 0;
  Level level = Level::box;
  std::int64_t subject = 0;  ///< the id of that tenant, …; 0 of the box
  std::string model;         ///< empty: of all together
  Metric metric = Metric::requests;
  Period period = Period::minute;
  std::uint64_t amount = 0;  ///< of money: millionths of the tenant's currency; of storage: bytes
  std::string currency{};    ///< of money; set() knows it
};
std::string_view name_of(Quota::Metric metric);
std::string_view name_of(Quota::Period period);
Quota::Metric metric_named(std::string_view name);  ///< or Error(invalid, metric)
Quota::Period period_named(std::string_view name);  ///< or Error(invalid, period)
std::string text_of(const Quota& quota);            ///< "1000 tokens a day of the department"

/// What a request may use at most.
struct Wanted {
  std::uint64_t prompt = 0, answer = 0;  ///< tokens

  std::uint64_t tokens() const noexcept { return prompt + answer; }
};

class Quotas;

/// What was set aside for a request. Settled when the request is done; given back when this goes before.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&& other) noexcept { swap(other); }
  Reservation& operator=(Reservation&& other) noexcept {
    Reservation(std::move(other)).swap(*this);
    return *this;
  }
  ~Reservation();

  /// The tokens set aside become so many: when the true length of the prompt is known.
  void adjust(const Wanted& wanted);
  /// Once: what was truly used takes the place of what was set aside, and goes into the ledger with its cost, by the
  /// price of the day when it began.
  void settle(Spent spent);

 private:
  friend class Quotas;
  void swap(Reservation& other) noexcept;
  Quotas* quotas_ = nullptr;
  std::uint64_t share(Quota::Metric metric) const noexcept;
  User user_;
  Wanted wanted_;
  std::optional<Rate> rate_;  ///< nothing: the model has no price
  std::int64_t began_ = 0;
};

/// Bytes set aside for what is being stored. Given back when this goes: after what was stored is in the database, or
/// when nothing was.
class Room {
 public:
  Room() = default;
  Room(Room&& other) noexcept { swap(other); }
  Room& operator=(Room&& other) noexcept {
    Room(std::move(other)).swap(*this);
    return *this;
  }
  ~Room();

  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  friend class Quotas;
  void swap(Room& other) noexcept;
  Quotas* quotas_ = nullptr;
  User user_;
  std::uint64_t bytes_ = 0;
};

/// The quotas of the box, counted in memory. What the ledger has of the running day and month is counted at the start;
/// what was set aside by a process that died is free again. Any thread may call anything.
class Quotas {
 public:
  /// All outlive it; the table exists.
  Quotas(store::Database& database, std::mutex& database_mutex, Ledger& ledger, const Prices& prices,
         Directory& directory, Clock clock);

  struct Refusal {
    Quota quota;
    std::int64_t retry_after_s = 0;  ///< until the period ends
    std::string message;
  };
  /// Sets aside one request, so many tokens and what they cost; or tells which quota forbids it, of several the one
  /// that lasts longest. A quota of money forbids a model that has no price in the tenant's currency.
  std::optional<Refusal> reserve(const User& user, const Wanted& wanted, Reservation& into);
  /// The least that a quota of tokens leaves, or that one of money pays for; nothing where there is none.
  std::optional<std::uint64_t> tokens_left(const User& user);

  /// Sets aside so many bytes for what this caller stores; or tells which quota of storage forbids it. What is stored
  /// already is what the database has at this moment. Nothing is set aside where all is full, not even for no bytes.
  std::optional<Refusal> make_room(const User& user, std::uint64_t bytes, Room& into);
  /// Whether a quota of storage binds this caller: else room is made without waiting for the disk.
  bool limits_storage(const User& user);
  /// So many bytes in all; less than before gives nothing back.
  std::optional<Refusal> widen(Room& room, std::uint64_t bytes);

  struct Standing {
    Quota quota;
    std::uint64_t used = 0, reserved = 0;
    std::int64_t ends = 0;  ///< of the period
  };
  /// Of every quota that binds this caller's requests: all but those of storage.
  std::vector<Standing> standings(const User& user);

  /// Replaces the quota of the same level, subject, model, metric and period.
  Quota set(Quota quota);
  /// Throws Error(not_found, quota).
  void remove(std::int64_t id);
  Quota quota(std::int64_t id) const;

  std::vector<Standing> list();
  /// Whether there is a quota of money in this tenant.
  bool has_money_of(std::int64_t tenant) const;

 private:
  friend class Reservation;
  friend class Room;
  struct Counter {
    Quota quota;
    std::int64_t tenant = 0;  ///< whose zone says when a day ends
    std::int64_t begin = 0, end = 0;
    std::uint64_t used = 0, reserved = 0;
  };
  using Subject = std::pair<Level, std::int64_t>;
  Counter counter_of(Quota& quota);
  void count(Counter& counter);
  void roll(Counter& counter, std::int64_t now);
  std::int64_t tenant_of(const Quota& quota) const;
  template <class Call>
  void for_each(const User& user, Call call);
  std::optional<Rate> rate_of(const User& user, std::int64_t now);
  void release(const Reservation& held, const Spent* spent);
  std::uint64_t stored(const Quota& quota) const;

  store::Database& database_;
  std::mutex& database_mutex_;
  Ledger& ledger_;
  const Prices& prices_;
  Directory& directory_;
  Clock clock_;
  mutable std::mutex mutex_;  ///< of what follows
  std::map<Subject, std::vector<Counter>> counters_;
};

template <class Call>
void Quotas::for_each(const User& user, Call call) {
  const Subject subjects[] = {{Level::box, 0},
                              {Level::tenant, user.tenant},
                              {Level::department, user.department},
                              {Level::user, user.user},
                              {Level::key, user.key}};
  for (const auto& subject : subjects) {
    const auto found = counters_.find(subject);
    if (found == counters_.end()) continue;
    for (auto& counter : found->second) {
      if (counter.quota.model.empty() || counter.quota.model == user.model) call(counter);
    }
  }
}

}  // namespace cofre::accounts
