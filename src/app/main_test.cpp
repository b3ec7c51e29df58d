// The test program is the workers' program too: `test_app worker SETTINGS` is what `cofre worker SETTINGS` is.

#include <gtest/gtest.h>
#include <signal.h>

#include <string_view>

#include "app/command.h"

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && std::string_view(argv[1]) == "worker") return cofre::app::run_command_line(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
