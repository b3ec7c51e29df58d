#include "os/sandbox_probe.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"
#include "os/spawn.h"

namespace cofre::os {
namespace {

/// In the child: a line for each item, "+" granted, "-" refused.
[[noreturn]] void tell(int to) {
  std::string text;
  try {
    const auto report = confine({});
    for (const auto& item : report.applied) text += "+" + item + "\n";
    for (const auto& item : report.refused) text += "-" + item + "\n";
  } catch (const std::exception& error) {
    text = std::string("-") + error.what() + "\n";
  }
  const auto sent = ::write(to, text.data(), text.size());  // a pipe holds 64 KiB
  ::_exit(sent == static_cast<ssize_t>(text.size()) ? 0 : 1);
}

}  // namespace

ConfinementReport probe_sandbox() {
  int ends[2];
  if (::pipe(ends) != 0) fail(Code::unavailable, "cannot make a pipe: {}", std::strerror(errno));
  const Descriptor from(ends[0]);
  Descriptor to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) fail(Code::unavailable, "cannot start a process: {}", std::strerror(errno));
  if (child == 0) tell(to.get());
  to.reset();
  std::string text;
  std::array<char, 4096> piece;
  while (true) {
    const ssize_t got = ::read(from.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  const int code = wait_for(child);
  ConfinementReport report;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (end > at) (text[at] == '+' ? report.applied : report.refused).push_back(text.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  if (code != 0) report.refused.push_back(fmt::format("the process under the sandbox ended with {}", code));
  return report;
}

}  // namespace cofre::os
