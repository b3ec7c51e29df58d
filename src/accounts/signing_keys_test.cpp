#include "accounts/actions/actions.h"
#include "accounts/fixture.h"
#include "base/thrown.h"
#include "crypto/secret.h"
#include "os/disk.h"

namespace cofre::accounts {
namespace {

class SigningKeys : public AccountsTest {
 protected:
  SigningKeys() { open(); }

  json::Object act(std::string_view what, const json::Object& request) {
    return accounts::act(*box_, Actor::machine(), what, request);
  }
  /// {"access_id", "key", …} of a new one.
  json::Object made(const std::string& name = "app") { return act("key.create", {{"name", name}, {"signing", true}}); }
  /// As a client signs.
  static std::string signature(const std::string& text, std::string_view message) {
    return crypto::hex(crypto::hmac_sha256(text, message));
  }
  std::optional<Caller> verified(const json::Object& key, std::string_view message, std::string_view given) {
    return box_->keys.authenticate_signed(key.at("access_id").as_string(), [&](std::string_view text) {
      return crypto::hex(crypto::hmac_sha256(text, message)) == given;
    });
  }
  static std::string text_of(const json::Object& key) { return std::string(key.at("key").as_string()); }
};

TEST_F(SigningKeys, ASignatureTellsWhoseRequestItIs) {
  const auto key = made();
  const auto caller = verified(key, "GET\n/\n", signature(text_of(key), "GET\n/\n"));
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->key_name, "app");
  EXPECT_TRUE(caller->is_valid());
  EXPECT_FALSE(verified(key, "GET\n/other\n", signature(text_of(key), "GET\n/\n")));
  EXPECT_FALSE(verified(key, "GET\n/\n", signature(text_of(made("other")), "GET\n/\n")));
  EXPECT_FALSE(box_->keys.authenticate_signed("nobody", [](auto) { return true; }));
  EXPECT_TRUE(box_->keys.authenticate(text_of(key)));  // it is a key as others are, too
}
TEST_F(SigningKeys, AnAccessIdHasNothingThatAHeaderParts) {
  EXPECT_TRUE(std::string_view(made().at("access_id").as_string()).find_first_not_of("0123456789abcdef") ==
              std::string_view::npos);
  EXPECT_EQ(made("b").at("access_id").as_string().size(), 32u);
}
TEST_F(SigningKeys, OtherKeysSignNothing) {
  const auto key = act("key.create", {{"name", "plain"}});
  EXPECT_TRUE(key.at("access_id").is_null());
  EXPECT_FALSE(box_->keys.authenticate_signed("", [](auto) { return true; }));
}
TEST_F(SigningKeys, TheyOutliveTheProcessAndAreToldToNobody) {
  const auto key = made();
  open();
  EXPECT_TRUE(verified(key, "m", signature(text_of(key), "m")));
  EXPECT_EQ(json::dump(act("key.list", {})).find(text_of(key)), std::string::npos);
  EXPECT_EQ(json::dump(act("key.show", {{"key", "app"}})).find(text_of(key)), std::string::npos);
}
TEST_F(SigningKeys, TheTextIsInPlainNowhereNotEvenInsideTheDatabase) {
  const auto key = made();
  {
    auto row = database_.query("SELECT sealed FROM keys");
    ASSERT_TRUE(row.next());
    EXPECT_FALSE(row.is_null(0));
    EXPECT_EQ(row.text(0).find(text_of(key)), std::string::npos);
  }
  database_.empty_log();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
    if (!entry.is_regular_file()) continue;
    EXPECT_EQ(os::read_whole(entry.path(), 64 << 20).find(text_of(key)), std::string::npos) << entry.path();
  }
}
TEST_F(SigningKeys, ItsSealedTextOpensUnderItsOwnAccessIdAlone) {
  const auto key = made(), other = made("other");
  database_.run("UPDATE keys SET sealed = (SELECT sealed FROM keys WHERE name = 'other') WHERE name = 'app'");
  open();
  EXPECT_TRUE(thrown_by([&] { verified(key, "m", signature(text_of(other), "m")); }));
}
TEST_F(SigningKeys, RevokingDestroysTheText) {
  const auto key = made();
  act("key.revoke", {{"key", "app"}});
  EXPECT_FALSE(verified(key, "m", signature(text_of(key), "m")));
  EXPECT_FALSE(database_.query("SELECT 1 FROM keys WHERE sealed IS NOT NULL").next());
  open();
  EXPECT_FALSE(verified(key, "m", signature(text_of(key), "m")));
}
TEST_F(SigningKeys, ARotatedKeySignsUntilItsOverlapIsOver) {
  const auto key = made();
  const auto next = act("key.rotate", {{"key", "app"}, {"overlap_s", 60}});
  EXPECT_NE(next.at("access_id"), key.at("access_id"));
  EXPECT_TRUE(verified(key, "m", signature(text_of(key), "m")));
  EXPECT_TRUE(verified(next, "m", signature(text_of(next), "m")));
  now_ += 60;
  EXPECT_FALSE(verified(key, "m", signature(text_of(key), "m")));
  box_->tick();
  auto row = database_.query("SELECT count(*) FROM keys WHERE sealed IS NOT NULL");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.integer(0), 1);
}
TEST_F(SigningKeys, NetworksAndSuspensionsBindThemAsOthers) {
  const auto key = act("key.create", {{"name", "app"}, {"signing", true}, {"addresses", json::Array{"10.0.0.0/8"}}});
  const auto from = [&](std::string_view peer) {
    return box_->keys.authenticate_signed(
        key.at("access_id").as_string(), [](auto) { return true; }, peer);
  };
  EXPECT_FALSE(from("192.0.2.1"));
  EXPECT_TRUE(from("10.1.2.3"));
  act("user.suspend", {{"user", "app"}});
  EXPECT_FALSE(from("10.1.2.3"));
}

}  // namespace
}  // namespace cofre::accounts
