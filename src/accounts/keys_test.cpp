#include "accounts/accounts.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/thrown.h"
#include "os/paths.h"

namespace cofre::accounts {
namespace {

class KeysOfABox : public testing::Test {
 protected:
  os::TemporaryDirectory folder_{testing::TempDir()};
  crypto::Secret master_ = crypto::Secret::random();
  std::int64_t now_ = 1'000'000;
  store::Database database_{folder_.path() / "test.db", master_.derive("store")};
  std::mutex mutex_;

  std::unique_ptr<Accounts> open() {
    return std::make_unique<Accounts>(database_, mutex_, master_, folder_.path(), [this] { return now_; });
  }
};

TEST_F(KeysOfABox, AKeyTellsWhoseItIs) {
  const auto accounts = open();
  auto& keys = accounts->keys;
  const auto text = keys.create("app", {Scope::inference});
  EXPECT_EQ(text.size(), 49u);
  EXPECT_TRUE(text.starts_with("cofre_"));
  const auto caller = keys.authenticate(text);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->key_name, "app");
  EXPECT_TRUE(caller->scopes.has(Scope::inference));
  EXPECT_FALSE(caller->scopes.has(Scope::admin));
  EXPECT_TRUE(caller->is_valid());
  EXPECT_NE(caller->user, keys.authenticate(keys.create("other", {Scope::inference}))->user);
}

TEST_F(KeysOfABox, WhatIsNoKeyIsNobodys) {
  const auto accounts = open();
  auto& keys = accounts->keys;
  std::string text = keys.create("app", {Scope::inference});
  for (const std::string& wrong : {std::string(), std::string("cofre_"), text + "x", text.substr(1),
                                   std::string(1 << 20, 'x'), std::string("cofre_") + std::string(43, 'A')}) {
    EXPECT_FALSE(keys.authenticate(wrong));
  }
  text.back() = text.back() == 'A' ? 'B' : 'A';
  EXPECT_FALSE(keys.authenticate(text));
}

TEST_F(KeysOfABox, KeysOutliveTheProcessAndTheirTextIsNowhere) {
  std::string text;
  std::uint64_t tenant = 0;
  {
    const auto accounts = open();
    auto& keys = accounts->keys;
    text = keys.create("app", {Scope::inference, Scope::metrics}, now_ + 100);
    tenant = keys.authenticate(text)->tenant;
  }
  const auto accounts = open();
  auto& keys = accounts->keys;
  const auto caller = keys.authenticate(text);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->tenant, tenant);
  EXPECT_EQ(caller->scopes, (Scopes{Scope::inference, Scope::metrics}));
  for (auto row = database_.query("SELECT name || hex(mac) || prefix || scopes FROM keys"); row.next();) {
    EXPECT_EQ(row.text(0).find(text), std::string::npos);
  }
  ASSERT_EQ(keys.list().size(), 1u);
  EXPECT_EQ(keys.list()[0].prefix, text.substr(0, 10));
}

TEST_F(KeysOfABox, AnotherMasterKeyKnowsNoneOfThem) {
  std::string text = open()->keys.create("app", {Scope::inference});
  const Accounts other(database_, mutex_, crypto::Secret::random(), folder_.path());
  EXPECT_FALSE(other.keys.authenticate(text));
}

TEST_F(KeysOfABox, RevokingEndsRunningCallersToo) {
  const auto accounts = open();
  auto& keys = accounts->keys;
  std::vector<std::int64_t> told;
  keys.watch([&](std::int64_t id) { told.push_back(id); });
  const auto text = keys.create("app", {Scope::inference});
  const auto running = keys.authenticate(text);
  keys.revoke("app");
  EXPECT_FALSE(running->is_valid());
  EXPECT_FALSE(keys.authenticate(text));
  EXPECT_EQ(told, std::vector{running->key_id});
  EXPECT_EQ(code_of([&] { keys.revoke("app"); }), Code::not_found);
  EXPECT_FALSE(open()->keys.authenticate(text));
}

TEST_F(KeysOfABox, ANameIsFreeAgainAfterItsKeyIsRevoked) {
  const auto accounts = open();
  auto& keys = accounts->keys;
  const auto first = keys.create("app", {Scope::inference});
  EXPECT_EQ(code_of([&] { keys.create("app", {Scope::inference}); }), Code::invalid);
  keys.revoke("app");
  const auto second = keys.create("app", {Scope::inference});
  EXPECT_FALSE(keys.authenticate(first));
  EXPECT_TRUE(keys.authenticate(second));
  EXPECT_EQ(keys.list().size(), 2u);
  EXPECT_TRUE(keys.list()[0].revoked);
}

TEST_F(KeysOfABox, AKeyEndsWithItsTime) {
  const auto accounts = open();
  auto& keys = accounts->keys;
  std::vector<std::int64_t> told;
  keys.watch([&](std::int64_t id) { told.push_back(id); });
  const auto text = keys.create("app", {Scope::inference}, now_ + 10);
  const auto running = keys.authenticate(text);
  keys.expire();
  EXPECT_TRUE(running->is_valid());
  now_ += 10;
  EXPECT_FALSE(keys.authenticate(text));
  keys.expire();
  keys.expire();
  EXPECT_FALSE(running->is_valid());
  EXPECT_EQ(told.size(), 1u);
  now_ -= 10;  // the clock is set back
  EXPECT_FALSE(open()->keys.authenticate(text));
  EXPECT_FALSE(keys.authenticate(text));
  now_ += 10;
  EXPECT_EQ(code_of([&] { keys.create("late", {Scope::inference}, now_); }), Code::invalid);
}

TEST_F(KeysOfABox, NamesArePrintableAndShort) {
  const auto accounts = open();
  auto& keys = accounts->keys;
  for (const std::string& name : {std::string(), std::string("a\nb"), std::string(65, 'a'), std::string("a\0b", 3)}) {
    EXPECT_EQ(code_of([&] { keys.create(name, {Scope::inference}); }), Code::invalid);
  }
  EXPECT_NO_THROW(keys.create("Gehaltsabrechnung, März", {Scope::inference}));
}

TEST(ScopesTest, AreReadByName) {
  EXPECT_EQ(Scopes::parse("metrics  inference"), (Scopes{Scope::inference, Scope::metrics}));
  EXPECT_EQ((Scopes{Scope::admin, Scope::inference}).text(), "inference admin");
  EXPECT_THROW(Scopes::parse("root"), Error);
  EXPECT_THROW(Scopes::parse(""), Error);
}

}  // namespace
}  // namespace cofre::accounts
