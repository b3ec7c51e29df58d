#include "os/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "os/paths.h"

namespace cofre::os {

bool is_terminal(Stream stream) {
  return ::isatty(static_cast<int>(stream)) == 1 && environment("TERM").value_or("dumb") != "dumb";
}

unsigned terminal_columns(Stream stream) {
  struct winsize size {};
  if (::ioctl(static_cast<int>(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace cofre::os
