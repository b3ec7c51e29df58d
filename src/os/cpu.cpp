#include "os/cpu.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

#include "os/placement.h"

namespace cofre::os {
namespace {

/// The path of this process's cgroup under the given controller ("" = the v2 hierarchy), or "/".
std::string cgroup_path(const std::string& controller) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    std::istringstream names(line.substr(first + 1, second - first - 1));
    if (controller.empty() && second == first + 1) return line.substr(second + 1);
    for (std::string name; std::getline(names, name, ',');)
      if (name == controller && !controller.empty()) return line.substr(second + 1);
  }
  return "/";
}

/// CPUs that a quota allows; 0 where there is none.
double quota(double used, double period) { return used > 0 && period > 0 ? used / period : 0.0; }

}  // namespace

double cpu_quota() {
  for (const auto& folder : {"/sys/fs/cgroup" + cgroup_path(""), std::string("/sys/fs/cgroup")}) {
    std::ifstream file(folder + "/cpu.max");
    std::string used;
    double period = 0;
    if (file >> used >> period) return used == "max" ? 0.0 : quota(std::atof(used.c_str()), period);
  }
  for (const auto& folder : {"/sys/fs/cgroup/cpu" + cgroup_path("cpu"), std::string("/sys/fs/cgroup/cpu")}) {
    std::ifstream quota_file(folder + "/cpu.cfs_quota_us"), period_file(folder + "/cpu.cfs_period_us");
    double used = 0, period = 0;
    if (quota_file >> used && period_file >> period) return quota(used, period);
  }
  return 0.0;
}

unsigned usable_cpus() {
  auto count = static_cast<unsigned>(allowed_processors().size());
  const double limit = cpu_quota();
  if (limit > 0) count = std::min(count, static_cast<unsigned>(std::max(1.0, std::ceil(limit))));
  return count;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const auto colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

bool request_amx_tiles() {
#if defined(__x86_64__)
  constexpr long arch_req_xcomp_perm = 0x1023;  // Linux, Documentation/arch/x86/xstate.rst
  constexpr long xfeature_xtiledata = 18;
  return ::syscall(SYS_arch_prctl, arch_req_xcomp_perm, xfeature_xtiledata) == 0;
#else
  return false;
#endif
}

}  // namespace cofre::os
