#include <signal.h>

#include "app/command.h"

int main(int argc, char** argv) {
  // A reader that leaves (cofre list | head) shows as a failed write, not as death by a signal.
  ::signal(SIGPIPE, SIG_IGN);
  return cofre::app::run_command_line(argc, argv);
}
