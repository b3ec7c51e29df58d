#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace cofre::os {

/// What a process that is about to read a stranger's bytes may still do.
struct Confinement {
  /// Files and folders that stay readable; everything else of the file system is gone.
  std::vector<std::filesystem::path> readable;
  std::uint64_t memory_bytes = 0;  ///< of writable private memory (RLIMIT_DATA); 0: no limit
  unsigned files = 64;             ///< most open files
  int nice = 5;                    ///< added to the priority number: 0…19
  bool die_with_parent = true;
};

/// What came of it, for the log and for `cofre doctor`.
struct ConfinementReport {
  std::vector<std::string> applied;  ///< "network: own namespace"
  std::vector<std::string>
      refused;  ///< "files: Landlock is switched off in this kernel"; nothing is passed over silently
};

/// Shuts this process in for good: own user, network, IPC and host name spaces; no new privileges, no capabilities;
/// Landlock over files, TCP ports, signals; limits; a list of the system calls that computing needs, every other one
/// fails with EPERM. What is open stays open. Call it before the first thread is started: a second thread would stay
/// outside. Never throws for what the kernel refuses: that is in the report.
ConfinementReport confine(const Confinement& confinement);

}  // namespace cofre::os
