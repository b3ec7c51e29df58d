#include <gtest/gtest.h>

#include "accounts/accounts.h"
#include "accounts/actions/actions.h"
#include "accounts/fixture.h"
#include "base/error.h"
#include "base/thrown.h"

namespace cofre::accounts {
namespace {

constexpr std::int64_t week_s = 7 * 86400;

class Import : public AccountsTest {
 protected:
  Import() {
    open();
    box_->policy.cost = {1, 8 << 20};
    box_->base_url = "https://box.example:8443";
    box_->directory.create_department(home_tenant, "research");
    acme_ = box_->directory.create_tenant("acme", "UTC", "EUR").id;
    box_->directory.create_department(acme_, "sales");
  }
  json::Array import(std::string_view csv, const Actor& actor = Actor::machine(), json::Object more = {}) {
    more["csv"] = csv;
    return json::array_at(act(*box_, actor, "user.import", more), "users");
  }
  std::string refusal(std::string_view csv, const Actor& actor = Actor::machine()) {
    const auto error = thrown_by([&] { import(csv, actor); });
    EXPECT_TRUE(!error || (error->field() == "csv" && error->code() == Code::invalid)) << error->what();
    return error ? error->what() : "imported";
  }
  std::size_t people() const {
    return box_->directory.owners(home_tenant, Owner::Kind::user).size() +
           box_->directory.owners(acme_, Owner::Kind::user).size();
  }
  static Actor actor_with(Scopes scopes, std::int64_t tenant = home_tenant) {
    Actor actor;
    actor.tenant = tenant;
    actor.scopes = scopes;
    return actor;
  }
  static std::string token_of(const json::Value& user) {
    const std::string link(json::string_at(user.as_object(), "link"));
    EXPECT_TRUE(link.starts_with("https://box.example:8443/setup#")) << link;
    return link.substr(link.find('#') + 1);
  }

  std::int64_t acme_ = 0;
};

TEST_F(Import, ATableMakesItsUsers) {
  const auto users = import(
      "\xef\xbb\xbfName;Label;Tenant;Department;Roles\r\n"
      "ana;\"Ana; die Große\";;research;user,auditor\r\n"
      ";;;;\r\n"
      "wang;王芳;acme;sales;\r\n");
  ASSERT_EQ(users.size(), 2u);
  const auto ana = box_->directory.owner_named(home_tenant, "ana");
  EXPECT_EQ(ana.label, "Ana; die Große");
  EXPECT_EQ(ana.roles, (Roles{Role::user, Role::auditor}));
  EXPECT_EQ(box_->directory.department(ana.department).name, "research");
  const auto wang = box_->directory.owner_named(acme_, "wang");
  EXPECT_EQ(wang.roles, Roles{Role::user});
  EXPECT_EQ(box_->directory.department(wang.department).name, "sales");
}

TEST_F(Import, EachUserSetsAPasswordByTheirOwnLinkOnce) {
  const auto users = import("name\nana\nben\n");
  const auto token = token_of(users.at(0));
  EXPECT_NE(token, token_of(users.at(1)));
  EXPECT_EQ(users.at(0).as_object().at("expires"), now_ + week_s);
  EXPECT_EQ(box_->sign_in.use_link(token, "correct horse battery"), box_->directory.owner_named(home_tenant, "ana").id);
  EXPECT_EQ(box_->sign_in.sign_in(home_tenant, "ana", "correct horse battery", "").answer, SignIn::Answer::welcome);
  EXPECT_EQ(field_of([&] { box_->sign_in.use_link(token, "another horse battery"); }), "token");
  now_ += week_s;
  EXPECT_EQ(field_of([&] { box_->sign_in.use_link(token_of(users.at(1)), "correct horse battery"); }), "token");
}

TEST_F(Import, ALaterInvitationTakesThePlaceOfTheFirst) {
  const auto first = token_of(import("name\nana\n").at(0));
  const auto second = act(*box_, Actor::machine(), "user.link", {{"user", "ana"}});
  EXPECT_EQ(field_of([&] { box_->sign_in.owner_of_link(first); }), "token");
  EXPECT_NO_THROW(box_->sign_in.owner_of_link(token_of(second)));
}

TEST_F(Import, OneBadRowImportsNobodyAndEveryBadRowIsNamed) {
  import("name\ntaken\n");
  const auto before = people();
  const auto why = refusal(
      "name,label,tenant,department,roles\n"
      "good,,,,\n"
      "taken,,,,\n"
      ",No name,,,\n"
      "\"two\nlines\",,,,\n"
      "ana,,,sales,\n"
      "ana,,nowhere,,\n"
      "ana,,,,\"user, king\"\n"
      "ana\n"
      "good,,,,\n");
  EXPECT_EQ(people(), before);
  for (const char* line :
       {"wrong rows: 8; ", "; line 3: name: there is a user or service account taken", "; line 4: name: must be given",
        "; line 5: name: must be 1 to 64", "; line 7: department: there is no department sales",
        "; line 8: tenant: there is no tenant nowhere", "; line 9: roles: \"king\"",
        "; line 10: has 1 cells where the first line has 5", "; line 11: name: good stands in line 2 already"}) {
    EXPECT_NE(why.find(line), why.npos) << line << why;
  }
}

TEST_F(Import, TheSameNameInTwoTenantsIsTwoPeople) { EXPECT_EQ(import("name,tenant\nana,\nana,acme\n").size(), 2u); }

TEST_F(Import, ADryRunMakesNobodyAndTellsWhatAnImportWould) {
  const auto users = import("name,department\nana,research\n", Actor::machine(), {{"dry_run", true}});
  EXPECT_EQ(people(), 0u);
  EXPECT_EQ(users.at(0).as_object().at("department"), "research");
  EXPECT_FALSE(users.at(0).as_object().contains("link"));
  EXPECT_EQ(field_of([&] { import("name\n\xc3\xa9\nana\nana\n", Actor::machine(), {{ "dry_run", true }}); }), "csv");
  EXPECT_EQ(field_of([&] { import("name\nana\n", Actor::machine(), {{ "dry_run", "yes" }}); }), "dry_run");
}

TEST_F(Import, NobodyHandsOutMoreThanTheyMay) {
  const auto administrator = actor_with(Roles{Role::system_administrator}.scopes());
  EXPECT_EQ(import("name\nana\n", administrator).size(), 1u);
  EXPECT_NE(refusal("name,roles\nben,auditor\n", administrator).find("line 2: roles:"), std::string::npos);
  auto gives = Roles{Role::system_administrator}.scopes();
  gives.add(Scope::security);
  EXPECT_NE(refusal("name,roles\nben,auditor\n", actor_with(gives)).find("line 2: roles: may do more"),
            std::string::npos);
  EXPECT_NE(refusal("name\nben\n", actor_with({Scope::people})).find("line 2: roles: may do more"), std::string::npos);
  EXPECT_EQ(people(), 1u);
}

TEST_F(Import, AnotherTenantIsOutOfReach) {
  const auto its = actor_with(Roles{Role::system_administrator}.scopes(), acme_);
  EXPECT_NE(refusal("name,tenant\nana,home\n", its).find("line 2: tenant:"), std::string::npos);
  EXPECT_EQ(field_of([&] { import("name\nana\n", its, {{ "tenant", "home" }}); }), "tenant");
  EXPECT_EQ(import("name\nana\n", its).at(0).as_object().at("tenant"), acme_);
  EXPECT_EQ(import("name\nben\n", Actor::machine(), {{"tenant", "acme"}}).at(0).as_object().at("tenant"), acme_);
}

TEST_F(Import, RolesThatAreKeptApartStaySo) {
  box_->directory.keep_roles_apart(true);
  EXPECT_NE(refusal("name,roles\nana,system_administrator auditor\n").find("line 2: roles:"), std::string::npos);
}

TEST_F(Import, TheFirstLineNamesTheColumns) {
  for (const char* csv : {"", "\n", "label\nAna\n", "name,email\nana,a@b\n", "name,Name\nana,ana\n", "name\n",
                          "name,label;roles\n", "name\n\"ana\n"}) {
    EXPECT_NE(refusal(csv), "imported") << csv;
  }
}

TEST_F(Import, ATableHasAnEnd) {
  std::string csv = "name\n";
  for (int i = 0; i < 5000; ++i) csv += fmt::format("n{}\n", i);
  EXPECT_NE(refusal(csv + "one_more\n"), "imported");
  EXPECT_NE(refusal("name\n" + std::string(512 << 10, 'a')), "imported");
  EXPECT_EQ(people(), 0u);
  EXPECT_EQ(import(csv).size(), 5000u);
}

TEST_F(Import, WhatFailsHalfWayMakesNobody) {
  const auto wanted = [](const char* name) {
    Owner owner;
    owner.tenant = home_tenant;
    owner.name = name;
    return owner;
  };
  const auto fails = [](const Owner& owner) {
    if (owner.name == "ben") fail(Code::unavailable, "the disk");
  };
  EXPECT_THROW(box_->directory.create_owners({wanted("ana"), wanted("ben")}, fails), Error);
  EXPECT_EQ(people(), 0u);
  EXPECT_EQ(import("name\nana\nben\n").size(), 2u);
}

}  // namespace
}  // namespace cofre::accounts
