#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "accounts/accounts.h"
#include "accounts/actions/actions.h"
#include "accounts/fixture.h"
#include "base/error.h"
#include "base/thrown.h"
#include "store/migrate.h"

namespace cofre::accounts {

std::span<const store::Migration> migrations();

namespace {

class Budgets : public AccountsTest {
 protected:
  Budgets() {
    open();
    Owner wanted;
    wanted.tenant = home_tenant;
    wanted.name = "ana";
    wanted.roles = {Role::user};
    ana_.user = box_->directory.create_owner(wanted).id;
    set_price(20261101, 1, 4);
  }
  void set_price(std::int32_t since, double input, double output) {
    box_->prices.set({.model = "tiny", .since = since, .currency = "CNY", .input = input, .output = output});
  }
  json::Object ask(const char* action, const char* request) {
    return act(*box_, Actor::machine(), action, json::parse(request).as_object());
  }
  /// "metric", "used" and "reserved" of the only quota.
  json::Object standing() { return json::array_at(ask("quota.list", "{}"), "quotas").at(0).as_object(); }
  std::optional<Quotas::Refusal> refusal(const Wanted& wanted) {
    Reservation reservation;
    return box_->quotas.reserve(ana_, wanted, reservation);
  }
  bool spend(const Wanted& wanted) {
    Reservation reservation;
    if (box_->quotas.reserve(ana_, wanted, reservation)) return false;
    reservation.settle({1, wanted.prompt, 0, wanted.answer, 0});
    return true;
  }

  User ana_{home_tenant, 0, 0, 11, "tiny"};
};

TEST_F(Budgets, WhatTheyDoNotPayForIsRefusedUntilThePeriodEnds) {
  const auto set = ask("quota.set", R"({"user":"ana","money":"10.00","period":"day"})");
  EXPECT_EQ(set.at("metric"), "money");
  EXPECT_EQ(set.at("amount"), 10'000'000u);
  EXPECT_EQ(set.at("currency"), "CNY");
  EXPECT_TRUE(spend({1'000'000, 2'000'000}));  // 1 + 8
  const auto refused = refusal({0, 250'001});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->quota.id, set.at("id").as_int64());
  EXPECT_EQ(refused->retry_after_s, 12 * 3600);
  EXPECT_EQ(refused->message,
            "the quota of 10.00 CNY a day of the user is used up: 9.00 CNY used, 0.00 CNY set aside, 1.000004 CNY "
            "wanted");
  EXPECT_TRUE(spend({0, 250'000}));
  EXPECT_FALSE(spend({1, 0}));
  now_ += 12 * 3600;
  EXPECT_TRUE(spend({1, 0}));
}

TEST_F(Budgets, WhatIsSetAsideIsSettledAtItsTrueCost) {
  ask("quota.set", R"({"tenant":"home","money":"10","period":"month"})");
  Reservation reservation;
  EXPECT_FALSE(box_->quotas.reserve(ana_, {1'000'000, 1'000'000}, reservation));
  EXPECT_EQ(standing().at("reserved"), 5'000'000u);
  EXPECT_EQ(*box_->quotas.tokens_left(ana_), 1'250'000u);  // 5 at the dearer price
  reservation.adjust({500'000, 1'000'000});
  EXPECT_EQ(standing().at("reserved"), 4'500'000u);
  reservation.settle({1, 500'000, 0, 3, 0});
  EXPECT_EQ(standing().at("reserved"), 0u);
  EXPECT_EQ(standing().at("used"), 500'012u);
  {
    Reservation dropped;
    EXPECT_FALSE(box_->quotas.reserve(ana_, {1'000'000, 0}, dropped));
  }
  EXPECT_EQ(standing().at("used"), 500'012u);
  EXPECT_EQ(standing().at("reserved"), 0u);
}

TEST_F(Budgets, TwoHundredAtOnceNeverOvershoot) {
  ask("quota.set", R"({"user":"ana","money":"1","period":"day"})");
  std::atomic<int> admitted = 0, at_once = 0;
  std::atomic<std::uint64_t> overshoot = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 200; ++i) {
    threads.emplace_back([&] {
      Reservation reservation;
      const bool fits = !box_->quotas.reserve(ana_, {1'000, 7'000}, reservation);  // 0.029
      at_once.fetch_add(1);
      while (at_once.load() < 200) std::this_thread::yield();
      const auto all = box_->quotas.standings(ana_);
      if (all.at(0).used + all.at(0).reserved > 1'000'000) overshoot.fetch_add(1);
      if (!fits) return;
      admitted.fetch_add(1);
      reservation.settle({1, 1'000, 0, 7'000, 0});
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(admitted, 34);  // 0.986 of 1
  EXPECT_EQ(overshoot, 0u);
  EXPECT_EQ(standing().at("used"), 986'000u);
}

TEST_F(Budgets, AnAnswerThatCostsMoreThanWasSetAsideOvershootsByThatAlone) {
  ask("quota.set", R"({"user":"ana","money":"1","period":"day"})");
  Reservation reservation;
  EXPECT_FALSE(box_->quotas.reserve(ana_, {0, 250'000}, reservation));
  reservation.settle({1, 10, 0, 250'000, 0});
  EXPECT_EQ(standing().at("used"), 1'000'010u);
  EXPECT_TRUE(refusal({0, 0}));
}

TEST_F(Budgets, AreCountedToTheMillionthAfterARestartWhateverPricesBecame) {
  ask("quota.set", R"({"user":"ana","money":"1","period":"month"})");
  for (int i = 0; i < 7; ++i) EXPECT_TRUE(spend({3, 7}));
  now_ += 86400;
  set_price(20261101, 100, 100);
  Reservation reservation;
  EXPECT_FALSE(box_->quotas.reserve(ana_, {100, 0}, reservation));
  reservation = {};
  EXPECT_TRUE(box_->ledger.flush());
  open();
  EXPECT_EQ(standing().at("used"), 7u * 31u);
  EXPECT_EQ(standing().at("reserved"), 0u);
  EXPECT_EQ(standing().at("currency"), "CNY");
}

TEST_F(Budgets, CountByThePriceOfTheDay) {
  set_price(20261126, 10, 40);
  ask("quota.set", R"({"user":"ana","money":"100","period":"month"})");
  EXPECT_TRUE(spend({1'000'000, 0}));
  now_ += 86400;
  EXPECT_TRUE(spend({1'000'000, 0}));
  EXPECT_EQ(standing().at("used"), 11'000'000u);
}

TEST_F(Budgets, ARequestIsSettledByThePriceItWasSetAsideBy) {
  ask("quota.set", R"({"user":"ana","money":"100","period":"month"})");
  Reservation reservation;
  EXPECT_FALSE(box_->quotas.reserve(ana_, {1'000'000, 0}, reservation));
  box_->prices.remove("tiny", 20261101);
  reservation.settle({1, 1'000'000, 0, 0, 0});
  EXPECT_EQ(standing().at("used"), 1'000'000u);
  EXPECT_EQ(standing().at("reserved"), 0u);
}

TEST_F(Budgets, AModelWithoutAPriceInTheCurrencyIsRefused) {
  box_->prices.set({.model = "foreign", .since = 20261101, .currency = "USD", .input = 1, .output = 1});
  EXPECT_TRUE(spend({1, 1}));
  ask("quota.set", R"({"user":"ana","money":"10","period":"day"})");
  for (const char* model : {"foreign", "unknown"}) {
    ana_.model = model;
    EXPECT_EQ(*box_->quotas.tokens_left(ana_), 0u);
    const auto refused = refusal({1, 0});
    ASSERT_TRUE(refused);
    EXPECT_NE(refused->message.find(fmt::format("{} has none in CNY", model)), std::string::npos) << refused->message;
  }
  ana_.model = "tiny";
  EXPECT_FALSE(refusal({1, 0}));
}

TEST_F(Budgets, OfAModelThatCostsNothingTheyLeaveEverything) {
  box_->prices.set({.model = "tiny", .since = 20261101, .currency = "CNY", .input = 0, .output = 0});
  ask("quota.set", R"({"user":"ana","money":"0.01","period":"day"})");
  EXPECT_FALSE(box_->quotas.tokens_left(ana_));
  EXPECT_TRUE(spend({1'000'000, 1'000'000}));
}

TEST_F(Budgets, EveryLevelOfATenantCounts) {
  const auto department = box_->directory.create_department(home_tenant, "research");
  ana_.department = department.id;
  ana_.key = box_->keys
                 .authenticate(box_->keys.create(
                     KeyWish{.name = "k", .owner = ana_.user, .maker = 0, .scopes = {Scope::inference}}))
                 ->key_id;
  for (const auto& of : {std::string(R"("tenant":"home")"), std::string(R"("department":"research")"),
                         std::string(R"("user":"ana")"), fmt::format(R"("key":{})", ana_.key)}) {
    for (const char* model : {"", R"(,"model":"tiny")"}) {
      const auto quota = ask("quota.set", fmt::format(R"({{{}{},"money":"1","period":"day"}})", of, model).c_str());
      EXPECT_TRUE(refusal({0, 250'001})) << of;
      EXPECT_FALSE(refusal({0, 250'000})) << of;
      box_->quotas.remove(quota.at("id").as_int64());
    }
  }
}

TEST_F(Budgets, AreSetByWhatCanBeCounted) {
  box_->directory.create_tenant("acme", "UTC", "JPY");
  for (const auto& [request, field] :
       {std::pair{R"({"tenant":"acme","money":"10","period":"day"})", "money"},  // there is no price in JPY
        {R"({"user":"ana","money":"10","period":"day","model":"unknown"})", "money"},
        {R"({"money":"10","period":"day"})", "tenant"},
        {R"({"user":"ana","money":"10","period":"minute"})", "period"},
        {R"({"user":"ana","money":"10"})", "period"},
        {R"({"user":"ana","money":"10","amount":5,"period":"day"})", "money"},
        {R"({"user":"ana","money":"10","metric":"tokens","period":"day"})", "money"},
        {R"({"user":"ana","money":"-1","period":"day"})", "money"},
        {R"({"user":"ana","money":10.5,"period":"day"})", "money"},
        {R"({"user":"ana","metric":"money","amount":1.5,"period":"day"})", "amount"},
        {R"({"user":"ana","period":"day","amount":5})", "metric"}}) {
    EXPECT_EQ(field_of([&, text = request] { ask("quota.set", text); }), field) << request;
  }
  EXPECT_EQ(ask("quota.set", R"({"user":"ana","metric":"money","amount":5,"period":"day"})").at("amount"), 5u);
}

TEST_F(Budgets, ACurrencyStaysWhereMoneyIsCountedInIt) {
  const auto change = [&] { ask("tenant.change", R"({"tenant":"home","currency":"USD"})"); };
  const auto quota = ask("quota.set", R"({"user":"ana","money":"10","period":"day"})");
  EXPECT_EQ(field_of(change), "currency");
  box_->quotas.remove(quota.at("id").as_int64());
  EXPECT_EQ(field_of(change), "no error");
  ask("tenant.change", R"({"tenant":"home","currency":"CNY"})");
  EXPECT_TRUE(spend({1, 1}));
  EXPECT_EQ(field_of(change), "currency");
  EXPECT_NO_THROW(ask("tenant.change", R"({"tenant":"home","currency":"CNY","zone":"Asia/Shanghai"})"));
}

TEST_F(Budgets, UsageTellsWhatWasSpentInTheCurrencyOfItsTenant) {
  EXPECT_TRUE(spend({1'000'000, 0}));
  const auto first = [&](const char* request) {
    return json::array_at(ask("usage.show", request), "usage").at(0).as_object();
  };
  EXPECT_EQ(first(R"({"by":"model"})").at("spent_micro"), 1'000'000u);
  EXPECT_EQ(first(R"({"by":"model"})").at("spent_currency"), "CNY");
  box_->directory.create_tenant("acme", "UTC", "EUR");
  EXPECT_TRUE(first(R"({"by":"model"})").at("spent_micro").is_null());
  for (const char* request :
       {R"({"by":"tenant"})", R"({"by":"model","tenant":"home"})", R"({"by":"day","user":"ana"})"}) {
    EXPECT_EQ(first(request).at("spent_micro"), 1'000'000u) << request;
    EXPECT_EQ(first(request).at("spent_currency"), "CNY") << request;
  }
  const auto answer = ask("usage.show", R"({"by":"tenant","format":"csv"})");
  EXPECT_NE(json::string_at(answer, "csv").find(",1000000,CNY\r\n"), std::string_view::npos) << json::dump(answer);
}

TEST(BudgetTables, QuotasFromBeforeStay) {
  const os::TemporaryDirectory folder(testing::TempDir());
  const auto master = crypto::Secret::random();
  store::Database database(folder.path() / "test.db", master.derive("store"));
  std::mutex mutex;
  store::migrate(database, "accounts", migrations().first(4), folder.path());
  database.run(
      "INSERT INTO quotas (id, level, subject, model, metric, period, amount, created) "
      "VALUES (9, 'box', 0, '', 'tokens', 'day', 100, 5)");
  database.run("INSERT INTO usage_models VALUES (1, 'tiny')");
  database.run("INSERT INTO usage_departments VALUES (1, 20261125, 0, 1, 1, 60, 0, 0, 0)");
  Accounts box(database, mutex, master, folder.path(), [] { return noon; });
  const auto all = box.quotas.list();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].quota.id, 9);
  EXPECT_EQ(all[0].quota.amount, 100u);
  EXPECT_EQ(all[0].used, 60u);
}

}  // namespace
}  // namespace cofre::accounts
