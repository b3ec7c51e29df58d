#include <signal.h>

#include <cstdlib>

#include "app/command.h"
#include "os/core_dumps.h"

int main(int argc, char** argv) {
  // A reader that leaves (cofre list | head) shows as a failed write, not as death by a signal.
  ::signal(SIGPIPE, SIG_IGN);
  ::setenv("TSS2_LOG", "all+none", 0);  // libtss2 would write to standard error what our errors say
  cofre::os::forbid_core_dumps();       // prompts, keys and passwords are in this memory
  return cofre::app::run_command_line(argc, argv);
}
