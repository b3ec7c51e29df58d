#include "os/system_memory.h"

#include <gtest/gtest.h>

#include <fstream>

#include "os/memory.h"
#include "os/paths.h"

namespace cofre::os {
namespace {

constexpr std::uint64_t gib = 1ull << 30;

/// A made-up / with the few files that are read.
class SystemMemory : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_.path() / path).parent_path());
    std::ofstream(root_.path() / path) << text;
  }
  std::uint64_t usable() { return usable_memory_bytes(root_.path()); }
  TemporaryDirectory root_{testing::TempDir()};
};

TEST_F(SystemMemory, WithoutLimitsItIsWhatLinuxCallsAvailable) {
  put("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:    8388608 kB\n");
  EXPECT_EQ(usable(), 8 * gib);
}

TEST_F(SystemMemory, ALimitOfCgroupV2LowersIt) {
  put("proc/meminfo", "MemAvailable: 8388608 kB\n");
  put("proc/self/cgroup", "0::/system.slice/cofre.service\n");
  put("sys/fs/cgroup/system.slice/cofre.service/memory.max", "4294967296\n");
  put("sys/fs/cgroup/system.slice/cofre.service/memory.current", "2147483648\n");
  put("sys/fs/cgroup/system.slice/cofre.service/memory.stat", "anon 1073741824\ninactive_file 1073741824\n");
  EXPECT_EQ(usable(), 3 * gib);
}

TEST_F(SystemMemory, AParentsLimitCountsToo) {
  put("proc/meminfo", "MemAvailable: 8388608 kB\n");
  put("proc/self/cgroup", "0::/a/b\n");
  put("sys/fs/cgroup/a/b/memory.max", "max\n");
  put("sys/fs/cgroup/a/b/memory.current", "0\n");
  put("sys/fs/cgroup/a/memory.max", "1073741824\n");
  put("sys/fs/cgroup/a/memory.current", "0\n");
  EXPECT_EQ(usable(), gib);
}

TEST_F(SystemMemory, ALimitOfCgroupV1MountedAsTheTopLowersIt) {
  put("proc/meminfo", "MemAvailable: 8388608 kB\n");
  put("proc/self/cgroup", "12:cpu,cpuacct:/x\n5:memory:/docker/0123\n");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n");
  put("sys/fs/cgroup/memory/memory.usage_in_bytes", "1073741824\n");
  EXPECT_EQ(usable(), gib);
}

TEST_F(SystemMemory, MoreUsedThanAllowedLeavesNothing) {
  put("proc/meminfo", "MemAvailable: 8388608 kB\n");
  put("proc/self/cgroup", "0::/\n");
  put("sys/fs/cgroup/memory.max", "1000\n");
  put("sys/fs/cgroup/memory.current", "2000\n");
  EXPECT_EQ(usable(), 0u);
}

TEST_F(SystemMemory, ASystemThatTellsNothingHasNone) { EXPECT_EQ(usable(), 0u); }

TEST_F(SystemMemory, TheKernelsPolicyOfHugePagesIsReadFromItsBrackets) {
  EXPECT_EQ(huge_page_policy(root_.path()), "");
  put("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
  EXPECT_EQ(huge_page_policy(root_.path()), "madvise");
  put("sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
  EXPECT_EQ(huge_page_policy(root_.path()), "never");
}

}  // namespace
}  // namespace cofre::os
