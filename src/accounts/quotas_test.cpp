#include "accounts/quotas.h"

#include <gtest/gtest.h>

#include <thread>

#include "accounts/accounts.h"
#include "accounts/actions/actions.h"
#include "accounts/actions/actor.h"
#include "accounts/fixture.h"
#include "base/error.h"
#include "base/thrown.h"

namespace cofre::accounts {
namespace {

class Limits : public AccountsTest {
 protected:
  Limits() { open(); }
  Quotas& quotas() { return box_->quotas; }
  Quota set(Quota::Metric metric, Quota::Period period, std::uint64_t amount, Quota::Level level = Quota::Level::user,
            std::int64_t subject = 7, std::string model = {}) {
    return quotas().set({0, level, subject, std::move(model), metric, period, amount});
  }
  bool spend(std::uint64_t tokens) {
    Reservation reservation;
    if (quotas().reserve(ana_, {0, tokens}, reservation)) return false;
    reservation.settle({1, tokens - 1, 0, 1, 0});
    return true;
  }

  const User ana_{home_tenant, 3, 7, 11, "tiny"};
};

TEST_F(Limits, WhatIsUsedUpIsRefusedUntilThePeriodEnds) {
  const auto quota = set(Quota::Metric::tokens, Quota::Period::day, 100);
  EXPECT_TRUE(spend(60));
  Reservation reservation;
  const auto refusal = quotas().reserve(ana_, {0, 60}, reservation);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->quota.id, quota.id);
  EXPECT_EQ(refusal->retry_after_s, 12 * 3600);
  EXPECT_TRUE(spend(40));
  now_ += 12 * 3600;
  EXPECT_TRUE(spend(100));
}

TEST_F(Limits, AClockSetBackGivesNobodyAPeriodTwice) {
  set(Quota::Metric::requests, Quota::Period::day, 1);
  set(Quota::Metric::requests, Quota::Period::minute, 1);
  EXPECT_TRUE(spend(1));
  now_ += 86'400;
  EXPECT_TRUE(spend(1));
  for (const std::int64_t back : {1, 60, 86'400, 40 * 86'400}) {
    now_ -= back;
    EXPECT_FALSE(spend(1)) << back;
  }
}

TEST_F(Limits, ADayEndsInTheTenantsTimeZone) {
  box_->directory.change_tenant(home_tenant, "Asia/Shanghai", std::nullopt);
  set(Quota::Metric::requests, Quota::Period::day, 1, Quota::Level::tenant, home_tenant);
  EXPECT_TRUE(spend(1));
  EXPECT_FALSE(spend(1));
  now_ += 4 * 3600;  // midnight in Shanghai
  EXPECT_TRUE(spend(1));
}

TEST_F(Limits, EveryLevelCounts) {
  for (const auto& [level, subject] : {std::pair{Quota::Level::box, 0},
                                       {Quota::Level::tenant, 1},
                                       {Quota::Level::department, 3},
                                       {Quota::Level::user, 7},
                                       {Quota::Level::key, 11}}) {
    const auto quota = set(Quota::Metric::requests, Quota::Period::minute, 0, level, subject);
    EXPECT_FALSE(spend(1)) << name_of(level);
    quotas().remove(quota.id);
    EXPECT_TRUE(spend(1)) << name_of(level);
  }
  set(Quota::Metric::requests, Quota::Period::minute, 0, Quota::Level::user, 7, "large");
  EXPECT_TRUE(spend(1));
  set(Quota::Metric::requests, Quota::Period::minute, 0, Quota::Level::user, 7, "tiny");
  EXPECT_FALSE(spend(1));
}

TEST_F(Limits, WhatIsSetAsideIsGivenBackWhenTheRequestGoes) {
  set(Quota::Metric::tokens, Quota::Period::day, 100);
  set(Quota::Metric::concurrency, Quota::Period::now, 1);
  {
    Reservation reservation, second;
    EXPECT_FALSE(quotas().reserve(ana_, {0, 100}, reservation));
    EXPECT_EQ(quotas().reserve(ana_, {0, 0}, second)->retry_after_s, 12 * 3600);
    reservation.adjust({0, 10});
    EXPECT_EQ(quotas().reserve(ana_, {0, 0}, second)->quota.metric, Quota::Metric::concurrency);
    EXPECT_EQ(*quotas().tokens_left(ana_), 90u);
  }
  EXPECT_EQ(*quotas().tokens_left(ana_), 100u);
  EXPECT_TRUE(spend(100));
}

TEST_F(Limits, ManyAtOnceNeverOvershoot) {
  set(Quota::Metric::tokens, Quota::Period::day, 1000);
  std::atomic<int> admitted = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 25; ++n) admitted += spend(30) ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(admitted, 33);  // 990 of 1000
}

TEST_F(Limits, ACrashBetweenLosesNothingAndGivesBackWhatWasSetAside) {
  set(Quota::Metric::tokens, Quota::Period::month, 100);
  EXPECT_TRUE(spend(30));
  Reservation reservation;
  EXPECT_FALSE(quotas().reserve(ana_, {0, 70}, reservation));
  EXPECT_TRUE(box_->ledger.flush());   // its writer lives on here, and must have nothing left to write
  Accounts* crashed = box_.release();  // never settled, never closed
  box_ = std::make_unique<Accounts>(database_, mutex_, master_, folder_.path(), [this] { return now_; });
  EXPECT_EQ(*quotas().tokens_left(ana_), 70u);
  reservation = {};
  delete crashed;
}

TEST_F(Limits, AnEntryOfTheJournalIsBroughtInOnce) {
  const auto path = database_.file().string() + "-usage";
  box_.reset();
  {
    Journal journal(path);
    journal.append({1, 20261125, ana_, {1, 10, 0, 5, 0}});
    journal.append({2, 20261125, ana_, {1, 20, 0, 5, 0}});
  }
  std::filesystem::copy_file(path, path + ".old");
  open();
  Ledger::Question question;
  EXPECT_EQ(box_->ledger.sum(question), (Spent{2, 30, 0, 10, 0}));
  box_.reset();
  std::filesystem::rename(path + ".old", path);
  open();
  EXPECT_EQ(box_->ledger.sum(question), (Spent{2, 30, 0, 10, 0}));
}

TEST_F(Limits, ATornEntryIsLeftOut) {
  EXPECT_FALSE(read_journal_line("1 20261125 1 3 7 11 1 10 0 5"));
  EXPECT_FALSE(read_journal_line("1 20261125 1 3 7 11 1 10 0 5 0"));
  EXPECT_FALSE(read_journal_line("-1 20261125 1 3 7 11 1 10 0 5 0 tiny"));
  EXPECT_FALSE(read_journal_line(""));
  EXPECT_FALSE(read_journal_line("$5"));
  EXPECT_FALSE(read_journal_line("$ 1 20261125 1 3 7 11 1 10 0 5 0 tiny"));
  EXPECT_FALSE(read_journal_line("$-5 1 20261125 1 3 7 11 1 10 0 5 0 tiny"));
  const JournalEntry entry{5, 20261125, ana_, {1, 10, 2, 5, 3, 77}};
  const auto line = journal_line(entry);
  const auto again = read_journal_line(std::string_view(line).substr(0, line.size() - 1));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->spent, entry.spent);
  EXPECT_EQ(again->user.model, "tiny");
}

TEST_F(Limits, AnEntryWithoutACostIsReadAsWrittenBefore) {
  const auto entry = read_journal_line("5 20261125 1 3 7 11 1 10 2 5 3 tiny");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->spent, (Spent{1, 10, 2, 5, 3, 0}));
}

TEST_F(Limits, UsageIsToldByWhatOneAsks) {
  const auto department = box_->directory.create_department(home_tenant, "research");
  Owner wanted;
  wanted.tenant = home_tenant;
  wanted.name = "=ana";
  wanted.roles = {Role::user};
  const auto ana = box_->directory.create_owner(wanted);
  box_->ledger.add({home_tenant, department.id, ana.id, 0, "tiny"}, {1, 1'000'000, 500'000, 1'000'000, 0});
  now_ += 86400;
  box_->ledger.add({home_tenant, department.id, ana.id, 0, "tiny"}, {1, 2'000'000, 0, 0, 0});
  const auto ask = [&](const char* text) {
    return act(*box_, Actor::machine(), "usage.show", json::parse(text).as_object());
  };
  auto answer = ask(R"({"by":["day","department"]})");
  EXPECT_EQ(json::array_at(answer, "usage").size(), 2u);
  answer = ask(R"({"by":["user"],"as":"deepseek-flash"})");
  const auto row = json::array_at(answer, "usage").at(0).as_object();
  EXPECT_EQ(row.at("prompt_tokens"), 3'000'000u);
  EXPECT_DOUBLE_EQ(row.at("cost").to_number<double>(), 2.5 * 1 + 0.5 * 0.02 + 1 * 4);
  EXPECT_DOUBLE_EQ(row.at("cost_peak").to_number<double>(), 2.5 * 2 + 0.5 * 0.04 + 1 * 8);
  answer = ask(R"({"by":"user","format":"csv","to":"2026-11-25"})");
  const auto csv = json::string_at(answer, "csv");
  EXPECT_TRUE(csv.starts_with("user,user_id,requests,")) << csv;
  EXPECT_NE(csv.find("\r\n'=ana,"), csv.npos) << csv;
  EXPECT_EQ(field_of([&] { ask(R"({"by":"name"})"); }), "by");
  EXPECT_EQ(field_of([&] { ask(R"({"from":"2026-02-30"})"); }), "from");
  EXPECT_EQ(field_of([&] { ask(R"({"as":"none"})"); }), "as");
}

TEST_F(Limits, TheBoxIsComparedWithTheCloudThatItReplaces) {
  const auto ask = [&](const Actor& actor, const char* text) {
    return act(*box_, actor, "usage.show", json::parse(text).as_object());
  };
  box_->ledger.add(ana_, {1, 30'000'000, 0, 10'000'000, 0});
  now_ += 9 * 86400;
  const char* question = R"({"by":"model","as":"deepseek-flash"})";
  EXPECT_FALSE(ask(Actor::machine(), question).contains("machine")) << "nobody has said what it costs";
  box_->machine_cost = [] { return MachineCost{"CNY", 36'000, 36, 300, 200}; };
  const auto machine = ask(Actor::machine(), question).at("machine").as_object();
  EXPECT_DOUBLE_EQ(machine.at("cost_a_month").as_double(), 1500);
  EXPECT_EQ(machine.at("days"), 10);
  EXPECT_DOUBLE_EQ(machine.at("cost").as_double(), 1500 * 10 / (365.25 / 12));
  EXPECT_DOUBLE_EQ(machine.at("cloud_cost").as_double(), 70);
  EXPECT_DOUBLE_EQ(machine.at("cloud_cost_peak").as_double(), 140);
  const auto& even = machine.at("break_even").as_object();
  EXPECT_NEAR(even.at("tokens_a_month").as_double(), 1500 / 1.75 * 1e6, 1) << "1.75 a million in this mix";
  EXPECT_NEAR(even.at("tokens_a_month_peak").as_double(), 1500 / 3.5 * 1e6, 1);
  EXPECT_NEAR(even.at("used_a_month").as_double(), 40e6 / 10 * 365.25 / 12, 1);
  box_->machine_cost = [] { return MachineCost{"EUR", 36'000, 36, 0, 0}; };
  EXPECT_TRUE(ask(Actor::machine(), question).at("machine").at("break_even").is_null()) << "nothing is converted";
  auto stranger = Actor::machine();
  stranger.tenant = box_->directory.create_tenant("acme", "UTC", "EUR").id;
  EXPECT_FALSE(ask(stranger, question).contains("machine"));
}

TEST_F(Limits, APriceHoldsFromItsDayOn) {
  box_->prices.set({.model = "m", .since = 20261101, .currency = "CNY", .input = 1, .output = 0});
  box_->prices.set({.model = "m", .since = 20261126, .currency = "CNY", .input = 10, .output = 0});
  box_->ledger.add(ana_, {1, 1'000'000, 0, 0, 0});
  now_ += 86400;
  box_->ledger.add(ana_, {1, 1'000'000, 0, 0, 0});
  const auto answer = act(*box_, Actor::machine(), "usage.show", json::parse(R"({"by":"model","as":"m"})").as_object());
  EXPECT_DOUBLE_EQ(json::array_at(answer, "usage").at(0).as_object().at("cost").to_number<double>(), 11);
}

}  // namespace
}  // namespace cofre::accounts
