// Certificates that clients show in the TLS handshake.
#include <gtest/gtest.h>

#include "base/thrown.h"
#include "crypto/client_fixture.h"
#include "http/raw_client.h"
#include "http/tls_fixture.h"

namespace cofre::http {
namespace {

/// Tells what it knows of who asks.
class Named : public Service {
 public:
  Admission admit(const Request&) override { return {0, {}, {}}; }
  void handle(Request request, Responder responder) override {
    const auto& shown = request.certificate;
    responder.answer({200, {}, shown ? fmt::format("<{}|{}>", shown->subject, shown->fingerprint) : "<nobody>"});
  }
  Response refuse(int status, std::string_view message) override { return {status, {}, std::string(message)}; }
};

class ClientCertificates : public testing::Test {
 protected:
  ClientCertificates() {
    settings = tls.options().tls;
    settings.clients.authorities_pem = company.certificate_pem;
  }
  void start() {
    Options options;
    options.tls = settings;
    server = std::make_unique<Server>(options, service);
  }
  crypto::Identity of_company(crypto::ClientWish wish = {}) { return crypto::make_client_certificate(company, wish); }
  /// Between < and > of the answer; empty: there was none.
  static std::string said(RawClient& client, std::string_view more = "Connection: close\r\n") {
    client.forget();
    client.send(fmt::format("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", more));
    const auto text = client.wait_for(">");
    const auto begin = text.find('<');
    return begin == text.npos ? "" : text.substr(begin + 1, text.find('>') - begin - 1);
  }
  std::string said_to(const crypto::Identity& identity, int newest = TLS1_3_VERSION) {
    try {
      RawClient client(server->port(), tls.authority.certificate_pem, newest, identity);
      return said(client);
    } catch (const std::runtime_error&) {
      return "";  // TLS 1.2 tells within the handshake
    }
  }
  static std::string line_of(const crypto::Identity& identity) {
    const auto facts = crypto::read_certificate(identity.certificate_pem);
    return facts.subject + "|" + facts.fingerprint;
  }

  const TestTls tls;
  const crypto::Identity company = crypto::make_authority("Company", tls.now, std::chrono::days(2));
  TlsSettings settings;
  Named service;
  std::unique_ptr<Server> server;
};

TEST_F(ClientCertificates, ComeWithEachRequestAndNobodyNeedsOne) {
  start();
  const auto ana = of_company();
  for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(said_to(ana, newest), line_of(ana));
    EXPECT_EQ(said_to({}, newest), "nobody");
  }
}

TEST_F(ClientCertificates, AreNotAskedForWithoutAnAuthority) {
  settings.clients = {};
  start();
  EXPECT_EQ(said_to(of_company()), "nobody");
}

TEST_F(ClientCertificates, OfStrangersOrOverOrForServersEndTheHandshake) {
  start();
  const auto stranger = crypto::make_authority("Stranger", tls.now, std::chrono::days(2));
  for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(said_to(crypto::make_client_certificate(stranger, {}), newest), "");
    EXPECT_EQ(said_to(of_company({.valid = -std::chrono::hours(1)}), newest), "");
    EXPECT_EQ(said_to(of_company({.purpose = "serverAuth"}), newest), "");
    EXPECT_EQ(said_to(crypto::make_client_certificate(tls.authority, {}), newest), "") << "the box's own signs none";
  }
}

TEST_F(ClientCertificates, ThatAreRevokedEndTheHandshake) {
  const auto ana = of_company(), bob = of_company({.name = "bob"});
  settings.clients.revoked_pem = crypto::make_revocation_list(company, std::vector<std::string>{ana.certificate_pem});
  start();
  EXPECT_EQ(said_to(ana), "");
  EXPECT_EQ(said_to(bob), line_of(bob));
  // A list of another authority vouches for nobody here.
  const auto other = crypto::make_authority("Other", tls.now, std::chrono::days(2));
  settings.clients.revoked_pem = crypto::make_revocation_list(other, {});
  server->replace_tls(settings);
  EXPECT_EQ(said_to(bob), "");
  EXPECT_EQ(said_to({}), "nobody");
}

TEST_F(ClientCertificates, AreThereStillWhenASessionIsResumed) {
  start();
  const auto ana = of_company();
  for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto& authority = tls.authority.certificate_pem;
    std::shared_ptr<SSL_SESSION> session;
    {
      RawClient first(server->port(), authority, newest, ana);
      EXPECT_EQ(said(first), line_of(ana));
      session = first.session();
    }
    {
      RawClient second(server->port(), authority, newest, ana, session.get());
      EXPECT_EQ(said(second), line_of(ana));
      EXPECT_TRUE(second.has_resumed());
      session = second.session();  // a ticket of TLS 1.3 is for one connection
    }
    {
      // Who has the session but shows nothing anew: it is the certificate's all the same.
      RawClient third(server->port(), authority, newest, {}, session.get());
      EXPECT_EQ(said(third), line_of(ana));
      EXPECT_TRUE(third.has_resumed());
      session = third.session();
    }
    server->replace_tls(settings);
    RawClient fourth(server->port(), authority, newest, {}, session.get());
    EXPECT_EQ(said(fourth), "nobody");
    EXPECT_FALSE(fourth.has_resumed()) << "new settings look at every certificate anew";
  }
}

TEST_F(ClientCertificates, ThatAreRevokedMeanwhileEndTheirConnections) {
  start();
  const auto ana = of_company(), bob = of_company({.name = "bob"});
  const auto& authority = tls.authority.certificate_pem;
  RawClient of_ana(server->port(), authority, TLS1_3_VERSION, ana);
  RawClient of_bob(server->port(), authority, TLS1_3_VERSION, bob);
  RawClient of_nobody(server->port(), authority);
  EXPECT_EQ(said(of_ana, ""), line_of(ana));
  EXPECT_EQ(said(of_bob, ""), line_of(bob));
  EXPECT_EQ(said(of_nobody, ""), "nobody");
  settings.clients.revoked_pem = crypto::make_revocation_list(company, std::vector<std::string>{ana.certificate_pem});
  server->replace_tls(settings);
  of_ana.forget();
  EXPECT_EQ(of_ana.wait_for_end(), "");
  EXPECT_EQ(said(of_bob), line_of(bob));
  EXPECT_EQ(said(of_nobody), "nobody");
}

TEST_F(ClientCertificates, AuthoritiesThatCannotBeReadChangeNothing) {
  start();
  const auto ana = of_company();
  const auto wrong_of = [&](const std::string& authorities, const std::string& revoked) {
    auto wrong = settings;
    wrong.clients = {authorities, revoked};
    return field_of([&] { server->replace_tls(wrong); });
  };
  const auto cut = company.certificate_pem.substr(0, 200) + "\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(wrong_of("no", ""), "client_ca");
  EXPECT_EQ(wrong_of(cut, ""), "client_ca");
  EXPECT_EQ(wrong_of(company.certificate_pem + cut, ""), "client_ca");
  EXPECT_EQ(wrong_of(company.certificate_pem, company.certificate_pem), "client_crl");
  EXPECT_EQ(said_to(ana), line_of(ana));
}

}  // namespace
}  // namespace cofre::http
