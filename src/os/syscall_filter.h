#pragma once

namespace cofre::os {

/// From now on this thread, and all it starts, may make the system calls that computing on open files and sockets
/// needs. Every other one, among them socket, connect, execve, ptrace, mount, bpf and new processes, fails with EPERM.
/// Throws Error(unsupported) where the kernel has no filters.
void filter_system_calls();

}  // namespace cofre::os
