#pragma once

#include "os/sandbox.h"

namespace cofre::os {

/// Confines a child process that does nothing else, and tells what the kernel granted and refused it: what workers of
/// this machine get. Only from a process that has one thread. Throws Error(unavailable) where the child cannot be made.
ConfinementReport probe_sandbox();

}  // namespace cofre::os
