#include "store/database.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/thrown.h"
#include "os/disk.h"
#include "os/paths.h"
#include "store/migrate.h"

namespace cofre::store {
namespace {

class Store : public testing::Test {
 protected:
  os::TemporaryDirectory folder_{testing::TempDir()};
  crypto::Secret key_ = crypto::Secret::random();
  std::filesystem::path file_ = folder_.path() / "test.db";

  std::string content() const {
    std::string all;
    for (const char* suffix : {"", "-wal"}) {
      std::ifstream file(file_.string() + suffix, std::ios::binary);
      std::ostringstream text;
      text << file.rdbuf();
      all += text.str();
    }
    return all;
  }
};

TEST_F(Store, ValuesComeBackAsTheyWereBound) {
  Database db(file_, key_);
  db.script("CREATE TABLE t (a INTEGER, b REAL, c TEXT, d BLOB, e TEXT, f BLOB)");
  const std::string text = std::string("zwei\0drei", 9) + " 水";
  const std::vector<std::byte> bytes{std::byte{0}, std::byte{255}};
  db.run("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", INT64_MIN, 0.1, text, std::span<const std::byte>(bytes), nullptr,
         std::span<const std::byte>());
  auto row = db.query("SELECT * FROM t");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.integer(0), INT64_MIN);
  EXPECT_EQ(row.real(1), 0.1);
  EXPECT_EQ(row.text(2), text);
  EXPECT_EQ(row.blob(3), bytes);
  EXPECT_TRUE(row.is_null(4));
  EXPECT_EQ(row.text_if_any(4), std::nullopt);
  EXPECT_FALSE(row.is_null(5));
  EXPECT_FALSE(row.next());
}

TEST_F(Store, NobodyReadsItWithoutTheKey) {
  {
    Database db(file_, key_);
    db.script("CREATE TABLE t (a TEXT)");
    db.run("INSERT INTO t VALUES (?)", "canary in the coal mine");
    EXPECT_EQ(content().find("canary"), std::string::npos);
  }
  EXPECT_EQ(content().find("canary"), std::string::npos);
  EXPECT_EQ(content().find("SQLite format"), std::string::npos);
  EXPECT_EQ(code_of([&] { Database(file_, crypto::Secret::random()); }), Code::invalid);
  Database again(file_, key_);
  auto row = again.query("SELECT a FROM t");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.text(0), "canary in the coal mine");
}

TEST_F(Store, ItsFilesBelongToTheirOwnerAlone) {
  Database db(file_, key_);
  db.script("CREATE TABLE t (a TEXT)");
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat info {};
    ASSERT_EQ(::stat((file_.string() + suffix).c_str(), &info), 0) << suffix;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << suffix;
  }
}

TEST_F(Store, FullTextSearchWorksInside) {
  Database db(file_, key_);
  db.script("CREATE VIRTUAL TABLE words USING fts5(body)");
  db.run("INSERT INTO words VALUES (?)", "the quick brown fox");
  db.run("INSERT INTO words VALUES (?)", "a lazy dog");
  auto row = db.query("SELECT rowid FROM words WHERE words MATCH ?", "fox");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.integer(0), 1);
}

TEST_F(Store, ATransactionThatIsNotCommittedLeavesNothing) {
  Database db(file_, key_);
  db.script("CREATE TABLE t (a INTEGER)");
  {
    Transaction transaction(db);
    db.run("INSERT INTO t VALUES (1)");
  }
  {
    Transaction transaction(db);
    db.run("INSERT INTO t VALUES (2)");
    transaction.commit();
  }
  auto row = db.query("SELECT a FROM t");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.integer(0), 2);
  EXPECT_FALSE(row.next());
}

TEST_F(Store, ForeignKeysAreHeld) {
  Database db(file_, key_);
  db.script("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES p(id))");
  EXPECT_THROW(db.run("INSERT INTO c VALUES (7)"), Error);
}

TEST_F(Store, AnotherWriterIsWaitedFor) {
  Database one(file_, key_), two(file_, key_);
  one.script("CREATE TABLE t (a INTEGER)");
  one.run("INSERT INTO t VALUES (1)");
  two.run("INSERT INTO t VALUES (2)");
  auto row = one.query("SELECT count(*) FROM t");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.integer(0), 2);
}

TEST_F(Store, ABrokenStatementLeavesTheOthersAlone) {
  Database db(file_, key_);
  EXPECT_EQ(code_of([&] { db.run("SELECT * FROM nowhere"); }), Code::internal);
  db.script("CREATE TABLE t (a INTEGER UNIQUE)");
  db.run("INSERT INTO t VALUES (?)", 1);
  EXPECT_THROW(db.run("INSERT INTO t VALUES (?)", 1), Error);
  db.run("INSERT INTO t VALUES (?)", 2);
}

TEST_F(Store, ABackUpIsAWholeDatabaseUnderTheSameKey) {
  Database db(file_, key_);
  db.script("CREATE TABLE t (a INTEGER)");
  db.run("INSERT INTO t VALUES (5)");
  const auto copy = folder_.path() / "copy.db";
  db.back_up(copy);
  EXPECT_FALSE(std::filesystem::exists(copy.string() + "-wal"));
  EXPECT_THROW(Database(copy, crypto::Secret::random()), Error);
  Database again(copy, key_);
  again.check();
  auto row = again.query("SELECT a FROM t");
  ASSERT_TRUE(row.next());
  EXPECT_EQ(row.integer(0), 5);
}

TEST_F(Store, ADamagedFileIsRefusedNotReadWrongly) {
  {
    Database db(file_, key_);
    db.script("CREATE TABLE t (a TEXT)");
    for (int i = 0; i < 200; ++i) db.run("INSERT INTO t VALUES (?)", std::string(1000, 'x'));
  }
  {
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(30'000);
    file.put('!');
  }
  // Every page carries a Poly1305 tag.
  EXPECT_EQ(code_of([&] { Database(file_, key_).check(); }), Code::invalid);
}

// A child writes numbers and tells each one after its commit; it is killed while it writes.
TEST_F(Store, WhatWasAcknowledgedSurvivesKill) {
  { Database(file_, key_).script("CREATE TABLE t (a INTEGER)"); }
  int acknowledged = 0;
  for (int round = 0; round < 5; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      Database db(file_, key_);
      for (int i = acknowledged + 1;; ++i) {
        db.run("INSERT INTO t VALUES (?)", i);
        if (::write(ends[1], &i, sizeof i) != sizeof i) ::_exit(1);
      }
    }
    ::close(ends[1]);
    const int until = acknowledged + 20 + 7 * round;
    while (acknowledged < until)
      ASSERT_EQ(::read(ends[0], &acknowledged, sizeof acknowledged), int{sizeof acknowledged});
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    while (::read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) {
    }
    ::close(ends[0]);
    Database db(file_, key_);
    db.check();
    auto row = db.query("SELECT count(*), max(a) FROM t");
    ASSERT_TRUE(row.next());
    EXPECT_GE(row.integer(0), acknowledged);
    acknowledged = static_cast<int>(row.integer(0));
    EXPECT_EQ(row.integer(1), acknowledged);
  }
}

// A limit on the size of files stands for a full disk.
TEST_F(Store, AWriteThatFailsIsAnErrorAndUndone) {
  { Database(file_, key_).script("CREATE TABLE t (a TEXT)"); }
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    Database db(file_, key_);
    struct rlimit limit {};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 256 * 1024;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int kept = 0;
    try {
      while (kept < 10'000) {
        db.run("INSERT INTO t VALUES (?)", std::string(10'000, 'x'));
        ++kept;
      }
      ::_exit(100);
    } catch (const Error& error) {
      if (error.code() != Code::unavailable && error.code() != Code::exhausted) ::_exit(101);
    }
    auto row = db.query("SELECT count(*) FROM t");
    ::_exit(row.next() && row.integer(0) == kept ? 0 : 102);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  Database(file_, key_).check();
}

constexpr Migration first{1, "0001_a", "CREATE TABLE a (x INTEGER)"};
constexpr Migration second{2, "0002_b", "CREATE TABLE b (x INTEGER)"};
constexpr Migration broken{2, "0002_b", "CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER)"};

TEST_F(Store, MigrationsRunOnceAndTheOldDatabaseIsKept) {
  const auto backups = folder_.path() / "backups";
  Database db(file_, key_);
  const Migration one[] = {first}, both[] = {first, second};
  migrate(db, "test", one, backups);
  EXPECT_FALSE(std::filesystem::exists(backups));
  db.run("INSERT INTO a VALUES (1)");
  migrate(db, "test", both, backups);
  migrate(db, "test", both, backups);
  db.run("INSERT INTO b VALUES (1)");
  Database old(backups / "before-test-0002_b.db", key_);
  EXPECT_TRUE(old.query("SELECT x FROM a").next());
  EXPECT_THROW(old.run("INSERT INTO b VALUES (1)"), Error);
}

TEST_F(Store, ANewerDatabaseIsRefused) {
  Database db(file_, key_);
  const Migration one[] = {first}, both[] = {first, second};
  migrate(db, "test", both, folder_.path());
  EXPECT_EQ(code_of([&] { migrate(db, "test", one, folder_.path()); }), Code::unsupported);
}

TEST_F(Store, AChangedMigrationIsRefused) {
  Database db(file_, key_);
  const Migration one[] = {first}, other[] = {{1, "0001_a", "CREATE TABLE a (x TEXT)"}};
  migrate(db, "test", one, folder_.path());
  EXPECT_EQ(code_of([&] { migrate(db, "test", other, folder_.path()); }), Code::invalid);
}

TEST_F(Store, AMigrationThatFailsLeavesNothingOfIt) {
  Database db(file_, key_);
  const Migration both[] = {first, broken}, good[] = {first, second};
  EXPECT_THROW(migrate(db, "test", both, folder_.path()), Error);
  migrate(db, "test", good, folder_.path());
}

}  // namespace
}  // namespace cofre::store
