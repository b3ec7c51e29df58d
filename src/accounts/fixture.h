#pragma once

#include <memory>
#include <mutex>

#include <gtest/gtest.h>

#include "accounts/accounts.h"
#include "crypto/secret.h"
#include "os/paths.h"
#include "store/database.h"

namespace cofre::accounts {

inline constexpr std::int64_t noon = 1'795'608'000;  ///< 2026-11-25 12:00 UTC

/// Accounts in a folder of their own, for tests; the clock is the test's.
class AccountsTest : public testing::Test {
 protected:
  /// As after a restart: what is not in the database is gone.
  void open() {
    box_.reset();
    box_ = std::make_unique<Accounts>(database_, mutex_, master_, folder_.path(), [this] { return now_; });
  }

  os::TemporaryDirectory folder_{testing::TempDir()};
  crypto::Secret master_ = crypto::Secret::random();
  std::int64_t now_ = noon;
  store::Database database_{folder_.path() / "test.db", master_.derive("store")};
  std::mutex mutex_;
  std::unique_ptr<Accounts> box_;
};

}  // namespace cofre::accounts
