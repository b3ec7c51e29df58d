// Accounts of a large company: how long a key's check takes, a reservation, signing in apart from Argon2id, and a
// report of a year.
//
//   bench_accounts [USERS] [USAGE_ROWS]        default 100000 10000000

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "os/paths.h"

namespace {

using namespace cofre;
using Clock = std::chrono::steady_clock;

double microseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

void print(const char* what, std::vector<double> us) {
  std::sort(us.begin(), us.end());
  std::printf("%-44s p50 %9.1f us   p99 %9.1f us   most %9.1f us\n", what, us[us.size() / 2], us[us.size() * 99 / 100],
              us.back());
  std::fflush(stdout);
}

std::vector<std::string> make_people(store::Database& database, const crypto::Secret& master, std::int64_t users) {
  const auto mac_key = master.derive("api keys");
  std::vector<std::string> keys;
  store::Transaction transaction(database);
  for (int i = 0; i < 200; ++i) {
    database.run("INSERT INTO departments (tenant, name, created) VALUES (1, ?, 1)", "d" + std::to_string(i));
  }
  for (std::int64_t i = 0; i < users; ++i) {
    database.run(
        "INSERT INTO owners (tenant, department, kind, name, roles, created) VALUES (1, ?, 'user', ?, 'user', 1)",
        i % 200 + 1, "u" + std::to_string(i));
    const auto owner = database.last_id();
    keys.push_back("cofre_" + crypto::base64url(crypto::Secret::random().bytes()));
    database.run(
        "INSERT INTO keys (owner, maker, name, mac, prefix, scopes, created) VALUES (?, ?, 'k', ?, ?, "
        "'inference', 1)",
        owner, owner, crypto::hmac_sha256(mac_key, keys.back()), keys.back().substr(0, 10));
  }
  transaction.commit();
  return keys;
}

/// A year of days for so many users that there are `rows` rows.
void make_usage(store::Database& database, std::int64_t rows) {
  store::Transaction transaction(database);
  database.run("INSERT INTO usage_models (name) VALUES ('glm'), ('qwen')");
  database.script("DROP INDEX usage_by_user");
  const std::string days =
      "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 364), "
      "days(day) AS (SELECT CAST(strftime('%Y%m%d', '2026-01-01', '+' || i || ' days') AS INTEGER) FROM n ORDER BY i), "
      "users(u) AS (SELECT 1 UNION ALL SELECT u + 1 FROM users WHERE u < " +
      std::to_string(rows / 365) + ") ";
  database.script(days + "INSERT INTO usage SELECT 1, day, u * 200 / " + std::to_string(rows / 365 + 1) +
                  " + 1, u, u, u % 2 + 1, 7, 4000 + u % 100, 1000, 900, 100, 12000 FROM days CROSS JOIN users");
  database.script("CREATE INDEX usage_by_user ON usage (user, day)");
  database.script(
      "INSERT INTO usage_departments SELECT tenant, day, department, model, sum(requests), sum(prompt), sum(cached), "
      "sum(completion), sum(reasoning), sum(cost) FROM usage GROUP BY tenant, day, department, model");
  transaction.commit();
}

void check_keys(accounts::Accounts& box, const std::vector<std::string>& keys) {
  std::mt19937_64 random(1);
  std::vector<double> us;
  for (int i = 0; i < 200'000; ++i) {
    const auto& key = keys[random() % keys.size()];
    const auto begin = Clock::now();
    if (!box.keys.authenticate(key, "10.0.0.1")) std::exit(1);
    us.push_back(microseconds_since(begin));
  }
  print("a key is checked", us);
}

void reserve(accounts::Accounts& box) {
  using Quota = accounts::Quota;
  const accounts::User user{1, 3, 7, 11, "glm"};
  for (const auto& [level, subject] : {std::pair{Quota::Level::box, 0},
                                       {Quota::Level::tenant, 1},
                                       {Quota::Level::department, 3},
                                       {Quota::Level::user, 7},
                                       {Quota::Level::key, 11}}) {
    for (const auto period : {Quota::Period::minute, Quota::Period::day, Quota::Period::month}) {
      box.quotas.set({0, level, subject, "", Quota::Metric::tokens, period, std::uint64_t{1} << 40});
    }
  }
  std::vector<double> us;
  for (int i = 0; i < 20'000; ++i) {
    const auto begin = Clock::now();
    accounts::Reservation reservation;
    if (box.quotas.reserve(user, {900, 100}, reservation)) std::exit(1);
    reservation.settle({1, 900, 0, 100, 0});
    us.push_back(microseconds_since(begin));
  }
  print("set aside and settled, 15 quotas", us);
}

/// With Argon2id as it is, and at its least cost (8 KiB, one pass: some microseconds), which leaves all the rest.
void sign_in(accounts::Accounts& box) {
  const auto user = box.directory.owner_named(1, "u1").id;
  const auto measure = [&](const char* what, const std::string& password, int times) {
    box.sign_in.set_password(user, password);
    std::vector<double> us;
    for (int i = 0; i < times; ++i) {
      const auto begin = Clock::now();
      if (box.sign_in.sign_in(1, "u1", password, "").owner == 0) std::exit(1);
      box.sessions.begin(user, false, "10.0.0.1");
      us.push_back(microseconds_since(begin));
    }
    print(what, us);
  };
  measure("signing in", "correct horse battery", 50);
  box.policy.cost = {1, 8 << 10};
  measure("signing in apart from Argon2id", "correct horse staple", 1000);
}

void report(accounts::Accounts& box) {
  accounts::Ledger::Question year;
  year.from = 20260101;
  year.to = 20261231;
  year.tenant = 1;
  const auto ask = [&](const char* what, const accounts::Ledger::Question& question) {
    std::vector<double> us;
    std::size_t rows = 0;
    for (int i = 0; i < 10; ++i) {
      const auto begin = Clock::now();
      rows = box.ledger.ask(question).size();
      us.push_back(microseconds_since(begin));
    }
    print((std::string(what) + ", " + std::to_string(rows) + " rows").c_str(), us);
  };
  year.by = {"department"};
  ask("a year by department", year);
  year.by = {"month", "department", "model"};
  ask("a year by month, department, model", year);
  year.by = {"month"};
  year.user = 77;
  ask("a year of one user by month", year);
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int at, std::int64_t otherwise) { return argc > at ? std::atoll(argv[at]) : otherwise; };
  const os::TemporaryDirectory folder(std::filesystem::temp_directory_path());
  const auto master = crypto::Secret::random();
  store::Database database(folder.path() / "bench.db", master.derive("store"));
  std::mutex mutex;
  { const accounts::Accounts made(database, mutex, master, folder.path()); }
  const auto keys = make_people(database, master, number(1, 100'000));
  auto begin = Clock::now();
  make_usage(database, number(2, 10'000'000));
  std::printf("%.0f s to make the usage\n", microseconds_since(begin) / 1e6);
  begin = Clock::now();
  accounts::Accounts box(database, mutex, master, folder.path());
  std::printf("%-44s %.2f s\n", "opened", microseconds_since(begin) / 1e6);
  check_keys(box, keys);
  reserve(box);
  sign_in(box);
  report(box);
  return 0;
}
