#include "accounts/retention.h"

#include "accounts/actions/actions.h"
#include "accounts/fixture.h"
#include "base/thrown.h"

namespace cofre::accounts {
namespace {

class RulesOfRetention : public AccountsTest {
 protected:
  RulesOfRetention() { open(); }

  json::Object act(std::string_view what, json::Object request, std::int64_t tenant = home_tenant) {
    auto actor = Actor::machine();
    actor.tenant = tenant;
    return accounts::act(*box_, actor, what, request);
  }
  std::int64_t user(std::string_view name, std::int64_t tenant = home_tenant, std::int64_t department = 0) {
    Owner wanted;
    wanted.tenant = tenant;
    wanted.department = department;
    wanted.name = name;
    return box_->directory.create_owner(wanted).id;
  }
};

TEST_F(RulesOfRetention, TheNarrowestHolds) {
  const auto research = box_->directory.create_department(home_tenant, "research").id;
  const auto ana = user("ana", home_tenant, research), ben = user("ben");
  EXPECT_FALSE(box_->retention.days(Kept::files, ana));
  act("retention.set", {{"kind", "files"}, {"days", 90}});
  act("retention.set", {{"kind", "files"}, {"days", 60}, {"tenant", "home"}});
  EXPECT_EQ(box_->retention.days(Kept::files, ana), 60);
  act("retention.set", {{"kind", "files"}, {"days", 70}, {"department", "research"}});
  act("retention.set", {{"kind", "files"}, {"days", 5}, {"user", "ana"}});
  EXPECT_EQ(box_->retention.days(Kept::files, ana), 5);
  EXPECT_EQ(box_->retention.days(Kept::files, ben), 60);
  EXPECT_EQ(box_->retention.days(Kept::files, 999), 90);
  EXPECT_EQ(box_->retention.least_days(Kept::files), 5);
  EXPECT_FALSE(box_->retention.days(Kept::responses, ana));
  box_->directory.set_owner_state(ana, State::deleted);
  EXPECT_EQ(box_->retention.days(Kept::files, ana), 5);
}
TEST_F(RulesOfRetention, ARuleIsReplacedRemovedAndKnownAfterARestart) {
  const auto first = act("retention.set", {{"kind", "responses"}, {"days", 7}, {"tenant", "home"}});
  const auto again = act("retention.set", {{"kind", "responses"}, {"days", 8}, {"tenant", "home"}});
  EXPECT_EQ(first.at("id"), again.at("id"));
  act("retention.set", {{"kind", "logs"}, {"days", 30}});
  open();
  EXPECT_EQ(act("retention.list", {}).at("rules").as_array().size(), 2u);
  EXPECT_EQ(box_->retention.days_of_box(Kept::logs), 30);
  EXPECT_EQ(act("retention.remove", {{"rule", again.at("id")}}).at("days"), 8);
  EXPECT_FALSE(box_->retention.days(Kept::responses, user("ana")));
  EXPECT_EQ(field_of([&] { act("retention.remove", {{"rule", again.at("id")}}); }), "rule");
}
TEST_F(RulesOfRetention, WhatIsNoRuleIsRefused) {
  EXPECT_EQ(field_of([&] { act("retention.set", {{"kind", "dreams"}, {"days", 7}}); }), "kind");
  EXPECT_EQ(field_of([&] { act("retention.set", {{"kind", "files"}, {"days", 0}}); }), "days");
  EXPECT_EQ(field_of([&] { act("retention.set", {{"kind", "files"}, {"days", 36'501}}); }), "days");
  EXPECT_EQ(field_of([&] { act("retention.set", {{"kind", "files"}}); }), "days");
  EXPECT_EQ(field_of([&] { act("retention.set", {{"kind", "logs"}, {"days", 7}, {"tenant", "home"}}); }), "kind");
  box_->keys.create("app", {Scope::inference});
  EXPECT_EQ(field_of([&] { act("retention.set", {{"kind", "files"}, {"days", 7}, {"key", "app"}}); }), "key");
}
TEST_F(RulesOfRetention, AnotherTenantsAdministratorReachesTheirOwnAlone) {
  const auto acme = box_->directory.create_tenant("acme", "UTC", "CNY").id;
  const auto homes = act("retention.set", {{"kind", "files"}, {"days", 7}});
  EXPECT_EQ(field_of([&] { act("retention.set", {{"kind", "files"}, {"days", 7}}, acme); }), "tenant");
  act("retention.set", {{"kind", "files"}, {"days", 9}, {"tenant", "acme"}}, acme);
  EXPECT_EQ(act("retention.list", {}, acme).at("rules").as_array().size(), 1u);
  EXPECT_EQ(field_of([&] { act("retention.remove", {{"rule", homes.at("id")}}, acme); }), "rule");
}

}  // namespace
}  // namespace cofre::accounts
