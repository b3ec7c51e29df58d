#include "accounts/directory.h"

#include <gtest/gtest.h>

#include "accounts/accounts.h"
#include "accounts/fixture.h"
#include "base/error.h"
#include "base/thrown.h"
#include "store/migrate.h"

namespace cofre::accounts {

std::span<const store::Migration> migrations();

namespace {

class People : public AccountsTest {
 protected:
  People() { now_ = 1'000'000; }
  Directory& directory() { return box_->directory; }
  Owner make_user(std::string name, Roles roles = {Role::user}, std::int64_t tenant = home_tenant) {
    Owner wanted;
    wanted.tenant = tenant;
    wanted.name = std::move(name);
    wanted.roles = roles;
    return directory().create_owner(wanted);
  }
  std::string make_key(const Owner& owner, Scopes scopes = {Scope::inference}, std::int64_t maker = 0) {
    return box_->keys.create(
        KeyWish{.name = fmt::format("k{}", ++made_), .owner = owner.id, .maker = maker, .scopes = scopes});
  }

  int made_ = 0;
};

TEST_F(People, AKeyMadeBeforeThereWerePeopleStaysValid) {
  const auto all = migrations();
  store::migrate(database_, "accounts", all.first(1), folder_.path());
  const auto mac_key = master_.derive("api keys");
  const std::string text = "cofre_" + crypto::base64url(crypto::Secret::random().bytes());
  for (const char* name : {"app", "app", "other"}) {
    const bool in_use = std::string_view(name) == "other";
    const auto mac = crypto::hmac_sha256(mac_key, in_use ? text : std::string(name) + std::to_string(++made_));
    database_.run("INSERT INTO keys (name, mac, prefix, scopes, tenant, created, revoked) VALUES (?, ?, ?, ?, ?, 5, ?)",
                  name, mac, "cofre_abcd", in_use ? "inference metrics" : "inference", ++made_ * 1000,
                  in_use ? std::nullopt : std::optional(9));
  }
  open();
  const auto caller = box_->keys.authenticate(text);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->tenant, 1u);
  EXPECT_EQ(caller->scopes, (Scopes{Scope::inference, Scope::metrics}));
  EXPECT_EQ(directory().owner(caller->user).name, "other");
  EXPECT_EQ(directory().owners(home_tenant, Owner::Kind::service).size(), 2u);
  EXPECT_EQ(box_->keys.list().size(), 3u);
}

TEST_F(People, PeopleOutliveTheProcess) {
  open();
  const auto tenant = directory().create_tenant("acme", "Asia/Shanghai", "CNY");
  const auto department = directory().create_department(tenant.id, "research");
  Owner wanted;
  wanted.tenant = tenant.id;
  wanted.department = department.id;
  wanted.name = "li";
  wanted.label = "李雷";
  wanted.roles = {Role::user, Role::auditor};
  const auto id = directory().create_owner(wanted).id;
  open();
  const auto owner = directory().owner_named(tenant.id, "li");
  EXPECT_EQ(owner.id, id);
  EXPECT_EQ(owner.label, "李雷");
  EXPECT_EQ(owner.department, department.id);
  EXPECT_EQ(owner.roles, (Roles{Role::user, Role::auditor}));
  EXPECT_EQ(directory().tenant(tenant.id).zone, "Asia/Shanghai");
}

TEST_F(People, NamesAreTakenWithinATenantOnly) {
  open();
  const auto other = directory().create_tenant("acme", "UTC", "EUR");
  make_user("ana");
  EXPECT_EQ(field_of([&] { make_user("ana"); }), "name");
  EXPECT_NO_THROW(make_user("ana", {Role::user}, other.id));
  EXPECT_EQ(field_of([&] { directory().create_tenant("acme", "UTC", "EUR"); }), "name");
  EXPECT_EQ(field_of([&] { directory().create_tenant("b", "Mars", "EUR"); }), "zone");
  EXPECT_EQ(field_of([&] { directory().create_tenant("b", "UTC", "euro"); }), "currency");
}

TEST_F(People, RolesCanBeKeptApart) {
  open();
  const Roles two{Role::system_administrator, Role::auditor};
  const auto before = make_user("ana", two);
  directory().keep_roles_apart(true);
  EXPECT_EQ(field_of([&] { make_user("ben", two); }), "roles");
  EXPECT_EQ(field_of([&] {
              directory().set_roles(before.id, {Role::security_administrator, Role::auditor});
            }),
            "roles");
  EXPECT_NO_THROW(directory().set_roles(before.id, {Role::user, Role::box_operator, Role::auditor}));
}

TEST_F(People, SuspendingTheOwnerEndsItsKeysAndRestoringBringsThemBack) {
  open();
  std::vector<std::int64_t> told;
  box_->keys.watch([&](std::int64_t id) { told.push_back(id); });
  const auto ana = make_user("ana");
  const auto text = make_key(ana);
  const auto running = box_->keys.authenticate(text);
  directory().set_owner_state(ana.id, State::suspended);
  EXPECT_FALSE(running->is_valid());
  EXPECT_FALSE(box_->keys.authenticate(text));
  EXPECT_EQ(told, std::vector{running->key_id});
  open();
  EXPECT_FALSE(box_->keys.authenticate(text));
  directory().set_owner_state(ana.id, State::active);
  EXPECT_TRUE(box_->keys.authenticate(text)->is_valid());
  EXPECT_FALSE(running->is_valid());
}

TEST_F(People, SuspendingATenantShutsAllOfItOut) {
  open();
  const auto acme = directory().create_tenant("acme", "UTC", "EUR");
  const auto text = make_key(make_user("ana", {Role::user}, acme.id));
  directory().set_tenant_state(acme.id, State::suspended);
  EXPECT_FALSE(box_->keys.authenticate(text));
  directory().set_tenant_state(acme.id, State::active);
  EXPECT_TRUE(box_->keys.authenticate(text));
  directory().set_tenant_state(acme.id, State::deleted);
  EXPECT_FALSE(box_->keys.authenticate(text));
  EXPECT_EQ(code_of([&] { directory().tenant(acme.id); }), Code::not_found);
  EXPECT_EQ(field_of([&] { directory().set_tenant_state(home_tenant, State::deleted); }), "tenant");
}

TEST_F(People, AKeyOfADeletedUserIsNobodys) {
  open();
  const auto ana = make_user("ana");
  const auto text = make_key(ana);
  directory().set_owner_state(ana.id, State::deleted);
  EXPECT_FALSE(box_->keys.authenticate(text));
  make_user("ana");
  EXPECT_FALSE(box_->keys.authenticate(text));
  open();
  EXPECT_FALSE(box_->keys.authenticate(text));
}

TEST_F(People, AKeyCarriesNoMoreThanItsOwnerHas) {
  open();
  const auto ana = make_user("ana", {Role::user, Role::box_operator});
  EXPECT_EQ(field_of([&] { make_key(ana, {Scope::people}); }), "scopes");
  const auto text = make_key(ana, {Scope::inference, Scope::metrics});
  const auto running = box_->keys.authenticate(text);
  directory().set_roles(ana.id, {Role::user});
  EXPECT_FALSE(running->is_valid());
  EXPECT_EQ(box_->keys.authenticate(text)->scopes, Scopes{Scope::inference});
  directory().set_roles(ana.id, {});
  EXPECT_FALSE(box_->keys.authenticate(text));
}

TEST_F(People, AKeyCarriesNoMoreThanItsMakerHas) {
  open();
  const auto root = make_user("root", {Role::system_administrator});
  Owner wanted;
  wanted.tenant = home_tenant;
  wanted.kind = Owner::Kind::service;
  wanted.name = "robot";
  wanted.granted = {Scope::inference, Scope::audit};
  const auto robot = directory().create_owner(wanted);
  EXPECT_EQ(field_of([&] { make_key(robot, {Scope::audit}, root.id); }), "scopes");
  const auto text = make_key(robot, {Scope::inference}, root.id);
  EXPECT_TRUE(box_->keys.authenticate(text));
  directory().set_owner_state(root.id, State::suspended);
  EXPECT_FALSE(box_->keys.authenticate(text));
}

TEST_F(People, ADepartmentGoesWhenNobodyBelongsToIt) {
  open();
  const auto department = directory().create_department(home_tenant, "research");
  const auto ana = make_user("ana");
  directory().change_owner(ana.id, std::nullopt, department.id);
  EXPECT_EQ(field_of([&] { directory().delete_department(department.id); }), "department");
  directory().change_owner(ana.id, std::nullopt, 0);
  directory().delete_department(department.id);
  EXPECT_TRUE(directory().departments(home_tenant).empty());
}

TEST_F(People, AKeyIsRotatedWithAnOverlap) {
  open();
  const auto ana = make_user("ana");
  const auto first = make_key(ana);
  const auto id = box_->keys.authenticate(first)->key_id;
  const auto second = box_->keys.rotate(id, ana.id, now_ + 100);
  EXPECT_TRUE(box_->keys.authenticate(first));
  EXPECT_TRUE(box_->keys.authenticate(second));
  EXPECT_EQ(code_of([&] { box_->keys.rotate(id, ana.id, now_ + 100); }), Code::not_found);
  now_ += 100;
  EXPECT_FALSE(box_->keys.authenticate(first));
  EXPECT_TRUE(box_->keys.authenticate(second));
}

TEST_F(People, AKeyIsUsedFromItsNetworksOnly) {
  open();
  const auto ana = make_user("ana");
  const auto text = box_->keys.create(KeyWish{.name = "k",
                                              .owner = ana.id,
                                              .scopes = {Scope::inference},
                                              .models = {"tiny"},
                                              .addresses = {"10.1.0.0/16", "2001:db8::/32", "192.0.2.7"}});
  for (const char* good : {"10.1.2.3", "::ffff:10.1.2.3", "2001:db8:1::1", "192.0.2.7"}) {
    EXPECT_TRUE(box_->keys.authenticate(text, good)) << good;
  }
  for (const char* bad : {"10.2.0.1", "2001:db9::1", "192.0.2.8", "unix", ""}) {
    EXPECT_FALSE(box_->keys.authenticate(text, bad)) << bad;
  }
  EXPECT_TRUE(box_->keys.authenticate(text, "10.1.2.3")->may_ask("tiny"));
  EXPECT_FALSE(box_->keys.authenticate(text, "10.1.2.3")->may_ask("large"));
  for (const char* bad : {"10.0.0.0/33", "10.0.0/8", "x", "::/129", "1.2.3.4/", "1.2.3.4/-1", ""}) {
    EXPECT_EQ(field_of([&] { Networks::parse({bad}); }), "addresses") << bad;
  }
}

TEST_F(People, ALeakedKeyIsRevokedByHowItBegins) {
  open();
  const auto ana = make_user("ana");
  const auto leaked = make_key(ana), other = make_key(ana);
  const auto all = [](const Key&) { return true; };
  EXPECT_EQ(field_of([&] { box_->keys.revoke_leaked("cofre_a", all); }), "prefix");
  EXPECT_EQ(box_->keys.revoke_leaked(leaked.substr(0, 12), all).size(), 1u);
  EXPECT_FALSE(box_->keys.authenticate(leaked));
  EXPECT_TRUE(box_->keys.authenticate(other));
  EXPECT_EQ(box_->keys.revoke_leaked(other, all).size(), 1u);
  EXPECT_FALSE(box_->keys.authenticate(other));
}

}  // namespace
}  // namespace cofre::accounts
