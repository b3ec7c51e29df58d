#include <thread>

#include "accounts/actions/actions.h"
#include "accounts/fixture.h"
#include "base/thrown.h"

namespace cofre::accounts {
namespace {

class QuotasOfStorage : public AccountsTest {
 protected:
  QuotasOfStorage() {
    open();
    Owner wanted;
    wanted.tenant = home_tenant;
    wanted.department = box_->directory.create_department(home_tenant, "research").id;
    for (const char* name : {"ana", "ben"}) {
      wanted.name = name;
      const auto owner = box_->directory.create_owner(wanted);
      users_.push_back({home_tenant, owner.department, owner.id, 7, ""});
    }
  }
  json::Object act(std::string_view what, const json::Object& request) {
    return accounts::act(*box_, Actor::machine(), what, request);
  }
  /// As the triggers of the tables that hold content do.
  void store(const User& user, std::int64_t bytes) {
    const std::lock_guard hold(mutex_);
    database_.run(
        "INSERT INTO stored_bytes VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET bytes = bytes + excluded.bytes",
        user.user, bytes);
  }
  bool has_room(const User& user, std::uint64_t bytes) {
    Room room;
    return !box_->quotas.make_room(user, bytes, room);
  }

  std::vector<User> users_;
};

TEST_F(QuotasOfStorage, WhatIsStoredAndWhatIsBeingStoredFitTogether) {
  act("quota.set", {{"user", "ana"}, {"metric", "storage"}, {"amount", 1000}});
  store(users_[0], 400);
  Room room;
  EXPECT_FALSE(box_->quotas.make_room(users_[0], 500, room));
  EXPECT_FALSE(has_room(users_[0], 101));
  EXPECT_TRUE(has_room(users_[0], 100));
  EXPECT_TRUE(has_room(users_[1], 5000));
  EXPECT_TRUE(box_->quotas.widen(room, 601));
  EXPECT_FALSE(box_->quotas.widen(room, 600));
  EXPECT_FALSE(has_room(users_[0], 0));  // full
  store(users_[0], 600);
  room = {};
  EXPECT_FALSE(has_room(users_[0], 0));
  store(users_[0], -1);
  EXPECT_TRUE(has_room(users_[0], 1));
}
TEST_F(QuotasOfStorage, ARefusalNamesTheQuotaAndWhatIsUsed) {
  act("quota.set", {{"department", "research"}, {"metric", "storage"}, {"amount", 1000}});
  store(users_[0], 700);
  Room room, other;
  ASSERT_FALSE(box_->quotas.make_room(users_[1], 200, room));
  const auto refusal = box_->quotas.make_room(users_[0], 101, other);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->message,
            "the quota of 1000 stored bytes of the department is used up: 700 used, 200 set aside, 101 wanted");
  EXPECT_EQ(refusal->quota.level, Level::department);
}
TEST_F(QuotasOfStorage, ItIsShownWithWhatTheDatabaseHas) {
  act("quota.set", {{"tenant", "home"}, {"metric", "storage"}, {"amount", 1000}});
  store(users_[0], 300);
  store(users_[1], 30);
  open();  // nothing is lost, and nothing stays set aside
  Room room;
  ASSERT_FALSE(box_->quotas.make_room(users_[0], 50, room));
  const auto shown = act("quota.list", {}).at("quotas").as_array().at(0).as_object();
  EXPECT_EQ(shown.at("metric"), "storage");
  EXPECT_EQ(shown.at("used").to_number<int>(), 330);
  EXPECT_EQ(shown.at("reserved").to_number<int>(), 50);
  EXPECT_TRUE(shown.at("ends").is_null());
}
TEST_F(QuotasOfStorage, RequestsAreNotCountedAgainstIt) {
  act("quota.set", {{"user", "ana"}, {"metric", "storage"}, {"amount", 0}});
  Reservation reservation;
  EXPECT_FALSE(box_->quotas.reserve(users_[0], {100, 100}, reservation));
  reservation.settle({1, 100, 0, 100, 0});
  EXPECT_TRUE(box_->quotas.standings(users_[0]).empty());
  EXPECT_TRUE(box_->quotas.limits_storage(users_[0]));
  EXPECT_FALSE(box_->quotas.limits_storage(users_[1]));
}
TEST_F(QuotasOfStorage, ManyAtOnceDoNotOvershoot) {
  act("quota.set", {{"user", "ana"}, {"metric", "storage"}, {"amount", 1000}});
  std::atomic<int> kept{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n) {
        Room room;
        if (box_->quotas.make_room(users_[0], 30, room)) continue;
        store(users_[0], 30);
        ++kept;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(kept, 33);
}
TEST_F(QuotasOfStorage, WhatIsNoQuotaOfStorageIsRefused) {
  const json::Object good{{"user", "ana"}, {"metric", "storage"}, {"amount", 1}};
  const auto with = [&](const char* name, json::Value value) {
    auto request = good;
    request[name] = std::move(value);
    return field_of([&] { act("quota.set", request); });
  };
  EXPECT_EQ(with("period", "day"), "period");
  EXPECT_EQ(with("model", "m"), "model");
  EXPECT_EQ(with("amount", -1), "amount");
  box_->keys.create("app", {Scope::inference});
  EXPECT_EQ(field_of([&] { act("quota.set", {{"key", "app"}, {"metric", "storage"}, {"amount", 1}}); }), "key");
}

}  // namespace
}  // namespace cofre::accounts
