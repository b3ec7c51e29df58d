#include "http/company_certificate.h"

#include <gtest/gtest.h>

#include "base/thrown.h"
#include "crypto/certificates.h"
#include "os/disk.h"
#include "os/paths.h"

namespace cofre::http {
namespace {

namespace fs = std::filesystem;

const std::chrono::sys_seconds now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 25);
const std::vector<std::string> names = {"box.example", "10.0.0.5"};

/// A certificate whose key the folder keeps as if it had been requested.
std::string signed_for(const fs::path& folder, const crypto::Identity& authority, const std::vector<std::string>& whose,
                       std::chrono::sys_seconds when = now) {
  const auto identity = crypto::make_server_certificate(authority, whose, when, std::chrono::days(30));
  write_private(folder / "request.key", identity.key_pem);
  return identity.certificate_pem;
}

struct CompanyCertificate : testing::Test {
  std::string refused(const std::string& chain) {
    const auto error = thrown_by([&] { install_certificate(folder.path(), chain, now); });
    EXPECT_FALSE(fs::exists(folder.path() / "company.pem"));
    return error ? error->what() : "it was taken";
  }
  os::TemporaryDirectory folder{fs::temp_directory_path()};
  const crypto::Identity authority = crypto::make_authority("Company", now, std::chrono::days(900));
};

TEST_F(CompanyCertificate, ARequestsKeyIsTheOwnersAlone) {
  const auto path = request_certificate(folder.path() / "tls", names);
  EXPECT_EQ(crypto::requested_names(os::read_whole(path, 10'000)),
            (std::vector<std::string>{"10.0.0.5", "box.example"}));
  EXPECT_EQ(fs::status(folder.path() / "tls" / "request.key").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(field_of([&] { request_certificate(folder.path(), {"a b"}); }), "name");
}
TEST_F(CompanyCertificate, WhatTheAuthorityMadeIsInstalledAndTakenOutAgain) {
  request_certificate(folder.path(), names);
  const auto leaf = signed_for(folder.path(), authority, names);
  EXPECT_FALSE(installed_certificate(folder.path()));
  install_certificate(folder.path(), leaf + authority.certificate_pem, now);
  EXPECT_EQ(installed_certificate(folder.path()).value().certificate_pem, leaf + authority.certificate_pem);
  request_certificate(folder.path(), names);  // a later request leaves it alone
  EXPECT_TRUE(installed_certificate(folder.path()));
  EXPECT_TRUE(remove_certificate(folder.path()));
  EXPECT_FALSE(remove_certificate(folder.path()));
  EXPECT_FALSE(installed_certificate(folder.path()));
}
TEST_F(CompanyCertificate, AWildcardCoversANameUnderIt) {
  request_certificate(folder.path(), {"box.example.com"});
  EXPECT_NO_THROW(install_certificate(folder.path(), signed_for(folder.path(), authority, {"*.example.com"}), now));
}
TEST_F(CompanyCertificate, WhatDoesNotBelongTogetherIsRefused) {
  EXPECT_EQ(code_of([&] { install_certificate(folder.path(), authority.certificate_pem, now); }), Code::not_found);
  request_certificate(folder.path(), names);
  const auto strange = crypto::make_server_certificate(authority, names, now, std::chrono::days(30)).certificate_pem;
  EXPECT_NE(refused(strange).find("another key"), std::string::npos);
  EXPECT_NE(refused(signed_for(folder.path(), authority, {"box.example"})).find("10.0.0.5"), std::string::npos);
  const auto leaf = signed_for(folder.path(), authority, names);
  const auto other = crypto::make_authority("Other", now, std::chrono::days(900)).certificate_pem;
  EXPECT_NE(refused(leaf + other).find("did not sign"), std::string::npos);
  EXPECT_NE(refused(leaf + leaf).find("disorder"), std::string::npos);
  EXPECT_NE(refused("no PEM").find("cannot be read"), std::string::npos);
  const auto old = signed_for(folder.path(), authority, names, now - std::chrono::days(60));
  EXPECT_NE(refused(old).find("not valid now"), std::string::npos);
}

}  // namespace
}  // namespace cofre::http
