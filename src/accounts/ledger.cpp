#include "accounts/ledger.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"

namespace cofre::accounts {
namespace {

constexpr std::chrono::seconds retry_after{1};

std::filesystem::path journal_beside(const std::filesystem::path& database) { return database.string() + "-usage"; }

std::int32_t day_number(const std::string& name) {  // "2026-11-25"
  return std::stoi(name.substr(0, 4)) * 10000 + std::stoi(name.substr(5, 2)) * 100 + std::stoi(name.substr(8, 2));
}

std::int64_t signed_of(std::uint64_t count) { return static_cast<std::int64_t>(count); }

}  // namespace

Ledger::Ledger(store::Database& database, std::mutex& database_mutex, Directory& directory, Clock clock)
    : database_(database),
      database_mutex_(database_mutex),
      directory_(directory),
      clock_(std::move(clock)),
      journal_(journal_beside(database.file())) {
  {
    const std::lock_guard hold(database_mutex_);
    auto row = database_.query("SELECT last FROM usage_journal");
    CHECK(row.next());
    last_ = written_ = row.integer(0);
  }
  journal_.read([this](const JournalEntry& entry) {
    if (entry.number <= written_) return;
    const auto& user = entry.user;
    pending_[{user.tenant, entry.day, user.department, user.user, user.key, user.model}] += entry.spent;
    last_ = std::max(last_, entry.number);
  });
  if (!pending_.empty()) {
    write(pending_, last_);
    pending_.clear();
    written_ = last_;
  }
  journal_.empty();
  thread_ = std::thread([this] { run(); });
}

Ledger::~Ledger() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

TenantTime Ledger::time_locked(std::int64_t tenant, std::int64_t seconds) {
  const auto known = directory_.find_tenant(tenant);
  const std::string name = known ? known->zone : "UTC";
  auto at = zones_.find(tenant);
  if (at == zones_.end() || at->second.name != name) {
    zones_.erase(tenant);
    at = zones_.emplace(tenant, Zone{name, text::Calendar(name), {}}).first;
  }
  auto& zone = at->second;
  if (seconds < zone.now.day_begin || seconds >= zone.now.day_end) {
    const auto day = zone.calendar.day_of(seconds), month = zone.calendar.month_of(seconds);
    zone.now = {day_number(day.name), day.begin, day.end, month.begin, month.end};
  }
  return zone.now;
}

TenantTime Ledger::time_of(std::int64_t tenant, std::int64_t seconds) {
  const std::scoped_lock lock(mutex_);
  return time_locked(tenant, seconds);
}

void Ledger::add(const User& user, const Spent& spent) {
  {
    const std::scoped_lock lock(mutex_);
    const auto day = time_locked(user.tenant, clock_()).day;
    ++last_;
    pending_[{user.tenant, day, user.department, user.user, user.key, user.model}] += spent;
    try {
      journal_.append({last_, day, user, spent});
    } catch (const Error&) {
      // A full disk: the entry waits in memory until the database takes it.
    }
  }
  changed_.notify_all();
}

void Ledger::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return closing_ || !pending_.empty(); });
    if (pending_.empty()) return;
    const auto batch = std::exchange(pending_, {});
    const auto last = last_;
    lock.unlock();
    bool done = true;
    try {
      write(batch, last);
    } catch (const Error&) {
      done = false;
    }
    lock.lock();
    failing_ = !done;
    if (done) {
      written_ = last;
      try {
        if (pending_.empty()) journal_.empty();
      } catch (const Error&) {
        // Its entries are known by their numbers: they are not brought in twice.
      }
    } else {
      for (const auto& [place, spent] : batch) pending_[place] += spent;
      if (closing_) return;  // the journal has it
      changed_.notify_all();
      changed_.wait_for(lock, retry_after, [&] { return closing_; });
      continue;
    }
    changed_.notify_all();
  }
}

bool Ledger::flush() {
  std::unique_lock lock(mutex_);
  const auto wanted = last_;
  changed_.wait(lock, [&] { return written_ >= wanted || failing_; });
  return written_ >= wanted;
}

void Ledger::write(const std::map<Place, Spent>& batch, std::int64_t last) {
  const std::lock_guard hold(database_mutex_);
  store::Transaction transaction(database_);
  constexpr std::string_view sums =
      "DO UPDATE SET requests = requests + excluded.requests, prompt = prompt + excluded.prompt, "
      "cached = cached + excluded.cached, completion = completion + excluded.completion, "
      "reasoning = reasoning + excluded.reasoning, cost = cost + excluded.cost";
  static const std::string fine = fmt::format(
      "INSERT INTO usage (tenant, day, department, user, key, model, requests, prompt, cached, completion, "
      "reasoning, cost) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (tenant, day, department, user, key, model) {}",
      sums);
  static const std::string coarse = fmt::format(
      "INSERT INTO usage_departments (tenant, day, department, model, requests, prompt, cached, "
      "completion, reasoning, cost) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (tenant, day, department, model) {}",
      sums);
  for (const auto& [place, spent] : batch) {
    const auto& [tenant, day, department, user, key, name] = place;
    database_.run("INSERT INTO usage_models (name) VALUES (?) ON CONFLICT DO NOTHING", name);
    std::int64_t model = 0;
    {
      auto row = database_.query("SELECT id FROM usage_models WHERE name = ?", name);
      CHECK(row.next());
      model = row.integer(0);
    }
    database_.run(fine, tenant, day, department, user, key, model, signed_of(spent.requests), signed_of(spent.prompt),
                  signed_of(spent.cached), signed_of(spent.completion), signed_of(spent.reasoning),
                  signed_of(spent.cost));
    database_.run(coarse, tenant, day, department, model, signed_of(spent.requests), signed_of(spent.prompt),
                  signed_of(spent.cached), signed_of(spent.completion), signed_of(spent.reasoning),
                  signed_of(spent.cost));
  }
  database_.run("UPDATE usage_journal SET last = ?", last);
  transaction.commit();
}

}  // namespace cofre::accounts
