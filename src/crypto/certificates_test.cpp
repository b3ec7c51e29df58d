#include "crypto/certificates.h"

#include <gtest/gtest.h>

#include "base/thrown.h"
#include "crypto/client_fixture.h"

namespace cofre::crypto {
namespace {

using namespace std::chrono_literals;

const std::chrono::sys_seconds now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 25);
const std::vector<std::string> names = {"box.example.com", "localhost", "127.0.0.1", "::1"};

TEST(Certificates, AServerCertificateIsSignedByItsAuthorityAndCarriesItsNames) {
  const auto authority = make_authority("Box", now, std::chrono::days(3650));
  const auto server = make_server_certificate(authority, names, now, std::chrono::days(397));
  EXPECT_TRUE(is_signed_by(server.certificate_pem, authority.certificate_pem));
  EXPECT_TRUE(is_key_of(server.certificate_pem, server.key_pem));
  const auto facts = read_certificate(server.certificate_pem);
  EXPECT_EQ(facts.names, (std::vector<std::string>{"0:0:0:0:0:0:0:1", "127.0.0.1", "box.example.com", "localhost"}));
  EXPECT_EQ(facts.subject, "box.example.com");
  EXPECT_EQ(facts.issuer, "Box");
  EXPECT_EQ(facts.not_after, now + std::chrono::days(397));
  EXPECT_EQ(facts.not_before, now - 1h);
  EXPECT_FALSE(facts.authority);
  EXPECT_EQ(facts.fingerprint.size(), 64u);
  EXPECT_TRUE(read_certificate(authority.certificate_pem).authority);
}
TEST(Certificates, AnotherAuthorityDidNotSignIt) {
  const auto authority = make_authority("Box", now, std::chrono::days(1));
  const auto other = make_authority("Box", now, std::chrono::days(1));
  const auto server = make_server_certificate(authority, names, now, std::chrono::days(1));
  EXPECT_FALSE(is_signed_by(server.certificate_pem, other.certificate_pem));
  EXPECT_FALSE(is_key_of(server.certificate_pem, other.key_pem));
}
TEST(Certificates, ANameCannotBringASecondOneAlong) {
  const auto authority = make_authority("Box", now, std::chrono::days(1));
  for (const char* bad : {"", "a,DNS:b", "a b", "-a.b", "a-.b", "a..b", "ü.de", "http://a", "*.", "1.2.3.4/8"}) {
    const std::vector<std::string> wrong = {bad};
    EXPECT_THROW(make_server_certificate(authority, wrong, now, std::chrono::days(1)), Error) << bad;
  }
  EXPECT_THROW(make_server_certificate(authority, {}, now, std::chrono::days(1)), Error);
}
TEST(Certificates, ARequestHoldsItsKey) {
  const auto request = make_certificate_request(names);
  EXPECT_TRUE(request.certificate_pem.starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
  EXPECT_TRUE(request.key_pem.starts_with("-----BEGIN PRIVATE KEY-----"));
}
TEST(Certificates, WhatIsNoCertificateIsAnError) {
  EXPECT_THROW(read_certificate("no"), Error);
  EXPECT_THROW(read_certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), Error);
  EXPECT_THROW(is_key_of("no", "no"), Error);
}

TEST(Certificates, ARequestTellsItsNamesAndAChainItsCertificates) {
  const std::vector<std::string> wanted = {"box.example", "10.0.0.5"};
  EXPECT_EQ(requested_names(make_certificate_request(wanted).certificate_pem),
            (std::vector<std::string>{"10.0.0.5", "box.example"}));
  EXPECT_THROW(requested_names("no request"), Error);
  const auto a = make_authority("A", now, std::chrono::days(2)).certificate_pem;
  const auto b = make_authority("B", now, std::chrono::days(2)).certificate_pem;
  EXPECT_EQ(split_chain("words\n" + a + b), (std::vector<std::string>{a, b}));
  EXPECT_THROW(split_chain("no certificate"), Error);
  EXPECT_THROW(split_chain(a + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), Error);
}

TEST(Certificates, AListOfRevokedOnesTellsWhenTheNextIsDue) {
  const auto began = ClientWish().now;
  const auto company = make_authority("Company", began, std::chrono::days(9));
  const auto one = make_revocation_list(company, {});
  const auto lists = read_revocation_lists(one + one);
  ASSERT_EQ(lists.size(), 2u);
  EXPECT_EQ(lists[0].issuer, "Company");
  EXPECT_GE(lists[0].renewed, began + std::chrono::days(1));
  EXPECT_LE(lists[0].renewed, ClientWish().now + std::chrono::days(1));
  for (const auto& wrong : {std::string(), company.certificate_pem, one + one.substr(0, 100)})
    EXPECT_EQ(code_of([&] { read_revocation_lists(wrong); }), Code::invalid) << wrong;
}

}  // namespace
}  // namespace cofre::crypto
