// Passkeys: how they are set up, how people sign in with them, and what is no such thing.
#include "accounts/passkeys.h"

#include <gtest/gtest.h>

#include "accounts/actions/actions.h"
#include "accounts/fixture.h"
#include "base/error.h"
#include "base/thrown.h"
#include "store/migrate.h"
#include "webauthn/authenticator_fixture.h"

namespace cofre::accounts {

std::span<const store::Migration> migrations();

namespace {

using json::Object;
using webauthn::Authenticator;
using Answer = SignIn::Answer;

constexpr const char* password = "correct horse battery";
constexpr std::int64_t session = -7;

std::string encoded(std::string_view text) { return crypto::base64url(std::as_bytes(std::span(text))); }

class PasskeysOfPeople : public AccountsTest {
 protected:
  PasskeysOfPeople() {
    reopen();
    ana = make("ana");
    ben = make("ben");
    for (const auto owner : {ana, ben}) box_->sign_in.set_password(owner, password);
  }
  void reopen() {
    open();
    box_->policy.cost = {1, 8 << 20};
  }
  std::int64_t make(std::string name) {
    Owner wanted;
    wanted.tenant = home_tenant;
    wanted.name = std::move(name);
    wanted.roles = {Role::user};
    return box_->directory.create_owner(wanted).id;
  }
  static std::string challenge_of(const Object& options) { return std::string(json::string_at(options, "challenge")); }
  static Object registration(const Authenticator& authenticator, const Object& options) {
    const auto made = authenticator.make(challenge_of(options));
    return {{"id", encoded(authenticator.id)},
            {"type", "public-key"},
            {"response",
             Object{{"clientDataJSON", encoded(made.client_data)}, {"attestationObject", encoded(made.attestation)}}}};
  }
  static Object assertion(const Authenticator& authenticator, const Object& options, json::Value handle) {
    const auto got = authenticator.get(challenge_of(options));
    return {{"id", encoded(authenticator.id)},
            {"response", Object{{"clientDataJSON", encoded(got.client_data)},
                                {"authenticatorData", encoded(got.authenticator_data)},
                                {"signature", encoded(got.signature)},
                                {"userHandle", std::move(handle)}}}};
  }
  Passkey add(std::int64_t owner, const Authenticator& authenticator, const std::string& name = "phone") {
    const auto options = box_->passkeys.begin(owner, session, site);
    handles[owner] = json::string_at(options.at("user").as_object(), "id");
    return box_->passkeys.add(owner, session, site, name, registration(authenticator, options));
  }
  Answer alone(Authenticator& authenticator, json::Value handle) {
    ++authenticator.counter;
    const auto options = box_->passkeys.ask(0, site);
    return box_->sign_in.sign_in(site, assertion(authenticator, options, std::move(handle))).answer;
  }
  static std::string refused(auto&& action) {
    const auto error = thrown_by(action);
    return error && error->code() == Code::invalid ? error->what() : "";
  }

  const Site site{"box.example", {"https://box.example:8443"}};
  std::int64_t ana = 0, ben = 0;
  std::map<std::int64_t, std::string> handles;
  Authenticator phone;
};

TEST_F(PasskeysOfPeople, OneIsTheSecondFactorBesideAPassword) {
  EXPECT_EQ(box_->sign_in.sign_in(home_tenant, "ana", password, "").answer, Answer::welcome);
  EXPECT_EQ(code_of([&] { box_->passkeys.ask(ana, site); }), Code::not_found);
  add(ana, phone);
  EXPECT_EQ(box_->sign_in.sign_in(home_tenant, "ana", password, "").answer, Answer::code_needed);
  EXPECT_EQ(box_->sign_in.prove_password(home_tenant, "ana", "wrong").answer, Answer::wrong);
  const auto proved = box_->sign_in.prove_password(home_tenant, "ana", password);
  ASSERT_EQ(proved.owner, ana);
  const auto options = box_->passkeys.ask(proved.owner, site);
  const auto& allowed = json::array_at(options, "allowCredentials");
  ASSERT_EQ(allowed.size(), 1u);
  EXPECT_EQ(json::string_at(allowed[0].as_object(), "id"), encoded(phone.id));
  phone.flags = 0x01;  // a password was given: the authenticator need not verify its user
  phone.counter = 2;
  const auto result = box_->sign_in.sign_in(site, assertion(phone, options, nullptr));
  EXPECT_EQ(result.answer, Answer::welcome);
  EXPECT_EQ(result.owner, ana);
  ASSERT_EQ(box_->passkeys.list(ana).size(), 1u);
  EXPECT_EQ(box_->passkeys.list(ana)[0].used, noon);
}

TEST_F(PasskeysOfPeople, OneAloneSignsInWhereItVerifiedItsUser) {
  add(ana, phone);
  EXPECT_EQ(alone(phone, json::Value(handles[ana])), Answer::welcome);
  EXPECT_NE(refused([&] { alone(phone, nullptr); }).find("another user"), std::string::npos);
  EXPECT_NE(refused([&] { alone(phone, json::Value(encoded("somebody"))); }).find("another user"), std::string::npos);
  phone.flags = 0x01;
  EXPECT_NE(refused([&] { alone(phone, json::Value(handles[ana])); }).find("did not verify"), std::string::npos);
  phone.flags = 0x05;
  box_->policy.passkeys_alone = false;
  EXPECT_EQ(alone(phone, json::Value(handles[ana])), Answer::wrong);
  box_->policy.passkeys_alone = true;
  box_->directory.set_owner_state(ana, State::suspended);
  EXPECT_EQ(alone(phone, json::Value(handles[ana])), Answer::wrong);
}

// Their company's directory says with each password whether they still come in.
TEST_F(PasskeysOfPeople, WhoHasNoPasswordHereDoesNotSignInWithOneAlone) {
  const auto eva = make("eva");
  add(eva, phone);
  EXPECT_EQ(alone(phone, json::Value(handles[eva])), Answer::wrong);
}

TEST_F(PasskeysOfPeople, APasskeyOfAnotherOriginOrDomainIsRefused) {
  Authenticator evil;
  evil.origin = "https://evil.example";
  EXPECT_NE(refused([&] { add(ana, evil); }).find("another origin"), std::string::npos);
  add(ana, phone);
  phone.origin = "https://box.example.evil.example";
  EXPECT_NE(refused([&] { alone(phone, json::Value(handles[ana])); }).find("another origin"), std::string::npos);
  phone.origin = "https://box.example:8443";
  const Site other{"other.example", {"https://other.example"}};
  const auto options = box_->passkeys.ask(0, other);
  EXPECT_NE(refused([&] { box_->passkeys.answer(other, assertion(phone, options, json::Value(handles[ana]))); }), "");
  EXPECT_EQ(alone(phone, json::Value(handles[ana])), Answer::welcome);
}

TEST_F(PasskeysOfPeople, AChallengeIsGoodOnce) {
  const auto options = box_->passkeys.begin(ana, session, site);
  const auto made = registration(phone, options);
  box_->passkeys.add(ana, session, site, "phone", made);
  box_->passkeys.remove_all(ana);
  EXPECT_NE(refused([&] { box_->passkeys.add(ana, session, site, "again", made); }).find("challenge"),
            std::string::npos);
  add(ana, phone);
  const auto asked = box_->passkeys.ask(0, site);
  phone.counter = 9;
  const auto answer = assertion(phone, asked, json::Value(handles[ana]));
  EXPECT_EQ(box_->sign_in.sign_in(site, answer).answer, Answer::welcome);
  EXPECT_NE(refused([&] { box_->sign_in.sign_in(site, answer); }).find("challenge"), std::string::npos);
}

TEST_F(PasskeysOfPeople, AChallengeIsForItsSessionItsUserItsPurposeAndFiveMinutes) {
  const auto options = box_->passkeys.begin(ana, session, site);
  const auto made = registration(phone, options);
  const auto add_as = [&](std::int64_t owner, std::int64_t key_id) {
    return refused([&] { box_->passkeys.add(owner, key_id, site, "x", made); });
  };
  EXPECT_NE(add_as(ana, session - 1), "");
  EXPECT_NE(add_as(ben, session), "");
  const auto asked = box_->passkeys.ask(0, site);
  EXPECT_NE(refused([&] { box_->passkeys.add(ana, session, site, "x", registration(phone, asked)); }), "");
  Object forged{{"challenge", encoded(std::string(56, 'x'))}};
  EXPECT_NE(refused([&] { box_->passkeys.add(ana, session, site, "x", registration(phone, forged)); }), "");
  now_ += 300;
  EXPECT_NE(add_as(ana, session), "");
  now_ -= 301;
  EXPECT_NE(add_as(ana, session), "") << "a clock that was set back makes none younger";
  now_ += 1;
  EXPECT_EQ(add_as(ana, session), "");
  // What was given for one whose password is proved is no other's.
  Authenticator bens;
  add(ben, bens, "bens");
  const auto for_ana = box_->passkeys.ask(ana, site);
  bens.counter = 2;
  EXPECT_NE(refused([&] { box_->passkeys.answer(site, assertion(bens, for_ana, json::Value(handles[ben]))); }), "");
  const auto before = box_->passkeys.ask(ben, site);
  reopen();
  EXPECT_NE(refused([&] { box_->passkeys.answer(site, assertion(bens, before, json::Value(handles[ben]))); }), "")
      << "of a process that has ended";
}

TEST_F(PasskeysOfPeople, ACopyIsNoticedByItsCounter) {
  add(ana, phone);
  phone.counter = 10;
  EXPECT_EQ(alone(phone, json::Value(handles[ana])), Answer::welcome);  // 11
  phone.counter = 10;
  EXPECT_NE(refused([&] { alone(phone, json::Value(handles[ana])); }).find("counter"), std::string::npos);
  EXPECT_EQ(alone(phone, json::Value(handles[ana])), Answer::welcome);
  Authenticator still(-8);
  still.counter = 0;
  add(ben, still);
  for (int i = 0; i < 2; ++i) {
    still.counter = static_cast<std::uint32_t>(-1);  // 0 when it is asked
    EXPECT_EQ(alone(still, json::Value(handles[ben])), Answer::welcome) << "who does not count says 0";
  }
}

TEST_F(PasskeysOfPeople, RecoveryCodesTakeThePlaceOfAPasskey) {
  add(ana, phone);
  const auto codes = box_->sign_in.first_recovery_codes(ana);
  ASSERT_EQ(codes.size(), 10u);
  EXPECT_TRUE(box_->sign_in.first_recovery_codes(ana).empty()) << "there are some";
  EXPECT_EQ(box_->sign_in.sign_in(home_tenant, "ana", password, "no code").answer, Answer::wrong);
  EXPECT_EQ(box_->sign_in.sign_in(home_tenant, "ana", password, codes[3]).answer, Answer::welcome);
  EXPECT_EQ(box_->sign_in.sign_in(home_tenant, "ana", password, codes[3]).answer, Answer::wrong);
  box_->sign_in.begin_factor(ana);
  box_->sign_in.remove_passkey(ana, box_->passkeys.list(ana)[0].id);
  EXPECT_FALSE(box_->sign_in.has_factor(ana)) << "an app that was not confirmed is none";
  EXPECT_EQ(box_->sign_in.first_recovery_codes(ana).size(), 10u) << "the old ones went with the last factor";
}

TEST_F(PasskeysOfPeople, CodesFromBeforeThereWerePasskeysAreGoodStill) {
  box_.reset();
  const os::TemporaryDirectory old_folder(testing::TempDir());
  store::Database old(old_folder.path() / "old.db", master_.derive("store"));
  store::migrate(old, "accounts", migrations().first(8), old_folder.path());
  const auto code = std::string("ABCDEFGHIJKLMNOP");
  const auto mac = crypto::hex(crypto::hmac_sha256(master_.derive("sign-in"), "recovery " + code));
  old.run("INSERT INTO owners (tenant, kind, name, roles, created) VALUES (1, 'user', 'old', 'user', 1)");
  old.run("INSERT INTO second_factors (owner, secret, confirmed, last_step, recovery) VALUES (?, x'78', 1, 0, ?)",
          old.last_id(), "0000\n" + mac + "\n");
  Accounts accounts(old, mutex_, master_, old_folder.path(), [this] { return now_; });
  const auto owner = accounts.directory.owner_named(home_tenant, "old").id;
  EXPECT_TRUE(accounts.sign_in.has_factor(owner));
  EXPECT_TRUE(accounts.sign_in.check_code(owner, code));
  EXPECT_FALSE(accounts.sign_in.check_code(owner, code));
}

TEST_F(PasskeysOfPeople, EachHasANameAndItsOwner) {
  const auto first = add(ana, phone);
  EXPECT_EQ(field_of([&] { add(ana, Authenticator(), "phone"); }), "name");
  EXPECT_EQ(field_of([&] { add(ana, phone, "again"); }), "credential");
  EXPECT_EQ(field_of([&] { add(ben, phone); }), "credential") << "it is somebody's";
  EXPECT_EQ(code_of([&] { box_->sign_in.remove_passkey(ben, first.id); }), Code::not_found);
  for (int i = 1; i < 20; ++i) add(ana, Authenticator(), fmt::format("key {}", i));
  EXPECT_EQ(field_of([&] { add(ana, Authenticator(), "one more"); }), "credential");
  const auto options = box_->passkeys.begin(ana, session, site);
  EXPECT_EQ(json::array_at(options, "excludeCredentials").size(), 20u);
}

TEST_F(PasskeysOfPeople, TheyAreSetUpByWhoIsSignedInAndKnowsThePassword) {
  Actor actor;
  actor.user = ana;
  actor.scopes = {Scope::account};
  actor.key_id = 5;
  actor.site = site;
  const auto begin = [&](const char* with) { return act(*box_, actor, "me.passkey.begin", {{"password", with}}); };
  EXPECT_EQ(field_of([&] { begin(password); }), "session") << "with a key";
  actor.key_id = session;
  EXPECT_EQ(field_of([&] { begin("wrong"); }), "password");
  const auto options = begin(password).at("publicKey").as_object();
  const auto made =
      act(*box_, actor, "me.passkey.create", {{"name", "phone"}, {"credential", registration(phone, options)}});
  EXPECT_EQ(json::array_at(made, "recovery_codes").size(), 10u);
  EXPECT_EQ(field_of([&] {
              act(*box_, actor, "me.passkey.create", {{"name", "phone"}, {"credential", "x"}});
            }),
            "credential");
  const auto list = act(*box_, actor, "me.passkey.list", {});
  EXPECT_EQ(json::array_at(list, "passkeys").size(), 1u);
  const auto id = made.at("id").as_int64();
  EXPECT_EQ(field_of([&] {
              act(*box_, actor, "me.passkey.remove", {{"passkey", id}, {"password", "wrong"}});
            }),
            "password");
  act(*box_, actor, "me.passkey.remove", {{"passkey", id}, {"password", password}});
  EXPECT_FALSE(box_->sign_in.has_factor(ana));
}

TEST_F(PasskeysOfPeople, AnAdministratorRemovesThemAllForWhoHasLostThem) {
  add(ana, phone);
  box_->sign_in.first_recovery_codes(ana);
  box_->sign_in.begin_factor(ana);
  act(*box_, Actor::machine(), "user.factors.remove", {{"user", "ana"}});
  EXPECT_EQ(box_->sign_in.sign_in(home_tenant, "ana", password, "").answer, Answer::welcome);
  EXPECT_TRUE(box_->passkeys.list(ana).empty());
  Actor actor;
  actor.user = ana;
  actor.scopes = {Scope::security};
  EXPECT_EQ(field_of([&] { act(*box_, actor, "user.factors.remove", {{"user", "ana"}}); }), "user");
}

}  // namespace
}  // namespace cofre::accounts
