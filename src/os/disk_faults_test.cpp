#include <gtest/gtest.h>

#include <span>

#include "base/error.h"
#include "base/thrown.h"
#include "os/disk.h"
#include "os/faulty_disk.h"
#include "os/paths.h"

namespace cofre::os {
namespace {

class FaultyDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (!faulty_disk::is_there) GTEST_SKIP() << "under TSan the system's own calls are needed";
  }
  ~FaultyDisk() override {
    faulty_disk::syncs_left = -1;
    faulty_disk::is_full = false;
  }
  TemporaryDirectory folder_{testing::TempDir()};
  std::filesystem::path file_ = folder_.path() / "file";
};

TEST_F(FaultyDisk, AFileThatIsReplacedIsTheOldOneOrTheWholeNewOneWhicheverSyncFails) {
  write_whole(file_, "old");
  int failures = 0;
  for (bool failed = true; failed; ++failures) {
    faulty_disk::sync_failed = false;
    faulty_disk::syncs_left = failures;
    const auto error = thrown_by([&] { write_whole(file_, "new"); });
    failed = faulty_disk::sync_failed;
    EXPECT_EQ(error.has_value(), failed);
    if (error) {
      EXPECT_EQ(error->code(), Code::unavailable);
    }
    const auto text = read_whole(file_, 100);
    EXPECT_TRUE(text == "old" || text == "new") << text;
    faulty_disk::syncs_left = -1;
    write_whole(file_, "old");
  }
  EXPECT_GE(failures, 3);  // the file's, its folder's, and none
}

TEST_F(FaultyDisk, APrivateFileIsWholeOrNotThereWhicheverSyncFails) {
  faulty_disk::syncs_left = 0;
  EXPECT_EQ(code_of([&] { create_private(file_, "secret"); }), Code::unavailable);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  EXPECT_TRUE(create_private(file_, "secret"));
  EXPECT_EQ(read_whole(file_, 100), "secret");
}

TEST_F(FaultyDisk, AFullDiskIsToldWithItsCure) {
  write_whole(file_, "old");
  AppendFile log(folder_.path() / "log");
  faulty_disk::is_full = true;
  EXPECT_EQ(field_of([&] { write_whole(file_, "new"); }), full_disk);
  EXPECT_EQ(field_of([&] { create_private(folder_.path() / "other", "secret"); }), full_disk);
  EXPECT_EQ(code_of([&] { log.append(std::as_bytes(std::span("line\n", 5))); }), Code::exhausted);
  EXPECT_EQ(read_whole(file_, 100), "old");
  faulty_disk::is_full = false;
  write_whole(file_, "new");
  EXPECT_EQ(read_whole(file_, 100), "new");
}

}  // namespace
}  // namespace cofre::os
