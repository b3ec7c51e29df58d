#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "accounts/ledger.h"
#include "accounts/prices.h"
#include "accounts/spent.h"
#include "store/database.h"

namespace cofre::accounts {

/// How much may be used: by whom, of which model, of what, in which time.
struct Quota {
  enum class Level : std::uint8_t { box, tenant, department, user, key };
  enum class Metric : std::uint8_t { requests, tokens, concurrency, money };
  enum class Period : std::uint8_t { minute, day, month, now };  ///< now: of concurrency
  std::int64_t id = 0;
  Level level = Level::box;
  std::int64_t subject = 0;  ///< the id of that tenant, …; 0 of the box
  std::string model;         ///< empty: of all together
  Metric metric = Metric::requests;
  Period period = Period::minute;
  std::uint64_t amount = 0;  ///< of money: millionths of the tenant's currency
  std::string currency{};    ///< of money; set() knows it
};
std::string_view name_of(Quota::Level level);
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

  struct Standing {
    Quota quota;
    std::uint64_t used = 0, reserved = 0;
    std::int64_t ends = 0;  ///< of the period
  };
  /// Of every quota that binds this caller.
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
  struct Counter {
    Quota quota;
    std::int64_t tenant = 0;  ///< whose zone says when a day ends
    std::int64_t begin = 0, end = 0;
    std::uint64_t used = 0, reserved = 0;
  };
  using Subject = std::pair<Quota::Level, std::int64_t>;
  Counter counter_of(Quota& quota);
  void count(Counter& counter);
  void roll(Counter& counter, std::int64_t now);
  std::int64_t tenant_of(const Quota& quota) const;
  template <class Call>
  void for_each(const User& user, Call call);
  std::optional<Rate> rate_of(const User& user, std::int64_t now);
  void release(const Reservation& held, const Spent* spent);

  store::Database& database_;
  std::mutex& database_mutex_;
  Ledger& ledger_;
  const Prices& prices_;
  Directory& directory_;
  Clock clock_;
  mutable std::mutex mutex_;  ///< of what follows
  std::map<Subject, std::vector<Counter>> counters_;
};

}  // namespace cofre::accounts
