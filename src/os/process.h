#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::os {

/// How a child process ended. Of what it wrote, the last 64 KiB of each stream are kept.
struct ProcessResult {
  int exit_code = 0;  ///< 128 + signal where a signal ended it, as shells count
  std::string out;
  std::string error;
};

struct ProcessOptions {
  /// Put before the environment that the child inherits: "TMPDIR=/some/where".
  std::vector<std::string> environment;
  /// Asked about five times a second while the child runs; true ends it (SIGTERM, after a second SIGKILL).
  std::function<bool()> stop;
  /// Called with what the child writes on its error stream, as it comes.
  std::function<void(std::string_view)> heard{};
};

/// Runs a program found in PATH with no input and waits for it. The child leads a process group of its own, so that
/// stopping it stops its children too.
/// Throws Error(not_found) where there is no such program, Error(cancelled) where `options.stop` answered true.
ProcessResult run_process(const std::vector<std::string>& arguments, const ProcessOptions& options = {});

}  // namespace cofre::os
