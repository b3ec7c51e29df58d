#pragma once

#include "fleet/pull.h"

namespace cofre::app {

/// What a pull or an import finds around it: strangers' files are read by processes of their own, which have no network
/// and see that file alone.
fleet::Surroundings confined_surroundings();

}  // namespace cofre::app
