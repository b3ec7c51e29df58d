#include "accounts/sign_in.h"

#include <gtest/gtest.h>

#include "accounts/accounts.h"
#include "accounts/fixture.h"
#include "base/error.h"
#include "base/thrown.h"
#include "crypto/totp.h"

namespace cofre::accounts {
namespace {

using Answer = SignIn::Answer;

class Entrance : public AccountsTest {
 protected:
  Entrance() {
    open();
    Owner wanted;
    wanted.tenant = home_tenant;
    wanted.name = "ana";
    wanted.roles = {Role::user, Role::auditor};
    ana_ = box_->directory.create_owner(wanted).id;
    box_->sign_in.set_password(ana_, password_);
  }
  void open() {
    AccountsTest::open();
    box_->policy.cost = {1, 8 << 20};
  }
  SignIn::Result sign_in(std::string_view password, std::string_view code = {}, std::string_view name = "ana") {
    return box_->sign_in.sign_in(home_tenant, name, password, code);
  }
  std::string code_of_now(const std::vector<std::byte>& secret) const {
    return crypto::totp_code(secret, now_ / crypto::totp_step_s);
  }

  const std::string password_ = "correct horse battery";
  std::int64_t ana_ = 0;
};

TEST_F(Entrance, IsOpenedByThePasswordAlone) {
  EXPECT_EQ(sign_in(password_).answer, Answer::welcome);
  EXPECT_EQ(sign_in(password_).owner, ana_);
  EXPECT_EQ(sign_in("correct horse batter").answer, Answer::wrong);
  EXPECT_EQ(sign_in("").answer, Answer::wrong);
  EXPECT_EQ(sign_in(password_, {}, "ben").answer, Answer::wrong);
  box_->directory.set_owner_state(ana_, State::suspended);
  EXPECT_EQ(sign_in(password_).answer, Answer::wrong);
}

TEST_F(Entrance, GuessingWaitsLongerEachTime) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sign_in("wrong").answer, Answer::wrong);
  EXPECT_EQ(sign_in(password_).answer, Answer::wait);
  EXPECT_EQ(sign_in(password_).retry_after_s, 1);
  now_ += 1;
  EXPECT_EQ(sign_in("wrong").answer, Answer::wrong);
  EXPECT_EQ(sign_in("wrong").retry_after_s, 2);
  std::int64_t waited = 0;
  int guesses = 0;
  while (waited < 86400) {
    const auto result = sign_in("wrong");
    guesses += result.answer == Answer::wrong ? 1 : 0;
    now_ += result.retry_after_s;
    waited += result.retry_after_s;
  }
  EXPECT_LT(guesses, 50);  // of a day
  sign_in("wrong");
  open();
  EXPECT_EQ(sign_in(password_).answer, Answer::wait);
  box_->sign_in.unlock(ana_);
  EXPECT_EQ(sign_in(password_).answer, Answer::welcome);
}

TEST_F(Entrance, AClockSetBackLetsNobodyGuessMore) {
  for (int i = 0; i < 8; ++i) {
    sign_in("wrong");
    now_ += 100;
  }
  sign_in("wrong");
  now_ -= 50'000;
  EXPECT_EQ(sign_in(password_).answer, Answer::wait);
}

TEST_F(Entrance, ANameThatNobodyHasWaitsToo) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sign_in("wrong", {}, "ben").answer, Answer::wrong);
  EXPECT_EQ(sign_in("wrong", {}, "ben").answer, Answer::wait);
}

TEST_F(Entrance, PasswordsFollowThePolicy) {
  for (const std::string& bad : {std::string("short"), std::string("with ana in it, long"), std::string(40, 'a'),
                                 password_, std::string(2000, 'x'), std::string("not utf-8 \xff\xff\xff\xff")}) {
    EXPECT_EQ(field_of([&] { box_->sign_in.set_password(ana_, bad); }), "password") << bad;
  }
  for (int i = 0; i < 5; ++i) box_->sign_in.set_password(ana_, fmt::format("another password {}", i));
  EXPECT_EQ(field_of([&] { box_->sign_in.set_password(ana_, "another password 0"); }), "password");
  EXPECT_NO_THROW(box_->sign_in.set_password(ana_, password_));
}

TEST_F(Entrance, ALinkSetsAPasswordOnce) {
  const auto old = box_->sign_in.make_link(ana_, 100), link = box_->sign_in.make_link(ana_, 100);
  EXPECT_EQ(code_of([&] { box_->sign_in.use_link(old, "quite another one"); }), Code::not_found);
  EXPECT_EQ(field_of([&] { box_->sign_in.use_link(link, "short"); }), "password");
  EXPECT_EQ(box_->sign_in.use_link(link, "quite another one"), ana_);
  EXPECT_EQ(code_of([&] { box_->sign_in.use_link(link, "and one more, now"); }), Code::not_found);
  EXPECT_EQ(sign_in("quite another one").answer, Answer::welcome);
  const auto late = box_->sign_in.make_link(ana_, 100);
  now_ += 100;
  EXPECT_EQ(code_of([&] { box_->sign_in.use_link(late, "and one more, now"); }), Code::not_found);
}

TEST_F(Entrance, ACodeIsTakenOnce) {
  const auto secret = box_->sign_in.begin_factor(ana_);
  EXPECT_EQ(sign_in(password_).answer, Answer::welcome);
  EXPECT_EQ(field_of([&] { box_->sign_in.confirm_factor(ana_, "000000"); }), "code");
  const auto recovery = box_->sign_in.confirm_factor(ana_, code_of_now(secret));
  EXPECT_EQ(sign_in(password_).answer, Answer::code_needed);
  EXPECT_EQ(sign_in(password_, code_of_now(secret)).answer, Answer::wrong);  // it has confirmed already
  now_ += 30;
  EXPECT_EQ(sign_in(password_, code_of_now(secret)).answer, Answer::welcome);
  EXPECT_EQ(sign_in(password_, code_of_now(secret)).answer, Answer::wrong);
  EXPECT_EQ(sign_in(password_, recovery.at(0)).answer, Answer::welcome);
  EXPECT_EQ(sign_in(password_, recovery.at(0)).answer, Answer::wrong);
  EXPECT_EQ(sign_in(password_, recovery.at(1)).answer, Answer::welcome);
  EXPECT_EQ(sign_in("wrong", recovery.at(2)).answer, Answer::wrong);
}

// Once, the right password alone made the box forget the codes that were wrong before.
TEST_F(Entrance, CodesAreNotGuessedFasterWithThePasswordShownInBetween) {
  const auto secret = box_->sign_in.begin_factor(ana_);
  box_->sign_in.confirm_factor(ana_, code_of_now(secret));
  now_ += 30;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(sign_in(password_, "no code").answer, Answer::wrong);
    EXPECT_EQ(sign_in(password_).answer, Answer::code_needed);
  }
  EXPECT_EQ(sign_in(password_, "no code").answer, Answer::wrong);
  EXPECT_EQ(sign_in(password_).answer, Answer::wait);
  now_ += 1;
  EXPECT_EQ(sign_in(password_, code_of_now(secret)).answer, Answer::welcome);
}

TEST_F(Entrance, AClockSetBackTakesNoCodeTwice) {
  const auto secret = box_->sign_in.begin_factor(ana_);
  box_->sign_in.confirm_factor(ana_, code_of_now(secret));
  now_ += 30;
  const auto used = code_of_now(secret);
  EXPECT_EQ(sign_in(password_, used).answer, Answer::welcome);
  now_ -= 30;
  EXPECT_EQ(sign_in(password_, used).answer, Answer::wrong);
  EXPECT_EQ(sign_in(password_, code_of_now(secret)).answer, Answer::wrong);
}

TEST_F(Entrance, WhoMustHaveASecondFactorGetsNoFurtherWithoutOne) {
  box_->policy.second_factor = Policy::SecondFactor::administrators;
  EXPECT_EQ(sign_in(password_).answer, Answer::limited);
  const auto cookie = box_->sessions.begin(ana_, true, "127.0.0.1");
  EXPECT_EQ(box_->sessions.authenticate(cookie)->scopes, Scopes{Scope::account});
}

TEST_F(Entrance, ASessionEndsWhenItIsNotUsedAndInAnyCase) {
  const auto idle = box_->sessions.begin(ana_, false, ""), used = box_->sessions.begin(ana_, false, "");
  const auto running = box_->sessions.authenticate(idle);
  std::vector<std::int64_t> told;
  box_->sessions.watch([&](std::int64_t id) { told.push_back(id); });
  now_ += 1000;
  EXPECT_TRUE(box_->sessions.authenticate(used));
  now_ += 1000;
  EXPECT_FALSE(box_->sessions.authenticate(idle));
  box_->tick();
  EXPECT_FALSE(running->is_valid());
  EXPECT_EQ(told, std::vector{running->key_id});
  EXPECT_TRUE(box_->sessions.authenticate(used));
  for (int i = 0; i < 50; ++i) {
    now_ += 900;
    box_->sessions.authenticate(used);
  }
  EXPECT_FALSE(box_->sessions.authenticate(used));
}

TEST_F(Entrance, SessionsOutliveTheProcessAndTheirSecretIsNowhere) {
  const auto cookie = box_->sessions.begin(ana_, false, "");
  open();
  EXPECT_TRUE(box_->sessions.authenticate(cookie));
  EXPECT_FALSE(box_->sessions.authenticate(std::string(43, 'A')));
  EXPECT_FALSE(box_->sessions.authenticate(""));
  now_ -= 1000;
  EXPECT_FALSE(box_->sessions.authenticate(cookie));  // from before it was made
  now_ += 1000;
  box_->sessions.end_all(ana_);
  open();
  EXPECT_FALSE(box_->sessions.authenticate(cookie));
}

TEST_F(Entrance, ARoleTakenAwayIsGoneFromRunningSessions) {
  const auto cookie = box_->sessions.begin(ana_, false, "");
  const auto running = box_->sessions.authenticate(cookie);
  EXPECT_TRUE(running->scopes.has(Scope::audit));
  box_->directory.set_roles(ana_, {Role::user});
  EXPECT_FALSE(running->is_valid());
  EXPECT_FALSE(box_->sessions.authenticate(cookie)->scopes.has(Scope::audit));
  box_->directory.set_owner_state(ana_, State::suspended);
  EXPECT_FALSE(box_->sessions.authenticate(cookie));
  box_->directory.set_owner_state(ana_, State::active);
  EXPECT_FALSE(box_->sessions.authenticate(cookie));  // signed out for good
}

}  // namespace
}  // namespace cofre::accounts
