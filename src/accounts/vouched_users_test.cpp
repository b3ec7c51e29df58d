#include "accounts/vouched_users.h"

#include <gtest/gtest.h>

#include "accounts/actions/actions.h"
#include "accounts/fixture.h"
#include "base/thrown.h"

namespace cofre::accounts {
namespace {

using Answer = SignIn::Answer;

/// A box whose provider says who somebody is by a subject of its own. What all vouched users have in common is tested
/// with the directory's (ldap_users_test.cpp).
class BySubject : public AccountsTest {
 protected:
  BySubject() {
    open();
    box_->policy.cost = {1, 8 << 20};
    box_->directory.create_tenant("acme", "UTC", "EUR");
    acme_ = box_->directory.tenant_named("acme").id;
    users_ = std::make_unique<VouchedUsers>(
        database_, mutex_, *box_,
        VouchedUsers::Options{.source = "oidc",
                              .groups = {{"staff", "home", "", {Role::user}},
                                         {"ops", "home", "", {Role::box_operator}},
                                         {"acme", "acme", "", {Role::user}},
                                         {"lost", "no such tenant", "", {Role::user}}},
                              .note = [this](const std::string& text) { noted_ = text; }});
  }
  std::optional<std::int64_t> admit(const std::string& subject, const std::string& name,
                                    std::vector<std::string> groups = {"staff"}) {
    return users_->admit({name, std::move(groups), subject});
  }
  Owner owner(std::int64_t id) { return box_->directory.owner(id); }

  std::unique_ptr<VouchedUsers> users_;
  std::int64_t acme_ = 0;
  std::string noted_;
};

TEST_F(BySubject, WhoIsRenamedThereStaysWhoTheyAreHere) {
  const auto ana = admit("7001", "ana");
  ASSERT_TRUE(ana);
  EXPECT_EQ(admit("7001", "ana.silva"), ana);
  EXPECT_EQ(owner(*ana).name, "ana");
}

TEST_F(BySubject, AnotherOfTheSameNameIsNotThem) {
  EXPECT_TRUE(admit("7001", "ana"));
  EXPECT_EQ(admit("7002", "ana"), std::nullopt);
}

TEST_F(BySubject, ADeletedUsersNameIsFreeAndNothingComesWithIt) {
  const auto before = admit("7001", "ana", {"staff", "ops"});
  box_->directory.set_owner_state(*before, State::deleted);
  const auto after = admit("7001", "ana");
  ASSERT_TRUE(after);
  EXPECT_NE(after, before);
  EXPECT_EQ(owner(*after).roles, Roles{Role::user});
  EXPECT_NE(admit("7001", "ana"), before);
}

TEST_F(BySubject, TheDirectorysUsersAreNotTheProviders) {
  VouchedUsers directory(database_, mutex_, *box_, {.source = "ldap", .groups = {{"*", "home", "", {Role::user}}}});
  const auto ana = directory.admit(home_tenant, {"ana"});
  ASSERT_TRUE(ana);
  EXPECT_EQ(admit("7001", "ana"), std::nullopt);
  const auto ben = admit("7002", "ben");
  EXPECT_EQ(directory.admit(home_tenant, {"ben"}), std::nullopt);
  EXPECT_EQ(box_->sign_in.kept_by(*ana), "ldap");
  EXPECT_EQ(box_->sign_in.kept_by(*ben), "oidc");
}

TEST_F(BySubject, TheFirstGroupSaysWhichTenant) {
  const auto both = admit("7001", "ana", {"acme", "staff"});
  EXPECT_EQ(owner(*both).tenant, home_tenant);
  const auto other = admit("7002", "ben", {"acme"});
  EXPECT_EQ(owner(*other).tenant, acme_);
  EXPECT_EQ(admit("7003", "carla", {"unknown"}), std::nullopt);
  EXPECT_EQ(code_of([&] { admit("7004", "dora", {"lost"}); }), Code::unavailable);
  EXPECT_NE(noted_.find("oidc.group"), std::string::npos);
}

TEST_F(BySubject, WhoLeavesAGroupLosesWhatItGaveInEveryTenant) {
  const auto home = admit("7001", "ana", {"staff", "ops"});
  const auto away = admit("7001", "ana", {"acme"});
  EXPECT_NE(home, away);
  EXPECT_EQ(owner(*home).roles, Roles());
  EXPECT_EQ(owner(*away).roles, Roles{Role::user});
  EXPECT_EQ(admit("7001", "ana", {}), std::nullopt);
  EXPECT_EQ(owner(*away).roles, Roles());
}

TEST_F(BySubject, WhoIsVouchedForSignsInWithoutAPassword) {
  const auto ana = admit("7001", "ana");
  EXPECT_EQ(box_->sign_in.admit(*ana, "").answer, Answer::welcome);
  EXPECT_EQ(box_->sign_in.sign_in(home_tenant, "ana", "", "").answer, Answer::wrong);
  box_->directory.set_owner_state(*ana, State::suspended);
  EXPECT_EQ(box_->sign_in.admit(*ana, "").answer, Answer::wrong);
}

TEST_F(BySubject, WhoIsLockedOutWaits) {
  const auto ana = admit("7001", "ana");
  for (int i = 0; i < 3; ++i) box_->sign_in.sign_in(home_tenant, "ana", "guessed", "");
  EXPECT_EQ(box_->sign_in.admit(*ana, "").answer, Answer::wait);
  now_ += 10;
  EXPECT_EQ(box_->sign_in.admit(*ana, "").answer, Answer::welcome);
}

TEST_F(BySubject, WhoHasNoPasswordBeginsASecondFactorSoonAfterSigningIn) {
  const auto ana = admit("7001", "ana");
  const auto session = box_->sessions.begin(*ana, true, "");
  const auto actor = Actor::of(*box_->sessions.authenticate(session), "");
  now_ += 601;
  EXPECT_EQ(field_of([&] { act(*box_, actor, "me.factor.begin", {}); }), "session");
  now_ -= 1;
  EXPECT_EQ(field_of([&] { act(*box_, actor, "me.factor.begin", {{"password", "x"}}); }), "password");
  EXPECT_TRUE(act(*box_, actor, "me.factor.begin", {}).contains("secret"));
}

TEST_F(BySubject, ASecondFactorIsDemandedAsOfOthers) {
  const auto ana = admit("7001", "ana");
  box_->policy.second_factor = Policy::SecondFactor::everybody;
  EXPECT_EQ(box_->sign_in.admit(*ana, "").answer, Answer::limited);
}

}  // namespace
}  // namespace cofre::accounts
