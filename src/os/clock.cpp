#include "os/clock.h"

#include <ctime>

namespace cofre::os {

std::chrono::sys_seconds local_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  return std::chrono::sys_seconds{std::chrono::seconds{::timegm(&parts)}};
}

}  // namespace cofre::os
