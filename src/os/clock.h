#pragma once

#include <chrono>

namespace cofre::os {

/// The wall clock's time in this machine's time zone, as if it were UTC: what a person reads off the wall.
std::chrono::sys_seconds local_now();

}  // namespace cofre::os
