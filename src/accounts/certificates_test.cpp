// Certificates of clients as credentials: whose they are, what they may do, how they end.
#include <gtest/gtest.h>

#include "accounts/actions/actions.h"
#include "accounts/actions/certificates.h"
#include "accounts/fixture.h"
#include "base/error.h"
#include "base/thrown.h"
#include "crypto/client_fixture.h"

namespace cofre::accounts {
namespace {

using json::Object;
using Shown = std::shared_ptr<const crypto::CertificateFacts>;

class Certificates : public AccountsTest {
 protected:
  Certificates() {
    open();
    ana = make("ana", {Role::user});
    boss = make("boss", {Role::user, Role::system_administrator});
  }
  Owner make(std::string name, Roles roles) {
    Owner wanted;
    wanted.tenant = home_tenant;
    wanted.name = std::move(name);
    wanted.roles = roles;
    return box_->directory.create_owner(wanted);
  }
  crypto::Identity issue(crypto::ClientWish wish = {}) { return crypto::make_client_certificate(company, wish); }
  static Shown facts(const crypto::Identity& identity) {
    return std::make_shared<const crypto::CertificateFacts>(crypto::read_certificate(identity.certificate_pem));
  }
  Actor actor(const Owner& owner, Scopes scopes = Scopes::all()) {
    Actor made;
    made.user = owner.id;
    made.tenant = owner.tenant;
    made.scopes = owner.scopes().common(scopes);
    made.from = "10.0.0.1";
    return made;
  }
  Object add(const Actor& by, const std::string& user, const crypto::Identity& identity, Object more = {}) {
    more["user"] = user;
    more["pem"] = identity.certificate_pem;
    return act(*box_, by, "certificate.create", more);
  }
  std::optional<Caller> caller(const Shown& shown, const std::string& from = "10.0.0.1") {
    return caller_of(*box_, shown, from);
  }

  const crypto::Identity company =
      crypto::make_authority("Company", std::chrono::sys_seconds(std::chrono::seconds(noon)), std::chrono::days(999));
  Owner ana, boss;
};

TEST_F(Certificates, ARegisteredOneIsItsOwner) {
  const auto identity = issue();
  const auto shown = facts(identity);
  EXPECT_FALSE(caller(shown)) << "of nobody, though its common name is a user's";
  const auto answer = add(Actor::machine(), "ana", identity, {{"name", "laptop"}});
  EXPECT_EQ(json::string_at(answer, "fingerprint"), shown->fingerprint);
  EXPECT_EQ(json::string_at(answer, "subject"), "ana");
  EXPECT_FALSE(answer.contains("key"));
  const auto who = caller(shown);
  ASSERT_TRUE(who);
  EXPECT_EQ(who->user, ana.id);
  EXPECT_GT(who->key_id, 0);
  EXPECT_EQ(who->scopes, Scopes({Scope::inference}));
  open();
  EXPECT_EQ(caller(shown)->key_id, who->key_id) << "as before after a restart";
}

TEST_F(Certificates, OneBoundAsKeysAreIsBoundSo) {
  const auto shown = facts(issue());
  add(Actor::machine(), "ana", issue(), {{"name", "other"}});
  KeyWish wish{.name = "c", .owner = ana.id, .maker = ana.id, .scopes = {Scope::inference}};
  wish.models = {"m"};
  wish.addresses = {"10.0.0.0/8"};
  wish.expires = noon + 100;
  box_->keys.create(wish, *shown);
  EXPECT_FALSE(caller(shown, "192.0.2.1"));
  EXPECT_TRUE(caller(shown)->may_ask("m"));
  EXPECT_FALSE(caller(shown)->may_ask("n"));
  now_ += 100;
  EXPECT_FALSE(caller(shown));
}

TEST_F(Certificates, OneEndsWithItsTimeAndItsRunningRequestsToo) {
  std::vector<std::int64_t> ended;
  box_->keys.watch([&](std::int64_t id) { ended.push_back(id); });
  const auto until = std::chrono::sys_seconds(std::chrono::seconds(noon + 60));
  const auto identity = issue({.now = until, .valid = std::chrono::seconds(0)});
  add(Actor::machine(), "ana", identity, {{"expires", noon + 9999}});
  const auto who = caller(facts(identity));
  ASSERT_TRUE(who);
  now_ += 60;
  box_->tick();
  EXPECT_FALSE(who->is_valid());
  EXPECT_EQ(ended, std::vector<std::int64_t>{who->key_id});
  EXPECT_FALSE(caller(facts(identity)));
  EXPECT_EQ(field_of([&] { add(Actor::machine(), "ana", identity); }), "certificate") << "over from the beginning";
}

TEST_F(Certificates, OneThatIsRevokedEndsAtOnceAndIsNeverTakenAgain) {
  box_->policy.certificate_name = Policy::CertificateName::common_name;
  std::vector<std::int64_t> ended;
  box_->keys.watch([&](std::int64_t id) { ended.push_back(id); });
  const auto identity = issue();
  const auto id = add(Actor::machine(), "ana", identity).at("id").as_int64();
  const auto who = caller(facts(identity));
  act(*box_, Actor::machine(), "certificate.revoke", {{"certificate", id}});
  EXPECT_FALSE(who->is_valid());
  EXPECT_EQ(ended, std::vector<std::int64_t>{id});
  EXPECT_FALSE(caller(facts(identity))) << "not by its name either";
  EXPECT_EQ(field_of([&] { add(Actor::machine(), "ana", identity, {{"name", "again"}}); }), "certificate");
}

TEST_F(Certificates, OneOfSomebodySuspendedIsNobodys) {
  const auto identity = issue();
  add(Actor::machine(), "ana", identity);
  const auto who = caller(facts(identity));
  box_->directory.set_owner_state(ana.id, State::suspended);
  EXPECT_FALSE(who->is_valid());
  EXPECT_FALSE(caller(facts(identity)));
  box_->directory.set_owner_state(ana.id, State::active);
  EXPECT_TRUE(caller(facts(identity)));
}

TEST_F(Certificates, NobodyRegistersOneForWhoMayDoMore) {
  make("chief", {Role::user, Role::security_administrator});
  EXPECT_EQ(field_of([&] { add(actor(boss), "chief", issue()); }), "user");
  EXPECT_EQ(json::string_at(add(actor(boss), "ana", issue()), "user"), "ana");
  EXPECT_EQ(field_of([&] { add(actor(boss), "ana", issue(), {{"scopes", json::Array{"admin"}}}); }), "scopes");
  // Its maker's loss is its own.
  const auto identity = issue();
  add(actor(boss), "ana", identity, {{"name", "second"}});
  EXPECT_TRUE(caller(facts(identity)));
  box_->directory.set_owner_state(boss.id, State::suspended);
  EXPECT_FALSE(caller(facts(identity)));
}

TEST_F(Certificates, PeopleRegisterTheOneThatTheyShowAndNoOther) {
  auto by = actor(ana);
  EXPECT_EQ(field_of([&] { act(*box_, by, "me.certificate.create", {}); }), "certificate");
  by.certificate = facts(issue({.name = "somebody"}));
  act(*box_, by, "me.certificate.create", {{"name", "mine"}, {"scopes", json::Array{"inference", "account"}}});
  EXPECT_EQ(caller(by.certificate)->user, ana.id);
  const auto list = act(*box_, by, "me.certificate.list", {});
  ASSERT_EQ(json::array_at(list, "certificates").size(), 1u);
  EXPECT_EQ(field_of([&] {
              act(*box_, actor(boss), "me.certificate.revoke", {{"certificate", "mine"}});
            }),
            "certificate");
  act(*box_, by, "me.certificate.revoke", {{"certificate", "mine"}});
  EXPECT_FALSE(caller(by.certificate));
}

TEST_F(Certificates, OneMadeWithAKeyCarriesNoMoreThanTheKey) {
  auto by = actor(boss, {Scope::inference, Scope::account});
  by.certificate = facts(issue());
  EXPECT_EQ(field_of([&] { act(*box_, by, "me.certificate.create", {{"scopes", json::Array{"admin"}}}); }), "scopes");
}

TEST_F(Certificates, ByItsNameOneIsWhoIsCalledSoAndAdministersNothing) {
  const auto of_boss = facts(issue({.name = "boss"})), of_none = facts(issue({.name = "zoe"}));
  EXPECT_FALSE(caller(of_boss));
  box_->policy.certificate_name = Policy::CertificateName::common_name;
  const auto who = caller(of_boss);
  ASSERT_TRUE(who);
  EXPECT_EQ(who->user, boss.id);
  EXPECT_EQ(who->scopes, Scopes({Scope::inference, Scope::account}));
  EXPECT_EQ(caller(of_boss)->key_id, who->key_id) << "it is registered once";
  EXPECT_FALSE(caller(of_none));
  EXPECT_TRUE(box_->keys.knows(*of_boss));
  EXPECT_FALSE(box_->keys.knows(*of_none));
  box_->policy.certificate_tenant = "nowhere";
  EXPECT_FALSE(caller(facts(issue({.name = "ana"}))));
}

TEST_F(Certificates, ByAnAddressOfMailOneIsTheOneUserWhoIsCalledSo) {
  box_->policy.certificate_name = Policy::CertificateName::email;
  const auto eva = make("eva@company.example", {Role::user});
  make("max@company.example", {Role::user});
  EXPECT_EQ(caller(facts(issue({.name = "ana", .emails = {"eva@company.example", "e@x.example"}})))->user, eva.id);
  EXPECT_FALSE(caller(facts(issue({.name = "ana"})))) << "its common name does not count";
  EXPECT_FALSE(caller(facts(issue({.emails = {"eva@company.example", "max@company.example"}})))) << "whose of the two?";
}

TEST_F(Certificates, ADeletedUsersOneIsNotTheNextOnesOfTheSameName) {
  box_->policy.certificate_name = Policy::CertificateName::common_name;
  const auto shown = facts(issue());
  EXPECT_TRUE(caller(shown));
  box_->directory.set_owner_state(ana.id, State::deleted);
  make("ana", {Role::user});
  EXPECT_FALSE(caller(shown));
}

TEST_F(Certificates, WhenKeysAndCertificatesWereUsedLastIsKept) {
  const auto text = box_->keys.create("app", {Scope::inference});
  const auto identity = issue();
  add(Actor::machine(), "ana", identity);
  for (const auto& key : box_->keys.list()) EXPECT_FALSE(key.used);
  now_ += 3600;
  box_->keys.authenticate(text);
  caller(facts(identity));
  box_->tick();
  open();
  ASSERT_EQ(box_->keys.list().size(), 2u);
  for (const auto& key : box_->keys.list()) EXPECT_EQ(key.used, noon + 3600);
}

TEST_F(Certificates, ListsOfKeysHaveNoneAndNoneIsRotated) {
  const auto id = add(Actor::machine(), "ana", issue(), {{"name", "laptop"}}).at("id").as_int64();
  EXPECT_TRUE(json::array_at(act(*box_, Actor::machine(), "key.list", {}), "keys").empty());
  EXPECT_EQ(json::array_at(act(*box_, Actor::machine(), "certificate.list", {{"user", "ana"}}), "certificates").size(),
            1u);
  EXPECT_EQ(field_of([&] { act(*box_, Actor::machine(), "key.rotate", {{"key", id}}); }), "key");
  EXPECT_EQ(field_of([&] { add(Actor::machine(), "ana", company); }), "certificate") << "an authority's";
  EXPECT_EQ(field_of([&] {
              act(*box_, Actor::machine(), "certificate.create", {{"user", "ana"}, {"pem", "no certificate"}});
            }),
            "pem");
}

}  // namespace
}  // namespace cofre::accounts
