#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "base/thrown.h"
#include "os/disk.h"
#include "os/faulty_disk.h"
#include "os/paths.h"
#include "store/database.h"
#include "store/migrate.h"

namespace cofre::store {
namespace {

namespace faulty_disk = os::faulty_disk;

class FaultyStore : public testing::Test {
 protected:
  FaultyStore() { Database(file_, key_).script("CREATE TABLE t (a INTEGER PRIMARY KEY)"); }
  ~FaultyStore() override {
    faulty_disk::syncs_left = -1;
    faulty_disk::is_full = false;
  }
  /// Inserts the next number; whether that was acknowledged.
  bool insert(Database& db, Code failure) {
    ++number_;
    try {
      db.run("INSERT INTO t VALUES (?)", number_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), failure) << error.what();
      return false;
    }
    acknowledged_.insert(number_);
    return true;
  }
  std::set<std::int64_t> rows() const {
    Database db(file_, key_);
    db.check();
    std::set<std::int64_t> found;
    for (auto row = db.query("SELECT a FROM t"); row.next();) found.insert(row.integer(0));
    return found;
  }

  os::TemporaryDirectory folder_{testing::TempDir()};
  crypto::Secret key_ = crypto::Secret::random();
  std::filesystem::path file_ = folder_.path() / "test.db";
  std::int64_t number_ = 0;
  std::set<std::int64_t> acknowledged_;
};

// The Nth sync between opening and closing fails, for every N until none is left.
TEST_F(FaultyStore, ASyncThatFailsAbortsItsTransactionAloneWhicheverItIs) {
  int failures = 0;
  for (bool failed = true; failed; ++failures) {
    faulty_disk::sync_failed = false;
    faulty_disk::syncs_left = failures;
    try {
      Database db(file_, key_);
      for (int i = 0; i < 4; ++i) insert(db, Code::unavailable);
      db.script("PRAGMA wal_checkpoint(TRUNCATE)");
      EXPECT_TRUE(insert(db, Code::unavailable) || insert(db, Code::unavailable)) << "it does not recover";
    } catch (const Error& error) {  // of opening, or of bringing the log into the file
      EXPECT_EQ(error.code(), Code::unavailable) << error.what();
    }
    failed = faulty_disk::sync_failed;
    faulty_disk::syncs_left = -1;
    EXPECT_EQ(rows(), acknowledged_) << failures;
  }
  EXPECT_GT(failures, 6);
}

TEST_F(FaultyStore, AMigrationWhoseSyncFailsIsDoneWholeTheNextTime) {
  const Migration both[] = {{1, "0001_a", "CREATE TABLE a (x INTEGER)"}, {2, "0002_b", "CREATE TABLE b (x INTEGER)"}};
  for (int failures = 0;; ++failures) {
    const auto file = folder_.path() / fmt::format("{}.db", failures);
    const auto bring_up = [&] {
      Database db(file, key_);
      migrate(db, "test", both, folder_.path() / fmt::format("backups{}", failures));
    };
    faulty_disk::sync_failed = false;
    faulty_disk::syncs_left = failures;
    const auto error = thrown_by(bring_up);
    faulty_disk::syncs_left = -1;
    if (!faulty_disk::sync_failed) break;
    if (error) {
      EXPECT_EQ(error->code(), Code::unavailable);
    }
    bring_up();
    Database(file, key_).run("INSERT INTO b VALUES (1)");
  }
}

TEST_F(FaultyStore, AFullDiskIsToldUndoneAndForgottenWhenThereIsSpace) {
  Database db(file_, key_);
  EXPECT_TRUE(insert(db, Code::exhausted));
  faulty_disk::is_full = true;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(insert(db, Code::exhausted));
  EXPECT_EQ(field_of([&] { db.run("INSERT INTO t VALUES (0)"); }), os::full_disk);
  auto row = db.query("SELECT count(*) FROM t");
  EXPECT_TRUE(row.next() && row.integer(0) == 1) << "what is there is read all the same";
  faulty_disk::is_full = false;
  EXPECT_TRUE(insert(db, Code::exhausted));
  EXPECT_EQ(rows(), acknowledged_);
}

}  // namespace
}  // namespace cofre::store
