#include "os/process.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cofre::os {
namespace {

TEST(Process, OutputErrorAndExitCodeComeBack) {
  const auto result = run_process({"sh", "-c", "echo one; echo two >&2; exit 3"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "one\n");
  EXPECT_EQ(result.error, "two\n");
}

TEST(Process, ASignalCountsAsShellsCountIt) { EXPECT_EQ(run_process({"sh", "-c", "kill -9 $$"}).exit_code, 137); }

TEST(Process, AProgramThatIsNotThereIsSaidSo) {
  try {
    run_process({"no-such-program-of-cofre"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::not_found);
    EXPECT_NE(std::string(error.what()).find("no-such-program-of-cofre"), std::string::npos);
  }
}

TEST(Process, OfALongOutputTheTailIsKept) {
  const auto result = run_process({"sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x; echo end"});
  EXPECT_EQ(result.out.size(), 64u * 1024);
  EXPECT_TRUE(result.out.ends_with("xend\n"));
}

TEST(Process, AStopEndsTheChildAndItsChildren) {
  int questions = 0;
  try {
    run_process({"sh", "-c", "sleep 1000 & sleep 1000"}, {.environment = {}, .stop = [&] { return ++questions > 1; }});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::cancelled);
  }
}

TEST(Process, VariablesAreAddedToTheEnvironmentOrReplaced) {
  const auto result = run_process({"sh", "-c", "echo $COFRE_ADDED $HOME ${PATH:+path}"},
                                  {.environment = {"COFRE_ADDED=yes", "HOME=/nowhere"}, .stop = {}});
  EXPECT_EQ(result.out, "yes /nowhere path\n");
}

TEST(Process, TheChildHasNoInput) { EXPECT_EQ(run_process({"cat"}).out, ""); }

}  // namespace
}  // namespace cofre::os
