#pragma once

#include <string>

namespace cofre::os {

/// Processors this process may use: its affinity mask, lowered by the cgroup's CPU quota (v1 and v2), at least 1.
unsigned usable_cpus();

/// CPUs that the cgroup's quota grants (v1 and v2), a fraction too; 0 where there is none.
double cpu_quota();

/// The processor's name as the kernel tells it ("Intel(R) Xeon(R) Processor"), or "unknown".
std::string cpu_name();

/// Asks Linux for the AMX tile registers (arch_prctl ARCH_REQ_XCOMP_PERM); false where it refuses or has none.
bool request_amx_tiles();

}  // namespace cofre::os
