#include <gtest/gtest.h>

#include "accounts/fixture.h"
#include "base/error.h"
#include "base/thrown.h"
#include "os/faulty_disk.h"

namespace cofre::accounts {
namespace {

namespace faulty_disk = os::faulty_disk;

/// Accounts whose disk fails.
class FaultyAccounts : public AccountsTest {
 protected:
  FaultyAccounts() { open(); }
  ~FaultyAccounts() override {
    faulty_disk::syncs_left = -1;
    faulty_disk::is_full = false;
  }
  const User ana_{home_tenant, 3, 7, 11, "tiny"};
};

TEST_F(FaultyAccounts, WhatWasUsedOnAFullDiskIsThereWhenItHasSpace) {
  faulty_disk::is_full = true;
  for (int i = 0; i < 3; ++i) box_->ledger.add(ana_, {1, 10, 0, 5, 0});
  EXPECT_FALSE(box_->ledger.flush());
  faulty_disk::is_full = false;
  box_->ledger.add(ana_, {1, 10, 0, 5, 0});
  open();
  EXPECT_EQ(box_->ledger.sum({}), (Spent{4, 40, 0, 20, 0}));
}

// Used is used: what the database cannot sync stands in the journal until it can.
TEST_F(FaultyAccounts, WhatTheDatabaseCannotSyncIsNeitherLostNorCountedTwice) {
  for (int failures = 0; failures < 6; ++failures) {
    faulty_disk::syncs_left = failures;
    box_->ledger.add(ana_, {1, 10, 0, 5, 0});
    box_->ledger.flush();
    box_->ledger.add(ana_, {1, 10, 0, 5, 0});
    box_->ledger.flush();
    faulty_disk::syncs_left = -1;
    open();
  }
  EXPECT_EQ(box_->ledger.sum({}), (Spent{12, 120, 0, 60, 0}));
}

TEST_F(FaultyAccounts, AChangeWhoseSyncFailsDidNotHappen) {
  Owner wanted;
  wanted.tenant = home_tenant;
  wanted.name = "ana";
  faulty_disk::syncs_left = 0;
  EXPECT_EQ(code_of([&] { box_->directory.create_owner(wanted); }), Code::unavailable);
  EXPECT_FALSE(box_->directory.find_owner(home_tenant, "ana"));
  box_->directory.create_owner(wanted);
  faulty_disk::syncs_left = 0;
  EXPECT_EQ(code_of([&] { box_->keys.create("app", {Scope::inference}); }), Code::unavailable);
  EXPECT_TRUE(box_->keys.list().empty());
  open();
  EXPECT_TRUE(box_->directory.find_owner(home_tenant, "ana"));
  EXPECT_TRUE(box_->keys.list().empty());
}

TEST_F(FaultyAccounts, AKeyWhoseTimeIsOverHasEndedThoughTheDiskDoesNotTakeThat) {
  const auto text = box_->keys.create("app", {Scope::inference}, now_ + 10);
  const auto running = box_->keys.authenticate(text);
  now_ += 10;
  faulty_disk::is_full = true;
  EXPECT_EQ(code_of([&] { box_->tick(); }), Code::exhausted);
  EXPECT_FALSE(running->is_valid());
  EXPECT_FALSE(box_->keys.authenticate(text));
  faulty_disk::is_full = false;
  box_->tick();
  now_ -= 10;
  open();
  EXPECT_FALSE(box_->keys.authenticate(text)) << "a clock that was set back brings it to life";
}

}  // namespace
}  // namespace cofre::accounts
