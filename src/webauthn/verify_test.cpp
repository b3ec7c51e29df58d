#include "webauthn/verify.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/thrown.h"
#include "webauthn/authenticator_fixture.h"
#include "webauthn/cbor.h"

namespace cofre::webauthn {
namespace {

const Expected expected{.rp_id = "box.example", .origins = {"https://box.example:8443"}};

Credential registered(const Authenticator& authenticator, const Expected& wanted = expected) {
  const auto made = authenticator.make("Y2hhbGxlbmdl");
  return verify_registration(wanted, ClientData::parse(made.client_data), made.attestation);
}
Assertion asserted(const Authenticator& authenticator, const Credential& known, const Expected& wanted = expected) {
  const auto got = authenticator.get("Y2hhbGxlbmdl");
  return verify_assertion(wanted, known, ClientData::parse(got.client_data), got.authenticator_data, got.signature);
}
/// Both ceremonies of an authenticator that one member was changed of.
void expect_refused(const std::function<void(Authenticator&)>& change, const char* why,
                    const Expected& wanted = expected) {
  Authenticator good;
  const auto known = registered(good);
  change(good);
  const auto refused = [&](auto action) {
    const auto error = thrown_by(action);
    ASSERT_TRUE(error) << why;
    EXPECT_EQ(error->field(), "credential");
    EXPECT_NE(std::string_view(error->what()).find(why), std::string_view::npos) << error->what();
  };
  refused([&] { registered(good, wanted); });
  refused([&] { asserted(good, known, wanted); });
}

TEST(Passkeys, OfEachAlgorithmAreRegisteredAndRecognised) {
  for (const int algorithm : algorithms) {
    for (const char* format : {"none", "packed"}) {
      Authenticator authenticator(algorithm);
      authenticator.format = format;
      const auto known = registered(authenticator);
      EXPECT_EQ(known.id, authenticator.id);
      EXPECT_EQ(known.algorithm, algorithm);
      EXPECT_EQ(known.counter, 1u);
      authenticator.counter = 7;
      EXPECT_EQ(asserted(authenticator, known).counter, 7u);
      EXPECT_TRUE(asserted(authenticator, known).user_verified);
    }
  }
}

// libfido2 takes 65 bytes that begin with 4 for an uncompressed point; 64 that do are none.
TEST(Passkeys, AKeyWhoseFirstByteIsFourIsAsGoodAsAnother) {
  while (true) {
    const Authenticator authenticator;
    if (authenticator.coordinate(OSSL_PKEY_PARAM_EC_PUB_X)[0] != 4) continue;
    asserted(authenticator, registered(authenticator));
    break;
  }
}

TEST(Passkeys, OfAnotherOriginAreRefused) {
  for (const char* origin : {"https://evil.example", "https://box.example", "http://box.example:8443",
                             "https://box.example:8443.evil.example", "https://sub.box.example:8443", ""}) {
    expect_refused([&](Authenticator& one) { one.origin = origin; }, "another origin");
  }
  expect_refused([](Authenticator& one) { one.more = ",\"crossOrigin\":true"; }, "another origin");
  expect_refused([](Authenticator& one) { one.more = ",\"topOrigin\":\"https://evil.example\""; }, "another origin");
}

TEST(Passkeys, OfAnotherDomainAreRefused) {
  expect_refused([](Authenticator& one) { one.rp_id = "evil.example"; }, "another domain");
}

TEST(Passkeys, OfAnotherCeremonyAreRefused) {
  expect_refused([](Authenticator& one) { one.type = "payment.get"; }, "another ceremony");
  Authenticator authenticator;
  const auto known = registered(authenticator);
  authenticator.type = "webauthn.create";
  EXPECT_EQ(field_of([&] { asserted(authenticator, known); }), "credential");
  authenticator.type = "webauthn.get";
  EXPECT_EQ(field_of([&] { registered(authenticator); }), "credential");
}

TEST(Passkeys, WithoutAnybodyThereAreRefused) {
  expect_refused([](Authenticator& one) { one.flags = 0x04; }, "nobody was there");
  expect_refused([](Authenticator& one) { one.flags = 0x01 | 0x10; }, "backed up");
  Expected strict = expected;
  strict.user_verified = true;
  expect_refused([](Authenticator& one) { one.flags = 0x01; }, "did not verify its user", strict);
  Authenticator authenticator;
  authenticator.flags = 0x01;
  EXPECT_FALSE(asserted(authenticator, registered(authenticator)).user_verified);
}

TEST(Passkeys, OfAnotherKeyOrAnotherTextAreRefused) {
  const Authenticator authenticator, other;
  const auto known = registered(authenticator);
  const auto verify = [&](const Signed& one) {
    return code_of([&] {
      verify_assertion(expected, known, ClientData::parse(one.client_data), one.authenticator_data, one.signature);
    });
  };
  const auto right = authenticator.get("Y2hhbGxlbmdl");
  EXPECT_EQ(verify(right), Code::internal) << "nothing is wrong with it";
  EXPECT_EQ(verify(other.get("Y2hhbGxlbmdl")), Code::invalid);
  auto client = right, data = right, signature = right;
  client.client_data.insert(1, " ");
  data.authenticator_data.back() = static_cast<char>(data.authenticator_data.back() ^ 1);
  signature.signature.back() = static_cast<char>(signature.signature.back() ^ 1);
  for (const auto& changed : {client, data, signature}) EXPECT_EQ(verify(changed), Code::invalid);
}

TEST(Passkeys, AnAttestationOfAnotherKeyOrKindIsRefused) {
  Authenticator authenticator;
  authenticator.format = "packed";
  auto made = authenticator.make("Y2hhbGxlbmdl");
  const auto taken = [&] {
    return code_of([&] { verify_registration(expected, ClientData::parse(made.client_data), made.attestation); });
  };
  auto client = made.client_data;
  made.client_data.insert(1, " ");
  EXPECT_EQ(taken(), Code::invalid) << "it signs another text";
  made.client_data = client;
  EXPECT_EQ(taken(), Code::internal) << "nothing is wrong with it";
  authenticator.format = "tpm";
  made = authenticator.make("Y2hhbGxlbmdl");
  EXPECT_EQ(taken(), Code::invalid);
}

TEST(Passkeys, AnythingCutOrLongerIsRefused) {
  Authenticator authenticator;
  const auto made = authenticator.make("Y2hhbGxlbmdl");
  const auto client = ClientData::parse(made.client_data);
  for (std::size_t count = 0; count < made.attestation.size(); ++count) {
    EXPECT_EQ(code_of([&] { verify_registration(expected, client, made.attestation.substr(0, count)); }), Code::invalid)
        << count;
  }
  EXPECT_EQ(code_of([&] { verify_registration(expected, client, made.attestation + "x"); }), Code::invalid);
  const auto known = registered(authenticator);
  authenticator.extensions = "x";
  EXPECT_EQ(code_of([&] { registered(authenticator); }), Code::invalid);
  EXPECT_EQ(code_of([&] { asserted(authenticator, known); }), Code::invalid);
  authenticator.flags |= 0x80;
  authenticator.extensions = cbor::map(1) + cbor::text("credProtect") + cbor::number(2);
  EXPECT_EQ(asserted(authenticator, registered(authenticator)).counter, 1u) << "extensions are passed over";
}

TEST(Passkeys, ClientDataThatAreNoneAreRefused) {
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{"), std::string(R"({"type":"webauthn.get"})"),
        std::string(R"({"type":1,"challenge":"","origin":""})"), std::string(9000, ' ')}) {
    EXPECT_EQ(field_of([&] { ClientData::parse(text); }), "credential");
  }
}

TEST(Cbor, CountsAreNotBelieved) {
  for (const std::string& bytes :
       {std::string("\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", 9), std::string("\xba\x10\0\0\0", 5),
        std::string("\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", 9), std::string("\x9f\xff", 2), std::string("\xc0\x60", 2),
        std::string("\xff", 1), std::string()}) {
    EXPECT_EQ(field_of([&] { CborReader(bytes).item(); }), "credential");
  }
  EXPECT_EQ(CborReader(std::string(8, '\x81') + "\xf6").item().size(), 9u);
  EXPECT_EQ(field_of([&] { CborReader(std::string(9, '\x81') + "\xf6").item(); }), "credential");
}

}  // namespace
}  // namespace cofre::webauthn
