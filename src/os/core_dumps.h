#pragma once

namespace cofre::os {

/// What is in this process's memory is written to no core file, and to no program that /proc/sys/kernel/core_pattern
/// names. Its children inherit the limit on core files, and must call this themselves once they are another program.
/// From then on only root may look into its memory, and its files in /proc are root's.
void forbid_core_dumps() noexcept;

}  // namespace cofre::os
