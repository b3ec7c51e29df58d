#include "os/disk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/thrown.h"
#include "os/file_lock.h"
#include "os/paths.h"

namespace cofre::os {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

class Disk : public testing::Test {
 protected:
  TemporaryDirectory folder_{testing::TempDir()};
  std::filesystem::path at(const char* name) const { return folder_.path() / name; }
};

TEST_F(Disk, AnAppendedFileGoesOnWhereItStopped) {
  { AppendFile(at("part")).append(bytes_of("one")); }
  AppendFile file(at("part"));
  EXPECT_EQ(file.bytes(), 3u);
  file.append(bytes_of("two"));
  file.sync();
  EXPECT_EQ(read_whole(at("part"), 100), "onetwo");
}

TEST_F(Disk, ACutFileGoesOnAtTheCut) {
  AppendFile file(at("part"));
  file.append(bytes_of("onetwo"));
  file.truncate(3);
  file.append(bytes_of("!"));
  EXPECT_EQ(file.bytes(), 4u);
  EXPECT_EQ(read_whole(at("part"), 100), "one!");
}

TEST_F(Disk, PublishingReplacesTheOldFile) {
  write_whole(at("a"), "old");
  write_whole(at("a"), "new");
  EXPECT_EQ(read_whole(at("a"), 3), "new");
  EXPECT_FALSE(std::filesystem::exists(at("a.new")));
}

TEST_F(Disk, APrivateFileIsItsOwnersAloneAndNeverReplaced) {
  EXPECT_TRUE(create_private(at("key"), "secret"));
  EXPECT_FALSE(create_private(at("key"), "other"));
  EXPECT_EQ(read_whole(at("key"), 100), "secret");
  EXPECT_NO_THROW(check_private(at("key")));
  std::filesystem::permissions(at("key"), std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  EXPECT_EQ(code_of([&] { check_private(at("key")); }), Code::invalid);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);  // no scratch is left
}

TEST_F(Disk, ReadingStopsAtTheLimit) {
  write_whole(at("a"), "four");
  EXPECT_EQ(code_of([&] { read_whole(at("a"), 3); }), Code::invalid);
  EXPECT_EQ(code_of([&] { read_whole(at("missing"), 3); }), Code::not_found);
}

TEST_F(Disk, AFileInAMissingFolderIsNotFound) {
  EXPECT_EQ(code_of([&] { AppendFile(at("no/such")); }), Code::not_found);
}

TEST_F(Disk, FreeSpaceIsToldForAFolderYetToBeMade) { EXPECT_GT(free_disk_bytes(at("to/be/made")), 0u); }

TEST_F(Disk, AHardLinkIsTheSameFileAndNeverReplaces) {
  write_whole(at("a"), "x");
  EXPECT_TRUE(try_hard_link(at("a"), at("b")));
  EXPECT_TRUE(std::filesystem::equivalent(at("a"), at("b")));
  EXPECT_FALSE(try_hard_link(at("a"), at("b")));
  EXPECT_FALSE(try_hard_link(at("missing"), at("c")));
}

TEST_F(Disk, ALockHasOneHolderAtATime) {
  auto first = FileLock::try_take(at("lock"));
  ASSERT_TRUE(first);
  EXPECT_FALSE(FileLock::try_take(at("lock")));
  EXPECT_EQ(FileLock::holder(at("lock")), ::getpid());
  first.reset();
  EXPECT_FALSE(std::filesystem::exists(at("lock")));
  EXPECT_TRUE(FileLock::try_take(at("lock")));
}

TEST_F(Disk, ALockFileLeftByADeadProcessIsNoLock) {
  write_whole(at("lock"), "1\n");
  EXPECT_TRUE(FileLock::try_take(at("lock")));
}

TEST_F(Disk, ATemporaryFolderGoesWithEverythingInIt) {
  std::filesystem::path kept;
  {
    const TemporaryDirectory inner(at("deep/er"));
    kept = inner.path();
    write_whole(kept / "x", "x");
  }
  EXPECT_FALSE(std::filesystem::exists(kept));
}

TEST(Paths, TheDataDirectoryIsTheOneThatTheEnvironmentNames) {
  ::setenv("COFRE_DATA", "/some/where", 1);
  EXPECT_EQ(data_directory(), "/some/where");
  ::setenv("COFRE_DATA", "", 1);
  EXPECT_NE(data_directory(), "");
  ::unsetenv("COFRE_DATA");
}

}  // namespace
}  // namespace cofre::os
