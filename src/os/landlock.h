#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cofre::os {

/// Leaves this thread, and all it starts, with read access to these files and folders and none to others; where the
/// kernel can, without TCP ports, foreign abstract sockets and signals to others too. Paths that are not there are
/// passed over. Returns what is kept off ("files, ports, signals"). Throws Error(unsupported) with the kernel's reason.
std::string restrict_files(const std::vector<std::filesystem::path>& readable);

}  // namespace cofre::os
