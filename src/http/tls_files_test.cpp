#include "http/tls_files.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "os/disk.h"
#include "os/paths.h"

namespace cofre::http {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const std::chrono::sys_seconds now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 25);

TEST(TlsFiles, AreMadeOnceAndKept) {
  const os::TemporaryDirectory folder(fs::temp_directory_path());
  const auto first = ensure_tls_files(folder.path() / "tls", {"localhost", "::1"}, now);
  EXPECT_TRUE(first.renewed);
  const auto again = ensure_tls_files(folder.path() / "tls", {"::1", "localhost"}, now + 24h);
  EXPECT_FALSE(again.renewed);
  EXPECT_EQ(first.certificate_pem, again.certificate_pem);
  for (const char* name : {"ca.pem", "ca.key", "server.pem", "server.key"})
    EXPECT_EQ(fs::status(folder.path() / "tls" / name).permissions(), fs::perms::owner_read | fs::perms::owner_write)
        << name;
}
TEST(TlsFiles, ACertificateIsRenewedForNewNamesAndBeforeItEnds) {
  const os::TemporaryDirectory folder(fs::temp_directory_path());
  const auto authority = os::read_whole(ensure_tls_files(folder.path(), {"a"}, now).authority, 10'000);
  EXPECT_TRUE(ensure_tls_files(folder.path(), {"a", "b"}, now).renewed);
  EXPECT_TRUE(ensure_tls_files(folder.path(), {"a", "b"}, now + std::chrono::days(397 - 29)).renewed);
  EXPECT_EQ(os::read_whole(folder.path() / "ca.pem", 10'000), authority);
}
TEST(TlsFiles, ABrokenFileIsAnErrorAndABadNameIsOne) {
  const os::TemporaryDirectory folder(fs::temp_directory_path());
  EXPECT_THROW(ensure_tls_files(folder.path(), {"a b"}, now), Error);
  os::write_whole(folder.path() / "ca.pem", "no");
  EXPECT_THROW(ensure_tls_files(folder.path(), {"a"}, now), Error);
  EXPECT_THROW(read_tls_files(folder.path() / "ca.pem", folder.path() / "ca.key"), Error);
}

}  // namespace
}  // namespace cofre::http
