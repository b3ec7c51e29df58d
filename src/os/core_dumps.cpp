#include "os/core_dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace cofre::os {

void forbid_core_dumps() noexcept {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  // Linux asks the limit only where it writes a file itself: this bit holds for programs that take dumps too (core(5)).
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace cofre::os
