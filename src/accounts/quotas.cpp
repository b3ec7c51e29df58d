#include "accounts/quotas.h"

#include <algorithm>
#include <array>
#include <limits>

#include "accounts/named.h"
#include "base/error.h"

namespace cofre::accounts {
namespace {

using Level = Quota::Level;
using Metric = Quota::Metric;
using Period = Quota::Period;

constexpr std::int64_t minute_s = 60;
constexpr std::array<std::string_view, 5> metric_names{"requests", "tokens", "concurrency", "money", "storage"};
constexpr std::array<std::string_view, 4> period_names{"minute", "day", "month", "now"};

std::uint64_t minus(std::uint64_t from, std::uint64_t what) { return from - std::min(from, what); }

std::uint64_t cost_or_none(const std::optional<Rate>& rate, const Spent& spent) {
  return rate ? cost_of(*rate, spent) : 0;
}

/// What a quota of this metric counts of it.
std::uint64_t used_of(Metric metric, const Spent& spent) {
  switch (metric) {
    case Metric::requests: return spent.requests;
    case Metric::tokens: return spent.tokens();
    case Metric::money: return spent.cost;
    case Metric::concurrency:
    case Metric::storage: return 0;
  }
  CHECK(false);
  return 0;
}

/// An amount of what a quota counts.
std::string counted(const Quota& quota, std::uint64_t amount) {
  if (quota.metric != Metric::money) return std::to_string(amount);
  return fmt::format("{} {}", money_text(amount), quota.currency);
}

}  // namespace

std::string_view name_of(Metric metric) { return metric_names[static_cast<std::size_t>(metric)]; }
std::string_view name_of(Period period) { return period_names[static_cast<std::size_t>(period)]; }
Metric metric_named(std::string_view name) { return named<Metric>(metric_names, name, "metric"); }
Period period_named(std::string_view name) { return named<Period>(period_names, name, "period"); }

std::string text_of(const Quota& quota) {
  std::string text = counted(quota, quota.amount);
  text += quota.metric == Metric::concurrency ? " requests at once"
          : quota.metric == Metric::storage   ? " stored bytes"
          : quota.metric == Metric::money     ? fmt::format(" a {}", name_of(quota.period))
                                              : fmt::format(" {} a {}", name_of(quota.metric), name_of(quota.period));
  text += fmt::format(" of the {}", name_of(quota.level));
  return quota.model.empty() ? text : text + " for the model " + quota.model;
}

Reservation::~Reservation() {
  if (quotas_ != nullptr) quotas_->release(*this, nullptr);
}

void Reservation::swap(Reservation& other) noexcept {
  std::swap(quotas_, other.quotas_);
  std::swap(user_, other.user_);
  std::swap(wanted_, other.wanted_);
  std::swap(rate_, other.rate_);
  std::swap(began_, other.began_);
}

/// What is set aside of it in a quota of this metric.
std::uint64_t Reservation::share(Metric metric) const noexcept {
  switch (metric) {
    case Metric::requests:
    case Metric::concurrency: return 1;
    case Metric::tokens: return wanted_.tokens();
    case Metric::money: return cost_or_none(rate_, {1, wanted_.prompt, 0, wanted_.answer, 0});
    case Metric::storage: return 0;
  }
  CHECK(false);
  return 0;
}

void Reservation::adjust(const Wanted& wanted) {
  if (quotas_ == nullptr) return;
  const std::scoped_lock lock(quotas_->mutex_);
  quotas_->for_each(user_, [&](Quotas::Counter& counter) {
    counter.reserved = minus(counter.reserved, share(counter.quota.metric));
  });
  wanted_ = wanted;
  quotas_->for_each(user_, [&](Quotas::Counter& counter) { counter.reserved += share(counter.quota.metric); });
}

void Reservation::settle(Spent spent) {
  if (quotas_ == nullptr) return;
  spent.cost = cost_or_none(rate_, spent);
  quotas_->release(*this, &spent);
  quotas_->ledger_.add(user_, spent);
  quotas_ = nullptr;
}

Quotas::Quotas(store::Database& database, std::mutex& database_mutex, Ledger& ledger, const Prices& prices,
               Directory& directory, Clock clock)
    : database_(database),
      database_mutex_(database_mutex),
      ledger_(ledger),
      prices_(prices),
      directory_(directory),
      clock_(std::move(clock)) {
  std::vector<Quota> all;
  {
    const std::lock_guard hold(database_mutex_);
    for (auto row = database_.query("SELECT id, level, subject, model, metric, period, amount FROM quotas");
         row.next();) {
      all.push_back({row.integer(0), level_named(row.text(1)), row.integer(2), row.text(3), metric_named(row.text(4)),
                     period_named(row.text(5)), static_cast<std::uint64_t>(row.integer(6)), ""});
    }
  }
  for (auto& quota : all) {
    auto counter = counter_of(quota);
    counters_[{quota.level, quota.subject}].push_back(std::move(counter));
  }
}

std::int64_t Quotas::tenant_of(const Quota& quota) const {
  switch (quota.level) {
    case Level::box: return home_tenant;
    case Level::tenant: return quota.subject;
    case Level::department: {
      const auto department = directory_.find_department(quota.subject);
      return department ? department->tenant : home_tenant;
    }
    case Level::user: return directory_.tenant_of(quota.subject);
    case Level::key: {
      const std::lock_guard hold(database_mutex_);
      auto row =
          database_.query("SELECT o.tenant FROM keys k JOIN owners o ON o.id = k.owner WHERE k.id = ?", quota.subject);
      return row.next() ? row.integer(0) : home_tenant;
    }
  }
  CHECK(false);
  return 0;
}

/// What the ledger has of the running period is used. Minutes are not kept there.
Quotas::Counter Quotas::counter_of(Quota& quota) {
  Counter counter{quota, tenant_of(quota)};
  if (quota.metric == Metric::money) {
    const auto tenant = directory_.find_tenant(counter.tenant);
    counter.quota.currency = quota.currency = tenant ? tenant->currency : "";
  }
  count(counter);
  return counter;
}

void Quotas::count(Counter& counter) {
  const auto now = clock_();
  roll(counter, now);
  const auto& quota = counter.quota;
  if (quota.period == Period::now || quota.period == Period::minute) return;
  const auto today = ledger_.time_of(counter.tenant, now).day;
  Ledger::Question question;
  question.from = quota.period == Period::day ? today : today / 100 * 100;
  question.to = today;
  if (!quota.model.empty()) question.model = quota.model;
  switch (quota.level) {
    case Level::box: break;
    case Level::tenant: question.tenant = quota.subject; break;
    case Level::department: question.department = quota.subject; break;
    case Level::user: question.user = quota.subject; break;
    case Level::key: question.key = quota.subject; break;
  }
  const auto spent = ledger_.sum(question);
  counter.used = used_of(quota.metric, spent);
}

/// A new period begins where the old one is over. A clock that was set back begins none.
void Quotas::roll(Counter& counter, std::int64_t now) {
  if (counter.quota.period == Period::now || (counter.end != 0 && now < counter.end)) return;
  counter.used = 0;
  if (counter.quota.period == Period::minute) {
    counter.begin = now / minute_s * minute_s;
    counter.end = counter.begin + minute_s;
    return;
  }
  const auto time = ledger_.time_of(counter.tenant, now);
  const bool is_day = counter.quota.period == Period::day;
  counter.begin = is_day ? time.day_begin : time.month_begin;
  counter.end = is_day ? time.day_end : time.month_end;
}

/// What the model costs the tenant today.
std::optional<Rate> Quotas::rate_of(const User& user, std::int64_t now) {
  const auto tenant = directory_.find_tenant(user.tenant);
  if (!tenant) return std::nullopt;
  return prices_.rate(user.model, tenant->currency, ledger_.time_of(user.tenant, now).day);
}

std::optional<Quotas::Refusal> Quotas::reserve(const User& user, const Wanted& wanted, Reservation& into) {
  Reservation made;
  made.user_ = user;
  made.wanted_ = wanted;
  made.began_ = clock_();
  made.rate_ = rate_of(user, made.began_);
  const bool is_unpriced = !made.rate_ && wanted.tokens() > 0;
  std::optional<Refusal> refusal;
  const std::scoped_lock lock(mutex_);
  for_each(user, [&](Counter& counter) {
    roll(counter, made.began_);
    const auto& quota = counter.quota;
    if (quota.metric == Metric::storage) return;
    const auto share = made.share(quota.metric);
    const std::uint64_t taken = counter.used + counter.reserved;
    const bool has_no_price = quota.metric == Metric::money && is_unpriced;
    // Once all is used up, what needs no tokens waits too.
    const bool fits = taken < quota.amount && share <= quota.amount - taken;
    if (fits && !has_no_price) return;
    const std::int64_t wait =
        quota.metric == Metric::concurrency ? 1 : std::max<std::int64_t>(1, counter.end - made.began_);
    if (refusal && refusal->retry_after_s >= wait) return;
    refusal = Refusal{quota, wait,
                      has_no_price ? fmt::format("the quota of {} allows no model without a price: {} has none in {}",
                                                 text_of(quota), user.model, quota.currency)
                                   : fmt::format("the quota of {} is used up: {} used, {} set aside, {} wanted",
                                                 text_of(quota), counted(quota, counter.used),
                                                 counted(quota, counter.reserved), counted(quota, share))};
  });
  if (refusal) return refusal;
  for_each(user, [&](Counter& counter) { counter.reserved += made.share(counter.quota.metric); });
  made.quotas_ = this;
  into = std::move(made);
  return std::nullopt;
}

std::vector<Quotas::Standing> Quotas::standings(const User& user) {
  const auto now = clock_();
  std::vector<Standing> all;
  const std::scoped_lock lock(mutex_);
  for_each(user, [&](Counter& counter) {
    if (counter.quota.metric == Metric::storage) return;
    roll(counter, now);
    all.push_back({counter.quota, counter.used, counter.reserved, counter.end});
  });
  return all;
}

std::optional<std::uint64_t> Quotas::tokens_left(const User& user) {
  const auto now = clock_();
  std::optional<std::uint64_t> left;
  const std::scoped_lock lock(mutex_);
  for_each(user, [&](Counter& counter) {
    const auto metric = counter.quota.metric;
    if (metric != Metric::tokens && metric != Metric::money) return;
    roll(counter, now);
    auto here = minus(counter.quota.amount, counter.used + counter.reserved);
    if (metric == Metric::money) {
      const auto rate = rate_of(user, now);
      if (rate && rate->input == 0 && rate->output == 0) return;
      here = rate ? tokens_for(*rate, here) : 0;
    }
    left = std::min(left.value_or(here), here);
  });
  return left;
}

void Quotas::release(const Reservation& held, const Spent* spent) {
  const auto now = clock_();
  const std::scoped_lock lock(mutex_);
  for_each(held.user_, [&](Counter& counter) {
    roll(counter, now);
    const auto metric = counter.quota.metric;
    counter.reserved = minus(counter.reserved, held.share(metric));
    if (spent == nullptr) return;
    // A request counts in the minute in which it began; its tokens, and what they cost, when they are known.
    if (metric == Metric::requests && held.began_ < counter.begin) return;
    counter.used += used_of(metric, *spent);
  });
}

Quota Quotas::set(Quota quota) {
  ledger_.flush();
  {
    const std::lock_guard hold(database_mutex_);
    database_.run(
        "INSERT INTO quotas (level, subject, model, metric, period, amount, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (level, subject, model, metric, period) DO UPDATE SET amount = excluded.amount",
        name_of(quota.level), quota.subject, quota.model, name_of(quota.metric), name_of(quota.period),
        static_cast<std::int64_t>(quota.amount), clock_());
    auto row = database_.query(
        "SELECT id FROM quotas WHERE level = ? AND subject = ? AND model = ? AND metric = ? AND period = ?",
        name_of(quota.level), quota.subject, quota.model, name_of(quota.metric), name_of(quota.period));
    CHECK(row.next());
    quota.id = row.integer(0);
  }
  auto counter = counter_of(quota);
  const std::scoped_lock lock(mutex_);
  auto& here = counters_[{quota.level, quota.subject}];
  const auto same =
      std::find_if(here.begin(), here.end(), [&](const Counter& one) { return one.quota.id == quota.id; });
  if (same == here.end()) {
    here.push_back(std::move(counter));
  } else {
    same->quota.amount = quota.amount;
  }
  return quota;
}

Quota Quotas::quota(std::int64_t id) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [subject, counters] : counters_) {
    for (const auto& counter : counters) {
      if (counter.quota.id == id) return counter.quota;
    }
  }
  fail_field(Code::not_found, "quota", "quota: there is no such quota");
}

void Quotas::remove(std::int64_t id) {
  const auto known = quota(id);
  {
    const std::lock_guard hold(database_mutex_);
    database_.run("DELETE FROM quotas WHERE id = ?", id);
  }
  const std::scoped_lock lock(mutex_);
  std::erase_if(counters_[{known.level, known.subject}], [&](const Counter& one) { return one.quota.id == id; });
}

bool Quotas::has_money_of(std::int64_t tenant) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [subject, counters] : counters_) {
    for (const auto& counter : counters) {
      if (counter.tenant == tenant && counter.quota.metric == Metric::money) return true;
    }
  }
  return false;
}

std::vector<Quotas::Standing> Quotas::list() {
  const auto now = clock_();
  std::vector<Standing> all;
  const std::scoped_lock lock(database_mutex_, mutex_);
  for (auto& [subject, counters] : counters_) {
    for (auto& counter : counters) {
      roll(counter, now);
      if (counter.quota.metric == Metric::storage) counter.used = stored(counter.quota);
      all.push_back({counter.quota, counter.used, counter.reserved, counter.end});
    }
  }
  return all;
}

}  // namespace cofre::accounts
