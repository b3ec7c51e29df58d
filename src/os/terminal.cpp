#include "os/terminal.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
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

std::string read_hidden(std::string_view prompt) {
  constexpr std::size_t bytes_max = 1024;
  constexpr char ctrl_c = 3, ctrl_d = 4, backspace = 8, erase = 127;
  /// Letters come one by one, unseen; keys that make signals come as letters, so that the terminal is always put back.
  struct Unseen {
    termios before{};
    Unseen() {
      if (::tcgetattr(STDIN_FILENO, &before) != 0) fail(Code::unavailable, "standard input is no terminal");
      auto now = before;
      now.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
      ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &now);
    }
    ~Unseen() {
      ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
      fmt::print(stderr, "\n");
    }
  };
  const Unseen unseen;  // before the prompt: what is typed after it counts
  fmt::print(stderr, "{}", prompt);
  std::string line;
  line.reserve(bytes_max);  // it never moves, and leaves no copy
  while (true) {
    char letter = 0;
    const auto got = ::read(STDIN_FILENO, &letter, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || letter == ctrl_c || letter == ctrl_d) fail(Code::cancelled, "nothing was typed");
    if (letter == '\n' || letter == '\r') return line;
    if (letter == backspace || letter == erase) {
      // A letter of UTF-8 goes as a whole.
      while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xc0) == 0x80) line.pop_back();
      if (!line.empty()) line.pop_back();
    } else if (line.size() < bytes_max) {
      line += letter;
    }
  }
}

}  // namespace cofre::os
