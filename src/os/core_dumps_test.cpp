#include "os/core_dumps.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "os/paths.h"

namespace cofre::os {
namespace {

/// A child that crashes in an empty folder. Whether the kernel says that it left a core dump.
bool dumps_core(const std::filesystem::path& folder, bool is_forbidden) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGABRT, SIG_DFL);
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_CORE, &limit);
    if (::chdir(folder.c_str()) != 0) ::_exit(1);
    if (is_forbidden) {
      forbid_core_dumps();
      ::getrlimit(RLIMIT_CORE, &limit);
      if (limit.rlim_max != 0 || ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) ::_exit(2);
    }
    ::raise(SIGABRT);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
  return WCOREDUMP(status);
}

TEST(CoreDumps, ACrashLeavesNothingOfTheMemory) {
  const TemporaryDirectory folder(testing::TempDir());
  EXPECT_FALSE(dumps_core(folder.path(), true));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  if (!dumps_core(folder.path(), false)) GTEST_SKIP() << "this machine dumps no core: nothing was shown";
}

}  // namespace
}  // namespace cofre::os
