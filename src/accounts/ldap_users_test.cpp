#include "accounts/ldap_users.h"

#include <gtest/gtest.h>

#include "accounts/fixture.h"
#include "base/error.h"
#include "base/thrown.h"

namespace cofre::accounts {
namespace {

using Answer = SignIn::Answer;

/// A box whose directory knows ana, with the groups of `groups_`, unless it does not answer.
class DirectoryEntrance : public AccountsTest {
 protected:
  DirectoryEntrance() {
    open();
    box_->policy.cost = {1, 8 << 20};
    research_ = box_->directory.create_department(home_tenant, "research").id;
    box_->directory.create_tenant("acme", "UTC", "EUR");
    open_directory(true);
  }
  void open_directory(bool creates) {
    const auto ask = [this](const std::string& name, const std::string& password) -> std::optional<ldap::Person> {
      ++asked_;
      if (!answers_) fail(Code::unavailable, "ldaps://a: no answer");
      if ((name != "ana" && name != "ANA") || password != password_) return std::nullopt;
      return ldap::Person{"ana", groups_};
    };
    VouchedUsers::Options options;
    options.groups = {
        {"CN=Staff, DC=x", "home", "research", {Role::user}},         {"cn=ops,dc=x", "home", "", {Role::box_operator}},
        {"cn=sys,dc=x", "home", "", {Role::system_administrator}},    {"cn=audit,dc=x", "home", "", {Role::auditor}},
        {"cn=lost,dc=x", "home", "no such department", {Role::user}}, {"cn=acme,dc=x", "acme", "", {Role::user}}};
    options.creates_users = creates;
    options.note = [this](const std::string& text) { noted_ = text; };
    users_ = std::make_unique<LdapUsers>(database_, mutex_, *box_, ask, options);
    box_->sign_in.elsewhere = [this](std::int64_t tenant, const std::string& name, const std::string& password) {
      return users_->verify(tenant, name, password);
    };
  }
  SignIn::Result sign_in(const std::string& password = password_, const std::string& name = "ana",
                         std::int64_t tenant = home_tenant) {
    return box_->sign_in.sign_in(tenant, name, password, "");
  }
  Owner make(const std::string& name, Roles roles) {
    Owner wanted;
    wanted.tenant = home_tenant;
    wanted.name = name;
    wanted.roles = roles;
    return box_->directory.create_owner(wanted);
  }
  Owner ana() { return box_->directory.owner_named(home_tenant, "ana"); }

  static inline const std::string password_ = "of the directory";
  std::unique_ptr<LdapUsers> users_;
  std::vector<std::string> groups_{"cn=staff,dc=x"};
  bool answers_ = true;
  int asked_ = 0;
  std::string noted_;
  std::int64_t research_ = 0;
};

TEST_F(DirectoryEntrance, WhoIsNewBecomesAUserWithWhatTheGroupsSay) {
  const auto result = sign_in();
  EXPECT_EQ(result.answer, Answer::welcome);
  EXPECT_EQ(result.owner, ana().id);
  EXPECT_EQ(ana().roles, Roles{Role::user});
  EXPECT_EQ(ana().department, research_);
  EXPECT_EQ(sign_in().owner, result.owner);
}

TEST_F(DirectoryEntrance, WhoIsInNoGroupOfTheTenantStaysOutside) {
  groups_ = {"cn=other,dc=x"};
  EXPECT_EQ(sign_in().answer, Answer::wrong);
  groups_ = {"cn=acme,dc=x"};
  EXPECT_EQ(sign_in().answer, Answer::wrong);
  EXPECT_FALSE(box_->directory.find_owner(home_tenant, "ana"));
  const auto acme = box_->directory.tenant_named("acme").id;
  EXPECT_EQ(sign_in(password_, "ana", acme).answer, Answer::welcome);
  EXPECT_EQ(sign_in(password_, "ana", 0).answer, Answer::wrong);
}

TEST_F(DirectoryEntrance, WhereUsersAreNotMadeAnAdministratorMakesThem) {
  open_directory(false);
  EXPECT_EQ(sign_in().answer, Answer::wrong);
  make("ana", {Role::user});
  EXPECT_EQ(sign_in().answer, Answer::welcome);
}

TEST_F(DirectoryEntrance, ARoleThatAGroupGaveIsGoneWithTheGroup) {
  groups_ = {"cn=staff,dc=x", "cn=ops,dc=x"};
  sign_in();
  EXPECT_EQ(ana().roles, (Roles{Role::user, Role::box_operator}));
  groups_ = {"cn=staff,dc=x"};
  sign_in();
  EXPECT_EQ(ana().roles, Roles{Role::user});
  groups_ = {};
  EXPECT_EQ(sign_in().answer, Answer::wrong);
  EXPECT_EQ(ana().roles, Roles());
}

TEST_F(DirectoryEntrance, ARoleGivenByHandStays) {
  sign_in();
  box_->directory.set_roles(ana().id, {Role::user, Role::auditor});
  groups_ = {"cn=staff,dc=x", "cn=audit,dc=x", "cn=ops,dc=x"};
  sign_in();
  EXPECT_EQ(ana().roles, (Roles{Role::user, Role::auditor, Role::box_operator}));
  groups_ = {};
  sign_in();
  EXPECT_EQ(ana().roles, Roles{Role::auditor});
}

TEST_F(DirectoryEntrance, RolesThatAreKeptApartAreNotGiven) {
  groups_ = {"cn=staff,dc=x", "cn=sys,dc=x"};
  sign_in();
  box_->directory.keep_roles_apart(true);
  groups_ = {"cn=staff,dc=x", "cn=sys,dc=x", "cn=audit,dc=x"};
  EXPECT_EQ(field_of([&] { sign_in(); }), "roles");
  EXPECT_EQ(ana().roles, Roles());
  groups_ = {"cn=staff,dc=x", "cn=audit,dc=x"};
  sign_in();
  EXPECT_EQ(ana().roles, (Roles{Role::user, Role::auditor}));
}

TEST_F(DirectoryEntrance, WhoHasAPasswordHereIsNotAskedForElsewhere) {
  box_->sign_in.set_password(make("ana", {Role::user, Role::auditor}).id, "correct horse battery");
  EXPECT_EQ(sign_in().answer, Answer::wrong);
  EXPECT_EQ(sign_in("correct horse battery").answer, Answer::welcome);
  EXPECT_EQ(asked_, 0);
  EXPECT_EQ(sign_in(password_, "ANA").answer, Answer::wrong);
  EXPECT_EQ(ana().roles, (Roles{Role::user, Role::auditor}));
}

TEST_F(DirectoryEntrance, NobodyBecomesAnAdministratorByTheNameOfOne) {
  make("ana", {Role::user, Role::system_administrator});
  EXPECT_EQ(sign_in().answer, Answer::wrong);
}

TEST_F(DirectoryEntrance, AServiceAccountIsNotSignedInTo) {
  Owner wanted;
  wanted.tenant = home_tenant;
  wanted.kind = Owner::Kind::service;
  wanted.name = "ana";
  wanted.granted = {Scope::inference};
  box_->directory.create_owner(wanted);
  EXPECT_EQ(sign_in().answer, Answer::wrong);
  EXPECT_EQ(sign_in(password_, "ANA").answer, Answer::wrong);
}

TEST_F(DirectoryEntrance, ASuspendedUserStaysOutside) {
  sign_in();
  box_->directory.set_owner_state(ana().id, State::suspended);
  EXPECT_EQ(sign_in().answer, Answer::wrong);
}

TEST_F(DirectoryEntrance, GuessingWaitsInWhateverLettersTheNameIsWritten) {
  sign_in();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sign_in("wrong").answer, Answer::wrong);
  EXPECT_EQ(sign_in().answer, Answer::wait);
  EXPECT_EQ(sign_in(password_, "ANA").answer, Answer::wait);
  now_ += 1;
  EXPECT_EQ(sign_in(password_, "ANA").owner, ana().id);
  for (const auto* name : {"bEn", "BEN", "ben"}) EXPECT_EQ(sign_in("wrong", name).answer, Answer::wrong);
  EXPECT_EQ(sign_in("wrong", "Ben").answer, Answer::wait);
}

TEST_F(DirectoryEntrance, ADirectoryThatDoesNotAnswerCostsNobodyAnAttempt) {
  sign_in();
  answers_ = false;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(code_of([&] { sign_in(); }), Code::unavailable);
    EXPECT_EQ(code_of([&] { sign_in(password_, "new"); }), Code::unavailable);
  }
  EXPECT_EQ(noted_, "ldaps://a: no answer");
  answers_ = true;
  EXPECT_EQ(sign_in().answer, Answer::welcome);
  EXPECT_EQ(sign_in(password_, "new").answer, Answer::wrong);
}

TEST_F(DirectoryEntrance, AGroupThatLeadsToNoDepartmentIsNoted) {
  groups_ = {"cn=lost,dc=x"};
  EXPECT_EQ(code_of([&] { sign_in(); }), Code::unavailable);
  EXPECT_NE(noted_.find("no such department"), std::string::npos);
}

TEST_F(DirectoryEntrance, AnOldInvitationSetsNoPassword) {
  const auto link = box_->sign_in.make_link(make("ana", {Role::user}).id, 1000);
  EXPECT_EQ(box_->sign_in.kept_by(ana().id), std::nullopt);
  sign_in();
  EXPECT_EQ(box_->sign_in.kept_by(ana().id), "ldap");
  EXPECT_EQ(code_of([&] { box_->sign_in.use_link(link, "correct horse battery"); }), Code::not_found);
}

TEST_F(DirectoryEntrance, ThePasswordIsAskedOnceMoreElsewhereToo) {
  sign_in();
  EXPECT_TRUE(box_->sign_in.check_password(ana().id, password_));
  EXPECT_FALSE(box_->sign_in.check_password(ana().id, "wrong"));
}

TEST_F(DirectoryEntrance, WhatIsNoGroupIsRefusedAtTheStart) {
  VouchedUsers::Options options;
  options.groups = {{"admins", "home", "", {Role::user}}};
  EXPECT_EQ(field_of([&] { LdapUsers(database_, mutex_, *box_, {}, options); }), "ldap.group");
}

}  // namespace
}  // namespace cofre::accounts
