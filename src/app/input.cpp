#include "app/input.h"

#include "app/command.h"
#include "os/disk.h"
#include "os/terminal.h"

namespace cofre::app {
namespace {

constexpr std::uint64_t input_bytes_max = 64 << 20;

}  // namespace

std::string read_input_file(const std::string& path) {
  return os::read_whole(path == "-" ? "/dev/stdin" : path, input_bytes_max);
}

std::string input_text(const std::string& text, bool given, const std::string& file) {
  if (given && !file.empty()) throw UsageError{"give a text or --file, not both"};
  if (given) return text;
  if (!file.empty()) return read_input_file(file);
  if (os::is_terminal(os::Stream::in)) throw UsageError{"give a text, --file F, or a text from a pipe"};
  return read_input_file("-");
}

}  // namespace cofre::app
